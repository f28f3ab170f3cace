"""
What a caller learns from the answers to an INVITE alone: how it went, and which link broke.

The number of 180s tells most: livekit-sip sends one before it knows what to do with a call, and
another each second (`sip_ringing_interval`) once it is in the room and waits for an agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

_FIRST_FINAL = 200
_FIRST_REFUSAL = 300
_RINGING = 180
# One 180 may be a retransmission; the train of them cannot.
_TRAIN = 3


class CallOutcome(StrEnum):
    """
    How an INVITE ended, seen by its sender.
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
    One response: its status, and when it came, in seconds after the first INVITE.
    """

    status: int
    at_s: float


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


def outcome(answers: Sequence[Answer]) -> CallOutcome:
    """
    How the INVITE ended before its sender gave up; `answers` in the order in which they came.
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
    The link of the chain (catalogue/chain.py) that the answers point at; None for an answered call.

    livekit-sip pkg/sip/inbound.go: 503 when nobody answers on the bus or the answer is an error,
    401 for wrong credentials, 400 (or 488) for media that fit nobody, 500 where no RTP port is
    free, 486 for what fails after the dispatch, above all the join.
    """
    ended = outcome(answers)
    if ended is not CallOutcome.REFUSED:
        return _LINK_OF_OUTCOME[ended]
    status = next(answer.status for answer in answers if _is_final(answer))
    return _LINK_OF_REFUSAL.get(status, "dispatch-rule")


def _is_final(answer: Answer) -> bool:
    # A challenge that was followed by another INVITE is not in `answers`.
    return answer.status >= _FIRST_FINAL
