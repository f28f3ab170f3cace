"""
A call as a ladder of messages with their times: what a SIP engineer wants to see first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Direction = Literal["sent", "received"]
_ARROWS: dict[Direction, str] = {"sent": "->", "received": "<-"}

# Half of T1, to be sure.
_RETRANSMITTED_S = 0.25
# Every network doubles a packet once in a while.
_BY_CHANCE = 1


@dataclass(frozen=True, slots=True)
class LadderStep:
    """
    One message: seconds since the first INVITE, direction, label and the whole text.

    `label` is the method of a request, status and reason of a response.
    """

    at_s: float
    direction: Direction
    label: str
    text: str

    @property
    def arrow(self) -> str:
        """
        `->` for what we sent, `<-` for what came.
        """
        return _ARROWS[self.direction]

    @property
    def status(self) -> int | None:
        """
        The status code of a response; None for a request.
        """
        first = self.label.split(" ", 1)[0]
        return int(first) if first.isdigit() else None


@dataclass(frozen=True, slots=True)
class CallSummary:
    """
    How an attempt ended, seen by the caller.

    `provisional` holds the status of each provisional response that came, in order; `final_at_s`
    is in seconds since the first INVITE; `problem` says why there is no final response.
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
    How many messages came again, to the letter, sooner than anybody would send them again.

    What we repeated ourselves is taken off: it is answered again. Retransmission begins after T1,
    0.5 s (RFC 3261 section 17.1.1.2), so a network has made these. One alone does not count.
    """
    heard: dict[str, float] = {}
    said: set[str] = set()
    again = 0
    for step in steps:
        if step.direction == "sent":
            again -= step.text in said
            said.add(step.text)
        else:
            again += step.at_s - heard.get(step.text, -_RETRANSMITTED_S) < _RETRANSMITTED_S
            heard[step.text] = step.at_s
    return again if again > _BY_CHANCE else 0


def draw(steps: Sequence[LadderStep]) -> str:
    """
    The ladder as lines of text: time, arrow, label.
    """
    return "\n".join(f"{step.at_s:8.3f} s  {step.arrow} {step.label}" for step in steps)
