"""
The client for applications on a real livekit-server that dies, freezes and returns.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from livekit import api

from livekit_conformance.client import (
    DEFAULT_POLICIES,
    Client,
    LiveKitAuthenticationError,
    LiveKitConnectionError,
    LiveKitRequestError,
    LiveKitTimeoutError,
    State,
)
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.stack import Stack, running_stack
from livekit_conformance.secrets.patterns import Redactor, whole_tokens

# Five attempts as in the shipped policy, but within seconds.
QUICK = DEFAULT_POLICIES.livekit.scaled(0.1).model_copy(update={"timeout": 0.4, "deadline": 2.0})
POLICIES = DEFAULT_POLICIES.model_copy(update={"livekit": QUICK})
EVERY_S = 0.1
LATE_S = 0.5
SEEN_WITHIN_S = 5.0


@pytest_asyncio.fixture
async def stack(real_services: None, tmp_path: Path) -> AsyncIterator[Stack]:
    async with running_stack(tmp_path / "stack", Recorder(Redactor())) as running:
        yield running


def client_of(stack: Stack, *, secret: str = "") -> Client:
    return Client(stack.url, stack.keys.key, secret or stack.keys.secret, policies=POLICIES)


async def test_a_room_is_there_as_long_as_it_is_used(stack):
    async with client_of(stack) as client:
        async with client.room("voice-ai-call-1", max_participants=2) as room:
            assert [seen.sid for seen in await client.list_rooms("voice-ai-call-1")] == [room.sid]
            assert await client.list_participants(room.name) == []
        assert await client.list_rooms("voice-ai-call-1") == []
        health = await client.health()

    assert (health.state, health.authenticated) == (State.UP, True)


async def test_every_method_is_answered_with_a_message_even_an_empty_one(stack):
    inbound = api.SIPInboundTrunkInfo(name="in", numbers=["+15550101"])
    outbound = api.SIPOutboundTrunkInfo(
        name="out", address="127.0.0.1:5999", numbers=["+15550102"], auth_password="made-up"
    )
    individual = api.SIPDispatchRuleIndividual(room_prefix="call-")
    rule = api.SIPDispatchRuleInfo(
        name="rule", rule=api.SIPDispatchRule(dispatch_rule_individual=individual)
    )
    async with client_of(stack) as client:
        await client.create_room("voice-ai-call-2")
        dispatches = await client.list_agent_dispatches("voice-ai-call-2")
        assert {seen.room for seen in dispatches} <= {"voice-ai-call-2"}
        with pytest.raises(LiveKitRequestError) as unknown:
            await client.remove_participant("voice-ai-call-2", "nobody")
        assert unknown.value.code == "not_found"
        into = (await client.create_inbound_trunk(inbound)).sip_trunk_id
        out = (await client.create_outbound_trunk(outbound)).sip_trunk_id
        rule.trunk_ids.append(into)
        by = (await client.create_dispatch_rule(rule)).sip_dispatch_rule_id
        assert [seen.sip_trunk_id for seen in await client.list_inbound_trunks()] == [into]
        assert [seen.sip_trunk_id for seen in await client.list_outbound_trunks()] == [out]
        assert [seen.sip_dispatch_rule_id for seen in await client.list_dispatch_rules()] == [by]
        await client.delete_dispatch_rule(by)
        await client.delete_trunk(out)
        await client.delete_trunk(into)
        # The answer is an empty message.
        await client.delete_room("voice-ai-call-2")
        assert await client.list_dispatch_rules() == []
        assert await client.list_rooms("voice-ai-call-2") == []


async def test_a_wrong_secret_is_told_in_the_servers_words(stack):
    wrong = stack.keys.secret[::-1]
    async with client_of(stack, secret=wrong) as client:
        with pytest.raises(LiveKitAuthenticationError) as refused:
            await client.list_rooms()
        health = await client.health()

    error = refused.value
    assert (error.status, error.attempts) == (401, 1)
    assert "token signature is invalid" in error.text
    assert "compare the secret" in error.hint
    assert wrong not in repr(error)
    assert not whole_tokens(repr(error))
    assert (health.state, health.authenticated) == (State.DEGRADED, False)


async def test_a_server_that_dies_and_returns_is_seen(stack: Stack) -> None:
    states: asyncio.Queue[State] = asyncio.Queue()

    async def watch(client: Client) -> None:
        async for change in client.watch(every=EVERY_S):
            states.put_nowait(change.after)

    async def next_state() -> State:
        async with asyncio.timeout(SEEN_WITHIN_S):
            return await states.get()

    async with client_of(stack) as client:
        watching = asyncio.create_task(watch(client))
        assert await next_state() is State.UP

        await stack.server.kill()
        assert await next_state() is State.DOWN
        started = time.monotonic()
        with pytest.raises(LiveKitConnectionError, match="Connection refused") as dead:
            await client.list_rooms()
        assert time.monotonic() - started <= QUICK.deadline + LATE_S
        assert dead.value.attempts == QUICK.attempts

        await stack.start(stack.server)
        # During its start it may answer that it is not ready.
        while (state := await next_state()) is not State.UP:
            assert state is State.DEGRADED
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching


async def test_a_server_that_hangs_is_told_within_the_deadline(stack):
    async with client_of(stack) as client:
        stack.server.signal(signal.SIGSTOP)
        try:
            started = time.monotonic()
            with pytest.raises(LiveKitTimeoutError, match="no answer in time") as frozen:
                await client.list_rooms()
            took = time.monotonic() - started
        finally:
            stack.server.signal(signal.SIGCONT)

    assert took <= QUICK.deadline + LATE_S
    assert frozen.value.attempts > 1
