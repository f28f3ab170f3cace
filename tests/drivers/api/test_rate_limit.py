"""
The rate at which requests go to the target.
"""

import asyncio
import time

import pytest

from livekit_conformance.drivers.api import rate_limit
from livekit_conformance.drivers.api.rate_limit import RateLimit
from livekit_conformance.waiting import wait_until


@pytest.fixture
def clock(monkeypatch):
    """
    Install a clock that only sleeping moves.
    """

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

        async def sleep(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(rate_limit, "time", clock)
    monkeypatch.setattr(rate_limit, "asyncio", clock)
    return clock


async def test_the_requests_of_a_minute_come_at_once_and_then_one_after_the_other(clock):
    rate_limit = RateLimit(60)
    times = []
    for _ in range(63):
        await rate_limit.take_turn()
        times.append(clock.now)

    assert times == [0.0] * 60 + [1.0, 2.0, 3.0]


async def test_in_no_minute_are_there_twice_as_many_as_allowed(clock):
    rate_limit = RateLimit(60)
    for _ in range(200):
        await rate_limit.take_turn()
    clock.now += 1000

    times = []
    for _ in range(150):
        await rate_limit.take_turn()
        times.append(clock.now - 1000)

    assert max(sum(start <= at < start + 60 for at in times) for start in times) < 120


async def test_a_rest_lasts_until_so_many_can_be_asked_at_once(clock):
    rate_limit = RateLimit(60)
    await rate_limit.reserve(60)
    assert clock.now == 0.0
    for _ in range(60):
        await rate_limit.take_turn()

    await rate_limit.reserve(20)

    assert clock.now == 20.0
    for _ in range(20):
        await rate_limit.take_turn()
    assert clock.now == pytest.approx(20.0)


async def test_nobody_rests_for_more_than_there_can_be(clock):
    rate_limit = RateLimit(60)
    await rate_limit.take_turn()

    await rate_limit.reserve(1000)

    assert clock.now == 1.0


async def test_the_time_that_we_wait_is_not_the_targets():
    rate_limit = RateLimit(600)
    await asyncio.gather(*(rate_limit.take_turn() for _ in range(600)))
    asked = 0

    async def why_not_yet():
        nonlocal asked
        await rate_limit.take_turn()
        asked += 1
        return None if asked == 4 else "not asked often enough"

    began = time.monotonic()
    waited = await wait_until(why_not_yet, within=0.2)

    # Four turns take 0.4 s, none of which counts; a busy machine adds to both sides.
    assert waited.came_true, waited
    assert time.monotonic() - began - waited.seconds > 0.3


async def test_what_is_begun_inside_a_wait_may_outlive_it():
    rate_limit = RateLimit(6000)
    begun = []

    async def turns():
        for _ in range(6100):
            await rate_limit.take_turn()

    async def why_not_yet():
        begun.append(asyncio.create_task(turns()))

    await wait_until(why_not_yet, within=0.2)

    async with asyncio.timeout(10):
        await begun[0]
