"""
The agent's process starts, reports what it cannot do, and never outlives the run.
"""

from __future__ import annotations

import asyncio
import sys

import pytest

from livekit_conformance.drivers.agent import stand_in
from livekit_conformance.drivers.agent.stand_in import AgentStandIn
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.verdict import Verdict
from tests.diagnosis.signs import named, record
from tests.scenarios.wrong_peers import closed_port, mute

SECRET = "the-secret-of-the-test-is-long-enough"


def agent_for(url: str) -> AgentStandIn:
    return AgentStandIn(
        url,
        api_key="APItest",
        api_secret=SECRET,
        tone_hz=1000.0,
        recorder=Recorder(Redactor([SECRET])),
    )


async def test_a_room_that_cannot_be_joined_blocks_and_says_why():
    with closed_port("127.0.0.1") as port:
        agent = agent_for(f"ws://127.0.0.1:{port}")
        async with agent:
            with pytest.raises(Blocked) as failure:
                await agent.join("some-room")

    assert "the agent stand-in failed to join some-room" in failure.value.reason
    assert agent.problems == {"some-room": failure.value.reason}
    assert "eyJ" not in failure.value.reason
    assert len(agent._recorder.redact.made) == 1
    assert agent.rooms == set()
    assert agent._process.returncode == 0


async def test_a_room_is_joined_without_the_proxy_of_the_environment(monkeypatch):
    connected = []

    async def proxy(_, writer):
        connected.append(writer)
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{host}:{port}")
        with closed_port("127.0.0.1") as closed:
            async with agent_for(f"ws://127.0.0.1:{closed}") as agent:
                with pytest.raises(Blocked):
                    await agent.join("some-room")

    assert connected == []


async def test_what_waits_for_one_room_does_not_hold_up_another():
    with mute("127.0.0.1") as port:
        async with agent_for(f"ws://127.0.0.1:{port}") as agent:
            joining = asyncio.create_task(agent.join("silent-room"))
            with pytest.raises(Blocked) as failure:
                await agent.leave("another-room")
            was_joining = not joining.done()
            joining.cancel()

    assert "the agent stand-in failed to leave another-room: KeyError" in failure.value.reason
    assert was_joining


async def test_a_process_that_is_gone_blocks_whoever_waits_and_whoever_asks():
    with mute("127.0.0.1") as port:
        async with agent_for(f"ws://127.0.0.1:{port}") as agent:
            joining = asyncio.create_task(agent.join("silent-room"))
            await asyncio.sleep(0)  # the command is written
            agent._process.kill()
            with pytest.raises(Blocked, match="ended with status -9") as failure:
                await joining
            with pytest.raises(Blocked, match="failed to join another-room"):
                await agent.join("another-room")

    ended = agent._recorder.observations[0]
    assert (ended.kind, ended.service) == ("process", "agent-stand-in")
    assert failure.value.link == "agent"
    assert "failed to join silent-room" in failure.value.reason
    assert not agent.is_running
    assert set(agent.problems) == {"silent-room", "another-room"}


async def test_the_process_ends_when_its_input_does():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livekit_conformance.drivers.agent.process"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 15) == b'{"ready": true}\n'

    process.stdin.write(b'{"id": 7, "dance": 1}\n')
    answer = await asyncio.wait_for(process.stdout.readline(), 5)
    assert answer.startswith(b'{"id": 7, "failed": "not a command')
    process.stdin.close()

    assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_a_process_that_does_not_start_blocks_with_its_last_words(monkeypatch):
    monkeypatch.setattr(
        "livekit_conformance.drivers.agent.stand_in._MODULE", "no_such_module_of_ours"
    )

    with pytest.raises(Blocked) as failure:
        async with agent_for("ws://127.0.0.1:1"):
            pass

    assert "no_such_module_of_ours" in failure.value.reason


async def test_a_stand_in_that_is_not_ready_in_time_is_no_fault_of_the_deployment(monkeypatch):
    monkeypatch.setattr(stand_in, "_READY_WITHIN_S", 0.001)
    agent = agent_for("ws://127.0.0.1:1")
    blocked = record("1.1-participant-joins", Verdict.BLOCKED)

    with pytest.raises(Blocked, match="failed to start: no answer within"):
        async with agent:
            pass

    assert named([blocked], *agent._recorder.observations) == [("agent-stand-in-ended", "certain")]
