"""
Estimate the clock offsets of other machines from events seen on both sides of a wire.

A cause never comes after its effect. If two clocks stamp them, this bounds how far the clock of the
effect is ahead of the clock of the cause. Many such pairs bound every clock from both sides, even
two clocks that share only a third machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

OURS = "ours"
# A log line is written a moment after its event, and some logs have whole milliseconds only.
_SLACKS_S = (0.0, 0.002, 0.05)
_ROUNDING_S = 1e-9


@dataclass(frozen=True, slots=True)
class Before:
    """
    Event at `caused_at` on the clock `cause`, and its effect at `effect_at` on the clock `effect`.

    Times in seconds; `seen` names the two events. A stamp in whole seconds is `coarse`: a cause
    counts at the beginning of its second, an effect at the end.
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
    Seconds by which a clock is ahead of ours: between `low` and `high`, by the pairs in `seen`.

    `applied` is subtracted from its times: 0 unless the interval excludes 0.
    """

    low: float
    high: float
    applied: float
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Alignment:
    """
    Offset of each clock; empty if `contradiction` names observations that no offsets explain.
    """

    offsets: Mapping[str, Offset] = field(default_factory=dict)
    contradiction: str = ""

    def our_time(self, clock: str, at: float) -> float:
        """
        Return the time on our clock at which `clock` showed `at`.
        """
        offset = self.offsets.get(clock)
        return at - offset.applied if offset else at


def align(pairs: Sequence[Before]) -> Alignment:
    """
    Return offsets that keep every cause before its effect.

    Stamps in whole seconds that contradict the others are left out: a proxy often writes the Date
    header. If the rest still contradicts itself by more than 50 ms, a clock was not steady.
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
    Upper bounds of the differences between all clocks, by the shortest path over any of them.
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
        Return the observations that no offsets explain, or an empty string.
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
        Choose for each clock in turn the offset 0 or, if excluded, the middle of its interval.
        """
        bounds = {clock: self._interval(clock) for clock in self.clocks[1:]}
        seen = {clock: self._pairs_seen(clock) for clock in bounds}
        applied = {}
        # Clocks that may be right come first, so that no clock is corrected without need.
        for clock in sorted(bounds, key=lambda clock: not _holds_zero(*bounds[clock])):
            # Offsets chosen for the others narrow the interval of this one.
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

    def _pairs_seen(self, clock: str) -> str:
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
