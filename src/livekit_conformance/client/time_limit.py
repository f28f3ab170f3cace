"""
Time limit of one try, which leaves out the wait for a connection of our own pool.
"""

from __future__ import annotations

import asyncio


class TimeLimit:
    """
    Limit of `within` seconds for the server, and never later than `until` (time of the loop).

    Enter `timeout` for the request. While the request is queued for a connection, only `until`
    counts. `is_ours` is true if our own queue has left the server less than `within` seconds.
    """

    def __init__(self, within: float, until: float | None = None) -> None:
        self._within = within
        self._until = asyncio.get_running_loop().time() + within if until is None else until
        self.timeout = asyncio.timeout(within)
        self.is_ours = False

    def queued(self) -> None:
        """
        Stop the time of the server: the pool has no free connection.
        """
        self.is_ours = True
        self.timeout.reschedule(self._until)

    def connected(self) -> None:
        """
        Start the time of the server: the pool has a free connection now.
        """
        ends = asyncio.get_running_loop().time() + self._within
        self.is_ours = ends > self._until
        self.timeout.reschedule(min(ends, self._until))
