"""
Failures of our own machine count against no server: the breaker and the budget ignore them.
"""

from __future__ import annotations

import asyncio
import errno
import os

import aiohttp
import pytest
import pytest_asyncio
from livekit import api

from livekit_conformance.client import (
    DEFAULT_HANDLING,
    Client,
    LiveKitConnectionError,
    LiveKitError,
    LiveKitTimeoutError,
    Resilience,
    State,
    trace,
)
from livekit_conformance.client.breaker import BreakerState
from tests.client.conftest import FAST, KEY, SECRET, hang, message
from tests.client.virtual_time import VirtualTimeLoop

SLOW_S = 0.1
CALLS = 20
# Half of what the calls take with two connections.
TRY_S = 0.5


def policies(deadline):
    livekit = FAST.livekit.once(TRY_S).model_copy(update={"deadline": deadline})
    return FAST.model_copy(update={"livekit": livekit})


@pytest_asyncio.fixture
async def session():
    connector = aiohttp.TCPConnector(limit=2)
    async with aiohttp.ClientSession(connector=connector, trace_configs=[trace()]) as made:
        yield made


async def slow(_request):
    await asyncio.sleep(SLOW_S)
    return message(api.ListRoomsResponse())


async def calls_at_once(client, calls=CALLS):
    outcomes = await asyncio.gather(
        *(client.list_rooms() for _ in range(calls)), return_exceptions=True
    )
    return [outcome for outcome in outcomes if isinstance(outcome, BaseException)]


async def test_the_wait_for_our_own_pool_is_not_taken_from_the_server(server, session):
    server.answers["ListRooms"] = [slow]
    async with Client(
        server.url, KEY, SECRET, policies=policies(deadline=10), session=session
    ) as client:
        started = asyncio.get_running_loop().time()
        assert await calls_at_once(client) == []

    assert asyncio.get_running_loop().time() - started > TRY_S
    assert len(server.asked) == CALLS


async def test_a_server_that_hangs_after_the_wait_is_given_the_time_of_a_try(server, session):
    server.answers["ListRooms"] = [hang]
    async with Client(
        server.url, KEY, SECRET, policies=policies(deadline=10), session=session
    ) as client:
        started = asyncio.get_running_loop().time()
        failed = await calls_at_once(client, calls=3)

    assert [error.is_local for error in failed] == [False] * 3
    assert 2 * TRY_S <= asyncio.get_running_loop().time() - started < 6 * TRY_S


async def test_a_pool_that_is_too_small_blames_us_and_not_the_server(server, session):
    server.answers["ListRooms"] = [slow]
    async with Client(
        server.url, KEY, SECRET, policies=policies(deadline=TRY_S), session=session
    ) as client:
        failed = await calls_at_once(client)
        health = await client.health()

        assert len(failed) > DEFAULT_HANDLING.circuit_breaker.failures
        for error in failed:
            assert type(error) is LiveKitTimeoutError
            assert error.is_local
            assert "free connection of our own" in str(error)
            assert "send fewer requests at once" in error.hint
        assert client.breaker.state(asyncio.get_running_loop().time()) is BreakerState.CLOSED
        assert health.state is State.UP


async def test_health_does_not_take_a_full_pool_for_a_dead_server(server, session):
    arrived = asyncio.Semaphore(0)

    async def holds(request):
        arrived.release()
        return await hang(request)

    server.answers["CreateRoom"] = [holds]
    async with Client(
        server.url, KEY, SECRET, policies=policies(deadline=TRY_S), session=session
    ) as client:
        holding = [asyncio.create_task(client.create_room("r")) for _ in range(2)]
        for _ in holding:
            await arrived.acquire()
        health = await client.health(within=0.1)
        await asyncio.gather(*holding, return_exceptions=True)

    assert (health.state, health.reachable) == (State.DEGRADED, False)
    assert "our own" in health.reason


async def test_a_machine_without_free_files_is_no_dead_server(server, client, monkeypatch):
    def none_left(*_arguments, **_options):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("aiohappyeyeballs.impl.socket.socket", none_left)
    for _ in range(DEFAULT_HANDLING.circuit_breaker.failures):
        with pytest.raises(LiveKitConnectionError, match="Too many open files") as failed:
            await client.list_rooms()
    assert failed.value.is_local
    assert not failed.value.may_have_arrived
    assert server.asked == []


def test_what_is_ours_takes_nothing_from_the_budget():
    loop = VirtualTimeLoop()
    client = Resilience(FAST.livekit, DEFAULT_HANDLING, clock=loop.time)
    asked = []

    async def fails(_within):
        asked.append(loop.time())
        raise LiveKitConnectionError(is_local=True)

    assert FAST.livekit.budget is not None
    calls = FAST.livekit.budget.reserve
    for _ in range(calls):
        with pytest.raises(LiveKitError):
            loop.run_until_complete(client.ask(fails))
    loop.close()

    assert len(asked) == calls * FAST.livekit.attempts
