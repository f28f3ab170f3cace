"""
The agent stand-in joins the calls of the suite and no others.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import pytest
import pytest_asyncio

from livekit_conformance.drivers.calls import inbound_probe
from livekit_conformance.drivers.calls.inbound_probe import CALLERS, credentials
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.environments.profile import Profile
from livekit_conformance.mock import MockConfig, Variations
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.drivers.prober import PROFILE, Scene, probing
from tests.mock import replay

STAND_IN = PROFILE.model_copy(update={"agent": "stand-in"})
BEHIND_A_PROVIDER = STAND_IN.model_copy(
    update={"sip": STAND_IN.sip.model_copy(update={"provider": True})}
)
STRANGER = "+15550177"


class Agent:
    """
    Records the rooms that it is asked to join; the mock has an agent that answers.
    """

    is_running = True

    def __init__(self, *_: Any, **__: Any) -> None:
        self.rooms: set[str] = set()
        self.joined: list[str] = []
        self.problems: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def join(self, room: str) -> None:
        self.rooms.add(room)
        self.joined.append(room)

    async def why_not_called(self) -> str | None:
        return None if self.joined else "the agent was called nowhere"

    async def leave(self, room: str) -> None:
        self.rooms.remove(room)


@pytest.fixture
def agent() -> Agent:
    return Agent()


@pytest.fixture
def profile() -> Profile:
    return STAND_IN


@pytest_asyncio.fixture(params=[False, True], ids=["told at once", "told later"])
async def scene(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: Profile,
    agent: Agent,
) -> AsyncIterator[Scene]:
    """
    Yield a mock that sends the Call-ID with participant_joined, or later as servers up to 1.8 do.
    """
    monkeypatch.setattr(inbound_probe, "AgentStandIn", lambda *_, **__: agent)
    recorder = Recorder(Redactor())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        receiver = WebhookReceiver(
            listener, path="/hook", keys={replay.API_KEY: replay.API_SECRET}, recorder=recorder
        )
        config = MockConfig(
            replay.API_KEY,
            replay.API_SECRET,
            tmp_path,
            webhook_url=f"http://127.0.0.1:{listener.getsockname()[1]}/hook",
            answer_delay_s=0.3,
            variations=Variations(events_early=request.param),
        )
        async with receiver, probing(config, profile=profile, receiver=receiver) as scene:
            yield scene


async def test_the_agent_comes_to_our_call_and_not_to_a_strangers(
    scene: Scene, agent: Agent
) -> None:
    async def stranger() -> None:
        call = await scene.sip.call(
            number=replay.NUMBER, caller=STRANGER, credentials=credentials(STAND_IN)
        )
        assert call.answered
        await call.hang_up()

    ours, _ = await asyncio.gather(scene.prober.call_through(purpose="test"), stranger())

    assert ours.call.answered
    [room] = agent.joined
    assert replay.CALLER in room
    assert STRANGER not in room


@pytest.mark.parametrize(("profile", "stays"), [(STAND_IN, False), (BEHIND_A_PROVIDER, True)])
async def test_behind_a_provider_the_agent_stays_until_every_call_is_over(
    scene: Scene, agent: Agent, *, stays: bool
) -> None:
    """
    There the room of a call is not known, so the agent leaves no room before the end.
    """
    first = asyncio.create_task(scene.prober.call_through(purpose="first"))
    await wait_until(agent.why_not_called, within=2.0)
    second = asyncio.create_task(scene.prober.call_through(purpose="second", caller=CALLERS[1]))

    await first
    rooms = len(agent.rooms)
    await second

    assert rooms == 1 + stays
    assert len(agent.joined) == 2
    assert agent.rooms == set()
