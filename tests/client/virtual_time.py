"""
An event loop with a virtual clock, which jumps to the next timer when nothing is ready to run.

Waits of minutes take no time, and everything timed by the loop (sleeps, time-outs) happens
exactly when it is due. For code that does no I/O.
"""

from __future__ import annotations

import asyncio
import selectors


class _Jumping(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout=None):
        ready = super().select(0)
        if not ready:
            # Only a timer can end this wait.
            assert timeout is not None, "everything waits, and no timer runs"
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """
    Event loop whose clock starts at 0. `advance` lets time pass without a timer.
    """

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def advance(self, seconds: float) -> None:
        self._jumping.now += seconds
