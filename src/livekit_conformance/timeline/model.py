"""
A call as one story: what happened when, from whom to whom, and where it stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.catalogue.milestones import MISSING, Milestone
from livekit_conformance.timeline.clocks import Alignment


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing that happened, `at_s` seconds after the INVITE by our clock; a note of one participant
    when `source` is `target`.

    What happened `times` in the same way is one step; `until_s` is when it did so last.
    """

    at_s: float
    source: Lane
    target: Lane
    label: str
    detail: str = ""
    is_problem: bool = False
    times: int = 1
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """
    Where a story stops: the expected step that did not come, and before which step (by index) it
    should have come.
    """

    missing: Milestone
    before: int
    lane: Lane


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    The story of one call. `call` is its Call-ID, `began` the INVITE in Unix seconds.

    `left_out` is how many lines about it were too many to be kept.
    """

    call: str
    purpose: str
    outcome: str
    began: float
    rooms: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    stop: Stop | None = None
    clocks: Alignment = field(default_factory=Alignment)
    left_out: int = 0


def as_json(timeline: Timeline) -> Mapping[str, Any]:
    """
    The timeline as plain JSON values.
    """
    stop = timeline.stop
    return {
        "call": timeline.call,
        "purpose": timeline.purpose,
        "outcome": timeline.outcome,
        "began": timeline.began,
        "rooms": list(timeline.rooms),
        "steps": [asdict(step) for step in timeline.steps],
        "stop": None if stop is None else asdict(stop) | {"text": asdict(MISSING[stop.missing])},
        "clocks": {
            clock: {
                "applied_s": offset.applied,
                # JSON has no infinity.
                "low_s": _finite(offset.low),
                "high_s": _finite(offset.high),
                "seen": offset.seen,
            }
            for clock, offset in timeline.clocks.offsets.items()
        },
        "contradiction": timeline.clocks.contradiction,
        "left_out": timeline.left_out,
    }


def _finite(bound: float) -> float | None:
    return bound if abs(bound) != float("inf") else None
