"""
A health check reports the state of a server without raising, and each change of it once.
"""

from __future__ import annotations

import asyncio
import logging

import pytest

from livekit_conformance.client import Client, Health, State
from livekit_conformance.client.health import changes
from tests.client.conftest import KEY, SECRET, hang, one_try, twirp
from tests.client.virtual_time import VirtualTimeLoop
from tests.scenarios.wrong_peers import closed_port

UP = Health(State.UP, reachable=True, authenticated=True, latency=0.1)
SLOW = Health(State.DEGRADED, reachable=True, authenticated=True, latency=1.5, reason="slow")
DOWN = Health(State.DOWN, reachable=False, authenticated=None, latency=None, reason="refused")


async def test_a_server_that_answers_is_up(server, client):
    health = await client.health()

    assert (health.state, health.reachable, health.authenticated) == (State.UP, True, True)
    assert health.latency is not None
    assert health.reason == ""


@pytest.mark.parametrize(
    ("answer", "authenticated", "reason"),
    [
        (twirp(401, "unauthenticated", "invalid API key: x"), False, "invalid API key"),
        (twirp(503, "unavailable", "no nodes"), None, "no nodes"),
    ],
    ids=["refuses", "fails"],
)
async def test_a_server_that_answers_an_error_is_degraded(
    server, client, answer, authenticated, reason
):
    server.answers["ListRooms"] = [answer]

    health = await client.health()

    assert (health.state, health.reachable) == (State.DEGRADED, True)
    assert health.authenticated is authenticated
    assert reason in health.reason
    assert len(server.asked) == 1


async def test_a_server_that_answers_late_is_degraded(server, client):
    health = await client.health(slow=0.0)

    assert (health.state, health.authenticated) == (State.DEGRADED, True)
    assert "slow" in health.reason


async def test_a_server_that_never_answers_is_down(server, client):
    server.answers["ListRooms"] = [hang]

    health = await client.health(within=0.1)

    assert (health.state, health.reachable, health.latency) == (State.DOWN, False, None)
    assert "no answer in time" in health.reason


async def test_a_server_that_is_not_there_is_down():
    with closed_port("127.0.0.1") as port:
        async with one_try(f"http://127.0.0.1:{port}") as client:
            health = await client.health()

    assert (health.state, health.authenticated) == (State.DOWN, None)
    assert "Connection refused" in health.reason


async def test_the_circuit_does_not_hide_how_the_server_does(server):
    server.answers["ListRooms"] = [twirp(503, "unavailable", "no")]
    async with Client(server.url, KEY, SECRET, clock=lambda: 0.0) as client:
        for _ in range(10):
            client.breaker.failed(0, 0.0)
        assert (await client.health()).state is State.DEGRADED


def watched(looks, *, until, took=0.0):
    """
    Return the reported changes of a state polled every 10 s, with their times, up to `until`.
    """
    loop = VirtualTimeLoop()
    seen = []
    left = list(looks)

    async def look():
        await asyncio.sleep(took)
        return left.pop(0) if len(left) > 1 else left[0]

    async def watch():
        async for change in changes(look, url="ws://livekit", every=10, clock=loop.time):
            told = (loop.time(), change.before, change.after)
            seen.append(told)

    async def main():
        task = asyncio.create_task(watch())
        await asyncio.sleep(until)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    try:
        loop.run_until_complete(main())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    return seen


def test_the_first_state_and_each_change_are_told_once():
    seen = watched([UP, UP, DOWN, DOWN, SLOW, UP], until=65)

    assert seen == [
        (0, None, State.UP),
        (20, State.UP, State.DOWN),
        (40, State.DOWN, State.DEGRADED),
        (50, State.DEGRADED, State.UP),
    ]


def test_the_time_of_a_look_is_part_of_the_interval():
    seen = watched([UP, DOWN], until=15, took=2.0)

    assert [at for at, *_ in seen] == [2.0, 12.0]


def test_changes_are_logged_with_their_fields(logged):
    watched([UP, DOWN], until=15)

    up, down = (r for r in logged.records if r.name == "livekit_conformance.client")
    assert (up.levelno, up.livekit_state, up.livekit_state_before) == (logging.INFO, "up", None)
    assert (down.levelno, down.livekit_state) == (logging.ERROR, "down")
    assert (down.livekit_state_before, down.livekit_url) == ("up", "ws://livekit")
    assert "refused" in down.getMessage()
