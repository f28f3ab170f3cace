"""
Statistics over many runs of one environment: times, and checks whose verdict flips.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from livekit_conformance.comparison.past_run import PastRun
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.result.trend import Point, point_of
from livekit_conformance.verdict import CheckRecord, Verdict

ABSENT = "-"


@dataclass(frozen=True, slots=True)
class Times:
    """
    Percentiles of times in seconds, by nearest rank: 50 % and 95 % took at most this long.
    """

    samples: int
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One run of the series.

    `checks` are the times of the checks that it made; `flips` is the number of checks whose verdict
    differs from the look before.
    """

    point: Point
    checks: Times
    answered_s: float | None
    flips: int


@dataclass(frozen=True, slots=True)
class Flipper:
    """
    Check that flipped `flips` times among `pairs` comparable pairs of looks.

    `history` has the first letter of its verdict in each run of the series (`-` if the run did not
    have it).
    """

    id: str
    flips: int
    pairs: int
    history: str


@dataclass(frozen=True, slots=True)
class Series:
    """
    Runs of one environment, oldest first.

    A look is a run's verdict on a check that it made: not SKIPPED, not BLOCKED by another check,
    and not left over when the run was interrupted. Two successive looks at a check are comparable
    if target, versions of the services and version of the suite are the same. They are a flip if
    the verdicts differ. `flake_rate` is the number of flips per 100 comparable pairs.
    """

    environment: str
    entries: tuple[Entry, ...]
    runs: Times
    checks: Times
    answers: Times
    flips: int
    pairs: int
    flippers: tuple[Flipper, ...]

    @property
    def flake_rate(self) -> float | None:
        """
        Flips in per cent of the comparable pairs; None if there are no such pairs.
        """
        return 100.0 * self.flips / self.pairs if self.pairs else None


def series_of(runs: Iterable[PastRun], *, last: int) -> tuple[Series, ...]:
    """
    Return the series of each environment, sorted by name, with at most its `last` runs.

    Runs may come in any order; a run given twice counts once.
    """
    by_id = {run.result.run.id: run for run in runs}
    ordered = sorted(by_id.values(), key=lambda run: (run.result.run.started, run.result.run.id))
    environments = sorted({run.result.run.environment for run in ordered})
    return tuple(
        _series(name, [run for run in ordered if run.result.run.environment == name][-last:])
        for name in environments
    )


def times(values: Iterable[float]) -> Times:
    """
    Return median and 95th percentile by nearest rank: both are values that occurred.
    """
    ordered = sorted(values)
    return Times(len(ordered), _percentile(ordered, 50), _percentile(ordered, 95))


def _percentile(ordered: Sequence[float], per_cent: int) -> float | None:
    return ordered[math.ceil(len(ordered) * per_cent / 100) - 1] if ordered else None


def _series(environment: str, runs: Sequence[PastRun]) -> Series:
    results = [run.result for run in runs]
    of_checks = [_durations(result) for result in results]
    answers = [run.answered_s for run in runs]
    flips, pairs, by_run = _flips(results)
    entries = tuple(
        Entry(point_of(result), times(durations), answered, by_run[result.run.id])
        for result, durations, answered in zip(results, of_checks, answers, strict=True)
    )
    flippers = (
        Flipper(name, count, pairs[name], _history(name, results)) for name, count in flips.items()
    )
    return Series(
        environment,
        entries,
        runs=times(result.run.duration_s for result in results),
        checks=times(duration for durations in of_checks for duration in durations),
        answers=times(answered for answered in answers if answered is not None),
        flips=flips.total(),
        pairs=pairs.total(),
        flippers=tuple(sorted(flippers, key=lambda f: (-f.flips, f.pairs, f.id))),
    )


def _durations(result: Result) -> list[float]:
    return [check.duration_s for check in result.checks if _is_look(check, result)]


def _is_look(check: CheckRecord, result: Result) -> bool:
    if check.verdict is Verdict.BLOCKED:
        return check.blocked_by is None and result.run.interrupted is None
    return check.verdict is not Verdict.SKIPPED


def _flips(results: Iterable[Result]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """
    Return flips and comparable pairs of each check, and the flips of each run.
    """
    flips: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    by_run: Counter[str] = Counter()
    before: dict[str, tuple[tuple[str, ...], Verdict]] = {}
    for result in results:
        target = _target(result)
        for check in result.checks:
            if not _is_look(check, result):
                continue
            was_target, was = before.get(check.id, ((), None))
            before[check.id] = (target, check.verdict)
            if was is None or was_target != target:
                continue
            pairs[check.id] += 1
            if was is not check.verdict:
                flips[check.id] += 1
                by_run[result.run.id] += 1
    return flips, pairs, by_run


def _target(result: Result) -> tuple[str, ...]:
    """
    Return the facts that must be equal for a check to be expected to reach the same verdict.
    """
    run = result.run
    versions = (run.versions.get(name) or "" for name in ("livekit_server", "livekit_sip"))
    # Services that a run starts itself have a new address each time.
    url = run.url if run.kind == "live" else ""
    return url, run.suite_version, *versions


def _history(name: str, results: Iterable[Result]) -> str:
    verdicts = ({check.id: check.verdict for check in result.checks} for result in results)
    return "".join(str(of_run[name])[0] if name in of_run else ABSENT for of_run in verdicts)
