"""
Waiting for a reason, never for a duration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

POLL_S = 0.02
# For questions over the network to a server that others use too.
POLITE_S = 0.5


@dataclass(frozen=True, slots=True)
class Waited:
    """
    How a wait ended: `reason` is None when it came true, else why not yet, as last seen.
    """

    reason: str | None
    seconds: float
    polls: int

    @property
    def came_true(self) -> bool:
        """
        Whether what was waited for was seen.
        """
        return self.reason is None

    def __str__(self) -> str:
        outcome = "seen" if self.came_true else f"not seen: {self.reason}"
        return f"{outcome} after {self.seconds:.2f} s ({self.polls} polls)"


@dataclass(frozen=True, slots=True)
class Wait:
    """
    A wait under way: why not yet, as last seen; since when on the monotonic clock, for how long.
    """

    reason: str
    since: float
    within: float


_under_way: dict[object, Wait] = {}


def under_way() -> tuple[Wait, ...]:
    """
    The waits under way in this process, in the order in which they began; for other threads too.
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
    Ask `why_not_yet` until it answers None or `within` seconds have passed; at least once.

    The pause between two questions is `poll` seconds, then twice as long each time up to
    `slowest`: what is asked of somebody else's server is asked ever less often. One question that
    hangs is cut off at the deadline too.
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
                    polls += 1
                    reason = await why_not_yet()
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


# Each is only itself: waits are told apart by it.
@dataclass(slots=True, eq=False)
class _Deadline:
    timeout: asyncio.Timeout
    not_counted: float = 0.0
    is_open: bool = False

    def extend(self, seconds: float) -> None:
        # A task that was begun inside may outlive it.
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
    Put off the deadlines of the waits around us: so long it is us who let the target wait.
    """
    for deadline in _deadlines.get():
        deadline.extend(seconds)
