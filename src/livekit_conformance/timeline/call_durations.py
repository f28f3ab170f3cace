"""
Marks of an inbound call: the moments that its caller, and whoever pays for the wait, waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.catalogue.log_lines import Lane, of_sip
from livekit_conformance.timeline.model import Step, Timeline


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
    if not any(_is_invite(step) for step in steps):
        return ()
    found = [
        CallMoment(name, next((step.at_s for step in steps if is_it(step)), None))
        for name, is_it in _MARKS.items()
    ]
    return tuple(sorted(found, key=lambda mark: (mark.at_s is None, mark.at_s or 0.0)))


def _is_invite(step: Step) -> bool:
    return step.source is Lane.CALLER and step.label == "INVITE"


def _answers(status: str) -> Callable[[Step], bool]:
    # A response to another request, such as BYE, names that request in its detail.
    return lambda step: (
        step.target is Lane.CALLER and step.label.startswith(f"{status} ") and not step.detail
    )


def _is_webhook(step: Step) -> bool:
    return step.target is Lane.ENDPOINT and not step.is_problem


def _shows_agent(step: Step) -> bool:
    # livekit-sip waits for audio from another participant in the room, which is the agent.
    joined = step.source is Lane.AGENT and step.label == "joined" and not step.is_problem
    return joined or step.label in _AGENT_LINES


_AGENT_LINES = frozenset(f'"{line.message}"' for line in (of_sip.ACCEPTS, of_sip.AGENT_HEARD))
_MARKS: Mapping[str, Callable[[Step], bool]] = MappingProxyType(
    {
        "100": _answers("100"),
        "180": _answers("180"),
        "webhook": _is_webhook,
        "agent": _shows_agent,
        "200": _answers("200"),
    }
)
