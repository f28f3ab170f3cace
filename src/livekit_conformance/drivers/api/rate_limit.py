"""
Rate limit for requests, from the profile: requests beyond it wait.
"""

from __future__ import annotations

import asyncio
import time

from livekit_conformance.waiting import not_counted

_MINUTE_S = 60.0


class RateLimit:
    """
    Token bucket: full at first, so that the requests of one minute can be made at once.

    After that there is one request every 60 s / `per_minute`, in the order in which they arrive.
    Time that a request waits here does not count as the server's.
    """

    def __init__(self, per_minute: int) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / _MINUTE_S
        self._left = self._capacity
        self._looked = time.monotonic()

    @property
    def interval(self) -> float:
        """
        Interval between two requests when the bucket is empty, in seconds.
        """
        return 1 / self._per_second

    async def take_turn(self) -> None:
        """
        Return when one more request may be made.
        """
        self._refill()
        self._left -= 1
        await self._wait_for(-self._left)

    async def reserve(self, requests: int) -> None:
        """
        Return when `requests` requests may be made at once, or as many as the bucket can hold.
        """
        self._refill()
        await self._wait_for(min(requests, self._capacity) - self._left)

    def _refill(self) -> None:
        now = time.monotonic()
        refilled = self._left + (now - self._looked) * self._per_second
        self._left = min(self._capacity, refilled)
        self._looked = now

    async def _wait_for(self, requests: float) -> None:
        if requests > 0:
            wait = requests / self._per_second
            not_counted(wait)
            await asyncio.sleep(wait)
