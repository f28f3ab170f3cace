"""
Judge the clock of livekit-server by its difference from ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from livekit_conformance.findings import Code, Finding, Says
from livekit_conformance.protocol.http_date import ClockOffset, clock_offset

# Leeway for `exp` and `nbf` of tokens; beyond it tokens are refused.
LEEWAY_S: Final = 60.0
# A clock that is set by NTP is more exact than this.
EXACT_S: Final = 5.0

# Data of both: ahead_s (negative if the clock is behind), uncertainty_s.
DIFFERS: Final = Code("clock.differs")
NOT_COMPARABLE: Final = Code("clock.not-comparable")
# The answer has no readable time.
NO_DATE: Final = Code("clock.no-date")


def judge_clock(
    headers: Mapping[str, str], *, asked: float, answered: float, within: float
) -> Iterator[Finding]:
    """
    Yield a violation if the clocks do not agree `within` seconds, by an answer with these headers.

    `asked` and `answered` are our Unix times around it.
    """
    try:
        offset = clock_offset(headers["Date"], asked=asked, answered=answered)
    except (KeyError, ValueError):
        yield Finding(
            NO_DATE, "the answer to GET / has no readable header Date", "clock", Says.UNSEEN
        )
        return
    yield from judge_offset(offset, within=within)


def judge_offset(offset: ClockOffset, *, within: float) -> Iterator[Finding]:
    """
    Yield a violation if the clocks do not agree `within` seconds.

    It is unseen if the answer came too slowly to tell.
    """
    data = {
        "ahead_s": round((offset.least + offset.most) / 2, 1),
        "uncertainty_s": round(offset.uncertainty, 1),
    }
    if offset.proven > within:
        seen = f"the server's clock is {offset}; synchronise both by NTP"
        yield Finding(DIFFERS, seen, "clock", data=data)
    elif offset.uncertainty > within:
        seen = f"the answer came too slowly to compare the clocks ({offset})"
        yield Finding(NOT_COMPARABLE, seen, "clock", Says.UNSEEN, data=data)
