"""
Marks of an inbound call: the moments that its caller, and whoever pays for the wait, waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.timeline.model import Moment, Step, Timeline


@dataclass(frozen=True, slots=True)
class CallMoment:
    """
    Mark with its name and first time: seconds after the INVITE, None if it was not seen.
    """

    name: str
    at_s: float | None


def marks(timeline: Timeline) -> tuple[CallMoment, ...]:
    """
    Return the marks of a call: those that were seen, by time, then the others.

    The marks are 100, 180, the first webhook, the agent and 200. A call without an INVITE of ours
    has none.
    """
    steps = [step for step in timeline.steps if step.at_s >= 0]
    if not any(step.moment is Moment.INVITED for step in steps):
        return ()
    found = [
        CallMoment(name, next((step.at_s for step in steps if is_it(step)), None))
        for name, is_it in _MARKS.items()
    ]
    return tuple(sorted(found, key=lambda mark: (mark.at_s is None, mark.at_s or 0.0)))


def _is_at(moment: Moment) -> Callable[[Step], bool]:
    return lambda step: step.moment is moment


def _is_webhook(step: Step) -> bool:
    return step.target is Lane.ENDPOINT and not step.is_problem


_MARKS: Mapping[str, Callable[[Step], bool]] = MappingProxyType(
    {
        "100": _is_at(Moment.TRYING),
        "180": _is_at(Moment.RINGING),
        "webhook": _is_webhook,
        "agent": _is_at(Moment.AGENT),
        "200": _is_at(Moment.ANSWERED),
    }
)
