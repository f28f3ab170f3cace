"""
How far the clock of an HTTP server is from ours, by the header Date of an answer (RFC 9110 6.6.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

# Date has whole seconds: the true time was up to this much later.
_RESOLUTION_S = 1.0


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """
    By how many seconds the server is ahead of us: somewhere from `least` to `most`.
    """

    least: float
    most: float

    @property
    def proven(self) -> float:
        """
        The difference that there is at least, whatever happened on the way; never negative.
        """
        return max(0.0, self.least, -self.most)

    @property
    def uncertainty(self) -> float:
        """
        How many seconds the truth may be away from the middle.
        """
        return (self.most - self.least) / 2

    def __str__(self) -> str:
        middle = (self.least + self.most) / 2
        side = "ahead of" if middle >= 0 else "behind"
        return f"{abs(middle):.1f} s {side} ours, give or take {self.uncertainty:.1f} s"


def clock_offset(date: str, *, asked: float, answered: float) -> ClockOffset:
    """
    The offset that follows from an answer; `asked` and `answered` are our Unix times around it.

    The server wrote the date at some moment between the two. Raises ValueError for a header that is
    no date.
    """
    written = parsedate_to_datetime(date).timestamp()
    return ClockOffset(written - answered, written + _RESOLUTION_S - asked)
