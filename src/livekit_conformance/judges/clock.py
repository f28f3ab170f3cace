"""
Judge the clock of livekit-server by its difference from ours.
"""

from __future__ import annotations

from typing import Final

from livekit_conformance.findings import Code, Finding, Says
from livekit_conformance.protocol.http_date import ClockOffset

# Leeway for `exp` and `nbf` of tokens; beyond it tokens are refused.
LEEWAY_S: Final = 60.0
# A clock that is set by NTP is more exact than this.
EXACT_S: Final = 5.0

# Data of both: ahead_s (negative if the clock is behind), uncertainty_s.
DIFFERS: Final = Code("clock.differs")
NOT_COMPARABLE: Final = Code("clock.not-comparable")


def judge_clock(offset: ClockOffset, *, within: float) -> Finding | None:
    """
    Return the finding that the clocks do not agree `within` seconds; None if they do.

    It is unseen if the answer came too slowly to tell.
    """
    data = {
        "ahead_s": round((offset.least + offset.most) / 2, 1),
        "uncertainty_s": round(offset.uncertainty, 1),
    }
    if offset.proven > within:
        seen = f"the server's clock is {offset}; synchronise both by NTP"
        return Finding(DIFFERS, seen, "clock", data=data)
    if offset.uncertainty > within:
        seen = f"the answer came too slowly to compare the clocks ({offset})"
        return Finding(NOT_COMPARABLE, seen, "clock", Says.UNSEEN, data=data)
    return None
