"""
Ladder diagram of a call: its SIP messages with their times, which a SIP engineer reads first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Direction = Literal["sent", "received"]
_ARROWS: dict[Direction, str] = {"sent": "->", "received": "<-"}

# Seconds within which a copy made by the network arrives: half of T1, to leave a margin.
COPIED_WITHIN_S = 0.25
# Any network duplicates a packet once in a while.
_BY_CHANCE = 1
_T1_S = 0.5


@dataclass(frozen=True, slots=True)
class LadderStep:
    """
    One message: seconds since the first INVITE, direction, label and full text.

    `label` is the method of a request, or the status and reason of a response; `status` is None for
    a request.
    """

    at_s: float
    direction: Direction
    label: str
    text: str
    status: int | None = None

    @property
    def arrow(self) -> str:
        """
        `->` for a sent message, `<-` for a received one.
        """
        return _ARROWS[self.direction]


@dataclass(frozen=True, slots=True)
class CallSummary:
    """
    Result of a call attempt as the caller sees it.

    `provisional` holds the status of each provisional response in order of arrival; `final_at_s` is
    in seconds since the first INVITE; `problem` explains a missing final response.
    """

    answered: bool
    cancelled: bool
    final_status: int | None
    final_reason: str | None
    final_at_s: float | None
    provisional: tuple[int, ...]
    challenges: int
    problem: str | None = None

    def __str__(self) -> str:
        steps = [*map(str, self.provisional)]
        if self.final_status is not None and self.final_at_s is not None:
            steps.append(f"{self.final_status} {self.final_reason} after {self.final_at_s:.2f} s")
        if self.problem:
            steps.append(self.problem)
        return ", ".join(steps)


def repeated(steps: Sequence[LadderStep]) -> int:
    """
    Count the copies that the network made of messages on the way here. A single one is chance.
    """
    count = copies(steps)
    return count if count > _BY_CHANCE else 0


def copies(steps: Sequence[LadderStep]) -> int:
    """
    Count the messages that arrived again, byte for byte, too early for a retransmission.

    Retransmission begins after T1, 0.5 s (RFC 3261 section 17.1.1.2), so the network copied these.
    Messages that were sent in time may be read at the same moment, where a machine stood still: so
    a message is a copy only where more have come than could have been sent since the first.
    Our own retransmissions are subtracted, because each is answered again; an ACK never is.
    """
    came: defaultdict[str, list[float]] = defaultdict(list)
    sent: set[str] = set()
    again = 0
    for step in steps:
        if step.direction == "sent":
            again -= step.label != "ACK" and step.text in sent
            sent.add(step.text)
        else:
            times = came[step.text]
            times.append(step.at_s)
            is_early = len(times) > 1 and times[-1] - times[-2] < COPIED_WITHIN_S
            again += is_early and len(times) > 1 + (times[-1] - times[0]) // _T1_S
    return again


def round_trip_s(steps: Sequence[LadderStep]) -> float:
    """
    Return the shortest time from a request to the response that came next; 0.0 without one.
    """
    return min(
        (
            after.at_s - before.at_s
            for before, after in pairwise(steps)
            if before.direction == "sent" and before.label != "ACK" and after.status is not None
        ),
        default=0.0,
    )


def draw(steps: Sequence[LadderStep]) -> str:
    """
    Return the ladder as lines of text: time, arrow, label.
    """
    return "\n".join(f"{step.at_s:8.3f} s  {step.arrow} {step.label}" for step in steps)
