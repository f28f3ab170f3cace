"""
Wait for a condition, never for a fixed time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

POLL_S = 0.02
# Poll interval for a server on the network that others use too.
POLITE_S = 0.5


@dataclass(frozen=True, slots=True)
class Waited:
    """
    Outcome of a wait: `reason` is None if the condition came true, else the last reason why not.

    `polls` is the number of answers; without any, the condition is unknown.
    """

    reason: str | None
    seconds: float
    polls: int

    @property
    def came_true(self) -> bool:
        """
        Return whether the condition came true.
        """
        return self.reason is None

    def __str__(self) -> str:
        if self.came_true:
            return f"seen after {self.seconds:.2f} s ({self.polls} polls)"
        return f"not seen within {self.seconds:.2f} s ({self.polls} polls): {self.reason}"


@dataclass(frozen=True, slots=True)
class Wait:
    """
    Wait under way: last reason why not yet, start on the monotonic clock, and limit in seconds.
    """

    reason: str
    since: float
    within: float


_under_way: dict[object, Wait] = {}


def under_way() -> tuple[Wait, ...]:
    """
    Return the waits under way in this process, oldest first; other threads may call it.
    """
    return tuple(_under_way.values())


async def wait_until(
    why_not_yet: Callable[[], Awaitable[str | None]],
    *,
    within: float,
    poll: float = POLL_S,
    slowest: float = POLL_S,
) -> Waited:
    """
    Call `why_not_yet` until it returns None or `within` seconds have passed, at least once.

    The pause between two calls starts at `poll` seconds and doubles up to `slowest`, so that
    somebody else's server is polled ever less often. A call that hangs is cancelled at the deadline
    too.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    deadline = _Deadline(asyncio.timeout(within))
    polls = 0
    reason: str | None = "never asked"
    _under_way[deadline] = Wait("no answer yet", started, within)
    try:
        async with deadline.timeout:
            with _inside(deadline):
                while True:
                    reason = await why_not_yet()
                    polls += 1
                    if reason is None:
                        break
                    _under_way[deadline] = Wait(reason, started, within)
                    await asyncio.sleep(poll)
                    poll = max(poll, min(2 * poll, slowest))
    except TimeoutError:
        reason = reason or "no answer"
    finally:
        _under_way.pop(deadline, None)
    return Waited(reason, loop.time() - started - deadline.not_counted, polls)


# Compared by identity: it is the key of its wait in `_under_way`.
@dataclass(slots=True, eq=False)
class _Deadline:
    timeout: asyncio.Timeout
    not_counted: float = 0.0
    is_open: bool = False

    def extend(self, seconds: float) -> None:
        # A task started inside the wait may outlive it.
        when = self.timeout.when()
        if self.is_open and when is not None and not self.timeout.expired():
            self.timeout.reschedule(when + seconds)
            self.not_counted += seconds


_deadlines: ContextVar[tuple[_Deadline, ...]] = ContextVar("deadlines", default=())


@contextmanager
def _inside(deadline: _Deadline) -> Iterator[None]:
    former = _deadlines.set((*_deadlines.get(), deadline))
    deadline.is_open = True
    try:
        yield
    finally:
        deadline.is_open = False
        _deadlines.reset(former)


def not_counted(seconds: float) -> None:
    """
    Extend all enclosing deadlines by `seconds`.

    Time spent in our own rate limiter must not count against the target.
    """
    for deadline in _deadlines.get():
        deadline.extend(seconds)
