"""
How far the clocks of the machines are from ours, by what was seen on both sides of a wire.

A cause is not after its effect. When the one is stamped by one clock and the other by another, this
bounds by how much the second is ahead of the first; many such pairs bound every clock from both
sides, also those that have nothing but a third machine in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

OURS = "ours"
# Lines are written a moment after what they tell, and some logs have whole milliseconds.
_SLACKS_S = (0.0, 0.002, 0.05)
_ROUNDING_S = 1e-9


@dataclass(frozen=True, slots=True)
class Before:
    """
    What `cause` stamped with `caused_at` came before what `effect` stamped with `effect_at`.

    Times in seconds; `seen` names the two. A stamp in whole seconds is `coarse`: as a cause it
    counts with the beginning of its second, as an effect with the end.
    """

    cause: str
    caused_at: float
    effect: str
    effect_at: float
    seen: str
    coarse: bool = False


@dataclass(frozen=True, slots=True)
class Offset:
    """
    By how many seconds a clock is ahead of ours: somewhere from `low` to `high`, by what was seen.

    `applied` is what is taken off its times: 0 unless the interval excludes that.
    """

    low: float
    high: float
    applied: float
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Alignment:
    """
    The offset of each clock; none at all when `contradiction` tells what cannot be.
    """

    offsets: Mapping[str, Offset] = field(default_factory=dict)
    contradiction: str = ""

    def our_time(self, clock: str, at: float) -> float:
        """
        What our clock showed when `clock` showed `at`.
        """
        offset = self.offsets.get(clock)
        return at - offset.applied if offset else at


def align(pairs: Sequence[Before]) -> Alignment:
    """
    The offsets that keep every cause before its effect.

    When stamps in whole seconds contradict the others they are left out: a Date is often written by
    a proxy. What still contradicts itself by more than 50 ms was not one steady clock.
    """
    exact = [pair for pair in pairs if not pair.coarse]
    worst = ""
    for trusted in (pairs, exact):
        for slack in _SLACKS_S:
            bounds = _Bounds(trusted, slack)
            if not (impossible := bounds.contradiction()):
                return Alignment(bounds.choose())
        worst = impossible
    return Alignment(contradiction=worst)


class _Bounds:
    """
    Upper bounds of the differences between all clocks, the shortest way over any of them.
    """

    def __init__(self, pairs: Iterable[Before], slack: float) -> None:
        pairs = [pair for pair in pairs if pair.cause != pair.effect]
        named = {name for pair in pairs for name in (pair.cause, pair.effect)} - {OURS}
        self.clocks = [OURS, *sorted(named)]
        self._most: dict[tuple[str, str], float] = {}
        self._seen: dict[tuple[str, str], str] = {}
        for pair in pairs:
            most = pair.effect_at - pair.caused_at + slack
            self._tighten(pair.cause, pair.effect, most, pair.seen)
        self._close()

    def contradiction(self) -> str:
        """
        What was seen that no offsets explain; empty when some do.
        """
        return next(
            (
                self._seen[clock, clock]
                for clock in self.clocks
                if self._most.get((clock, clock), 0.0) < -_ROUNDING_S
            ),
            "",
        )

    def choose(self) -> dict[str, Offset]:
        """
        For one clock after the other 0 or, where that cannot be, the middle of what can be.
        """
        bounds = {clock: self._interval(clock) for clock in self.clocks[1:]}
        seen = {clock: self._told(clock) for clock in bounds}
        applied = {}
        # Those that may be right come first, so that nothing is taken off without need.
        for clock in sorted(bounds, key=lambda clock: not _holds_zero(*bounds[clock])):
            # What was chosen for the others narrows what is possible for this one.
            low, high = self._interval(clock)
            if _holds_zero(low, high):
                applied[clock] = 0.0
            elif inf in (high, -low):
                applied[clock] = low if high == inf else high
            else:
                applied[clock] = (low + high) / 2
            self._tighten(OURS, clock, applied[clock], "")
            self._tighten(clock, OURS, -applied[clock], "")
            self._close()
        return {
            clock: Offset(low, high, applied[clock], seen[clock])
            for clock, (low, high) in bounds.items()
        }

    def _interval(self, clock: str) -> tuple[float, float]:
        return -self._of(clock, OURS), self._of(OURS, clock)

    def _told(self, clock: str) -> str:
        both = (self._seen.get((OURS, clock)), self._seen.get((clock, OURS)))
        return "; ".join(dict.fromkeys(filter(None, both)))

    def _of(self, cause: str, effect: str) -> float:
        return self._most.get((cause, effect), inf)

    def _tighten(self, cause: str, effect: str, most: float, seen: str) -> None:
        if most < self._of(cause, effect):
            self._most[cause, effect] = most
            self._seen[cause, effect] = seen

    def _close(self) -> None:
        for over in self.clocks:
            for cause in self.clocks:
                for effect in self.clocks:
                    most = self._of(cause, over) + self._of(over, effect)
                    if most < self._of(cause, effect) - _ROUNDING_S:
                        seen = (self._seen.get((cause, over)), self._seen.get((over, effect)))
                        self._tighten(cause, effect, most, ", ".join(filter(None, seen)))


def _holds_zero(low: float, high: float) -> bool:
    return low <= 0 <= high
