"""
Waiting for a reason, never for a duration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
    polls = 0
    reason: str | None = "never asked"
    try:
        async with asyncio.timeout(within):
            while True:
                polls += 1
                reason = await why_not_yet()
                if reason is None:
                    break
                await asyncio.sleep(poll)
                poll = max(poll, min(2 * poll, slowest))
    except TimeoutError:
        reason = reason or "no answer"
    return Waited(reason, loop.time() - started, polls)
