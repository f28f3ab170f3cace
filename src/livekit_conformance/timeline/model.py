"""
Story of one call: its steps with time, source and target, and the point where it stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.catalogue.milestones import MISSING, Milestone
from livekit_conformance.observations import CallQuality
from livekit_conformance.timeline.clocks import Alignment


class Moment(StrEnum):
    """
    Moment of a call that its caller, or whoever pays for the wait, waits for.
    """

    INVITED = "invited"
    TRYING = "100"
    RINGING = "180"
    AGENT = "agent"
    ANSWERED = "200"


@dataclass(frozen=True, slots=True)
class Step:
    """
    Step of a call, `at_s` seconds after the INVITE by our clock.

    If `source` is `target`, it is a note of one participant. An event that occurred `times` times
    in the same way is one step; `until_s` is the time of its last occurrence. A step that callers
    wait for has its `moment`.
    """

    at_s: float
    source: Lane
    target: Lane
    label: str
    detail: str = ""
    is_problem: bool = False
    times: int = 1
    until_s: float | None = None
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """
    Point where a story stops: the expected milestone that is missing.

    `before` is the index of the step before which it should have come.
    """

    missing: Milestone
    before: int
    lane: Lane


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    Story of one call. `call` is its Call-ID, `began` the time of the INVITE in Unix seconds.

    `left_out` is the number of log lines about it beyond those that were kept; `quality` is that of
    what its caller heard.
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
    quality: CallQuality | None = None


def as_json(timeline: Timeline) -> Mapping[str, Any]:
    """
    Return the timeline as plain JSON values.
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
        "quality": None if timeline.quality is None else timeline.quality.figures(),
    }


def _finite(bound: float) -> float | None:
    return bound if abs(bound) != float("inf") else None
