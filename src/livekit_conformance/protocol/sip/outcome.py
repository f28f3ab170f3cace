"""
Derive the outcome of an INVITE and the broken link of the chain from its responses alone.

The number of 180s reveals the most: livekit-sip sends one before it evaluates the call, and another
every second (`sip_ringing_interval`) once it is in the room and waits for an agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

_FIRST_FINAL = 200
_FIRST_REFUSAL = 300
_RINGING = 180
# Two 180s may be a retransmission; this many cannot.
_TRAIN = 3


class CallOutcome(StrEnum):
    """
    Outcome of an INVITE as its sender sees it.
    """

    ANSWERED = "answered"
    REFUSED = "refused"
    KEPT_RINGING = "kept-ringing"
    RINGING_STOPPED = "ringing-stopped"
    TRYING_ONLY = "trying-only"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One response: its status, time of arrival (seconds after the first INVITE) and reason phrase.
    """

    status: int
    at_s: float
    reason: str = ""


_LINK_OF_OUTCOME = MappingProxyType(
    {
        CallOutcome.ANSWERED: None,
        CallOutcome.KEPT_RINGING: "agent",
        CallOutcome.RINGING_STOPPED: "dispatch-rule",
        CallOutcome.TRYING_ONLY: "sip-socket",
        CallOutcome.SILENCE: "sip-socket",
    }
)
_LINK_OF_REFUSAL = MappingProxyType(
    {
        400: "media-offer",
        401: "trunk-credentials",
        407: "trunk-credentials",
        486: "sip-join",
        488: "media-offer",
        500: "media-offer",
        503: "bus",
    }
)
# LiveKit Cloud refuses so when the quota of the project is used up; a bus that does not answer, and
# an error from it, are "Try again later" (pkg/sip/inbound.go of livekit-sip).
_QUOTA_EXCEEDED = (503, "Service temporarily unavailable")


def outcome(answers: Sequence[Answer]) -> CallOutcome:
    """
    Return how the INVITE ended before its sender gave up; `answers` are in order of arrival.
    """
    final = next((answer for answer in answers if _is_final(answer)), None)
    if final is not None:
        return CallOutcome.ANSWERED if final.status < _FIRST_REFUSAL else CallOutcome.REFUSED
    ringing = sum(answer.status == _RINGING for answer in answers)
    if ringing >= _TRAIN:
        return CallOutcome.KEPT_RINGING
    if ringing:
        return CallOutcome.RINGING_STOPPED
    return CallOutcome.TRYING_ONLY if answers else CallOutcome.SILENCE


def broken_link(answers: Sequence[Answer]) -> str | None:
    """
    Return the link of the chain (catalogue/chain.py) that the answers point at; None if answered.
    """
    ended = outcome(answers)
    if ended is not CallOutcome.REFUSED:
        return _LINK_OF_OUTCOME[ended]
    final = next(answer for answer in answers if _is_final(answer))
    return refused_at(final.status, final.reason)


def refused_at(status: int, reason: str = "") -> str:
    """
    Return the link at which livekit-sip refuses an INVITE with this status and reason phrase.

    pkg/sip/inbound.go: 503 when nobody answers on the bus or the answer is an error (with another
    phrase if the project may take no more calls), 401 for wrong credentials, 400 (or 488) for an
    offer without a usable codec, 500 when no RTP port is free, 486 for a failure after the
    dispatch, usually the join.
    """
    if (status, reason) == _QUOTA_EXCEEDED:
        return "trunk-match"
    return _LINK_OF_REFUSAL.get(status, "dispatch-rule")


def _is_final(answer: Answer) -> bool:
    # `answers` holds no challenge that was followed by another INVITE.
    return answer.status >= _FIRST_FINAL
