"""
Offset of an HTTP server's clock from ours, by the Date header of a response (RFC 9110 6.6.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

# Date has a resolution of one second: the true time was up to this much later.
_RESOLUTION_S = 1.0


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """
    Seconds by which the server's clock is ahead of ours: between `least` and `most`.
    """

    least: float
    most: float

    @property
    def proven(self) -> float:
        """
        Smallest offset that is certain whatever the network delay, in seconds; never negative.
        """
        return max(0.0, self.least, -self.most)

    @property
    def uncertainty(self) -> float:
        """
        Maximum distance of the true offset from the middle, in seconds.
        """
        return (self.most - self.least) / 2

    def __str__(self) -> str:
        middle = (self.least + self.most) / 2
        side = "ahead of" if middle >= 0 else "behind"
        return f"{abs(middle):.1f} s {side} ours, give or take {self.uncertainty:.1f} s"


def clock_offset(date: str, *, asked: float, answered: float) -> ClockOffset:
    """
    Return the offset that a response proves; `asked` and `answered` are our Unix times around it.

    The server wrote the date at some moment between the two. Raises ValueError if `date` is not a
    date.
    """
    written = parsedate_to_datetime(date).timestamp()
    return ClockOffset(written - answered, written + _RESOLUTION_S - asked)
