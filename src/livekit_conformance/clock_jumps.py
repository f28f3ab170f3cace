"""
Find the clock that was set during a run: pure functions over its observations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from livekit_conformance.observations import (
    ClockDisagreement,
    ClockSet,
    HttpExchange,
    Observation,
    clock_time,
)
from livekit_conformance.protocol.http_date import clock_offset
from livekit_conformance.protocol.token import LEEWAY_S

Whose = Literal["ours", "livekit-server"]
_API = "/twirp/livekit."


@dataclass(frozen=True, slots=True)
class ClockJump:
    """
    A clock that was set by `by_s` seconds between `until` and `at`, so that tokens are refused.

    The times are those of the clock of this machine as it was at the start, in Unix seconds.
    """

    whose: Whose
    by_s: float
    until: float
    at: float

    def __str__(self) -> str:
        way = "forward" if self.by_s > 0 else "back"
        machine = "this machine" if self.whose == "ours" else self.whose
        return (
            f"the clock of {machine} was set {way} by {abs(self.by_s):.0f} s between "
            f"{clock_time(self.until)} and {clock_time(self.at)}"
        )

    def as_observation(self) -> Observation:
        """
        Return what a cause looks for.
        """
        return ClockDisagreement(self.at, str(self), whose=self.whose)


@dataclass(frozen=True, slots=True)
class _Answer:
    """
    An answer of livekit-server at `at`, when the clock of this machine had been set by `set_by`.

    `ahead` is how far the server's clock was ahead of ours, and `apart` how far the two were apart
    at least.
    """

    at: float
    set_by: float
    ahead: float
    apart: float

    @property
    def agrees(self) -> bool:
        return self.apart <= LEEWAY_S


def jumps_of(observations: Sequence[Observation]) -> list[ClockJump]:
    """
    Return the jump after which the clocks of livekit-server and this machine agreed no more.

    The observations are in the order in which they were recorded.

    If they agree and disagree by turns, two servers with different clocks answer: that is no jump.
    """
    answers = list(_answers(observations))
    turns = [
        (former, later) for former, later in pairwise(answers) if former.agrees != later.agrees
    ]
    if not turns or not answers[0].agrees or answers[-1].agrees or len(turns) > 1:
        return []
    ((former, later),) = turns
    ours, apart = later.set_by - former.set_by, later.ahead - former.ahead
    if abs(ours) > LEEWAY_S / 2:
        return [ClockJump("ours", ours, former.at, later.at)]
    return [ClockJump("livekit-server", apart, former.at, later.at)]


def _answers(observations: Iterable[Observation]) -> Iterator[_Answer]:
    set_by = 0.0
    for seen in observations:
        if isinstance(seen, ClockSet):
            set_by += seen.by_s
        elif isinstance(seen, HttpExchange) and _API in seen.url and seen.date:
            answered = seen.at + set_by
            asked = answered - seen.duration_s
            try:
                offset = clock_offset(seen.date, asked=asked, answered=answered)
            except ValueError:
                continue
            ahead = (offset.least + offset.most) / 2
            yield _Answer(seen.at, set_by, ahead, offset.proven)
