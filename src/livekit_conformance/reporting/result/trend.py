"""
Trend of the runs of one environment, read from the reports that lie beside each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from livekit_conformance.reporting.result import journal, results_file
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.verdict import RunVerdict

LAST = 30


@dataclass(frozen=True, slots=True)
class Point:
    """
    One run of a trend, with `started` in ISO 8601 (UTC).

    `success_rate` and `coverage` are in per cent as in its report; the rate is None if nothing was
    attempted. The versions are None if they are not known.
    """

    run_id: str
    environment: str
    started: str
    verdict: RunVerdict
    success_rate: float | None
    coverage: float
    duration_s: float
    # Number of checks decided, of checks applicable, and of checks that the run left out.
    decided: int
    applicable: int
    not_selected: int
    livekit_server: str | None = None
    livekit_sip: str | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """
    Runs in the order in which they began, oldest first.
    """

    points: tuple[Point, ...] = ()


def trend_of(results: Iterable[Result]) -> Trend:
    """
    Return the trend over `results` in any order; a run given twice counts once.
    """
    by_id = {result.run.id: result for result in results}
    points = map(point_of, by_id.values())
    return Trend(tuple(sorted(points, key=lambda point: (point.started, point.run_id))))


def comparable(points: Sequence[Point]) -> tuple[Point, ...]:
    """
    Return the points whose success rates can be compared.

    These are the runs that left out the fewest checks: a run of three checks is not better than one
    of all checks.
    """
    fewest = min((point.not_selected for point in points), default=0)
    return tuple(point for point in points if point.not_selected == fewest)


def point_of(result: Result) -> Point:
    """
    Return the point of a run in a trend.
    """
    run, figures = result.run, result.summary
    return Point(
        run.id,
        run.environment,
        run.started,
        result.verdict,
        figures.success_rate,
        figures.coverage,
        run.duration_s,
        figures.tally.decided,
        figures.tally.applicable,
        figures.tally.not_selected,
        run.versions.get("livekit_server"),
        run.versions.get("livekit_sip"),
        run.interrupted is not None,
    )


def before(result: Result, directory: Path, *, last: int = LAST) -> Trend:
    """
    Return the trend up to `result`, with at most `last` runs of its environment in `directory`.

    Unreadable runs are skipped: a report must not fail because of an older one.
    """
    run = result.run
    found = [result]
    for folder in reversed(run_folders(directory, environment=run.environment)):
        if len(found) >= last:
            break
        try:
            other = results_file.parse(folder / results_file.NAME)
        except (results_file.ResultsError, OSError):
            continue
        earlier = (other.run.started, other.run.id) < (run.started, run.id)
        if earlier and other.run.environment == run.environment:
            found.append(other)
    return trend_of(found)


def run_folders(directory: Path, *, environment: str | None = None) -> list[Path]:
    """
    Return the folders in `directory` that hold a result file, by name, which begins with the time.

    Links (`latest`) are left out, and so are runs whose journal is that of another environment.
    """
    return sorted(_folders(directory, environment))


def environment_in(folder: Path) -> str | None:
    """
    Return the environment of the run in a folder by its journal; None if it has none.
    """
    return journal.environment(folder / journal.NAME)


def _folders(directory: Path, environment: str | None) -> Iterator[Path]:
    try:
        entries = list(directory.iterdir())
    except OSError:
        return
    for folder in entries:
        if folder.is_symlink() or not (folder / results_file.NAME).is_file():
            continue
        if environment is None or environment_in(folder) in (environment, None):
            yield folder
