"""
Present a series of runs: as a document for people, as JSON for machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from livekit_conformance.comparison import words
from livekit_conformance.comparison.document import ComparisonDocument, ComparisonSection, Row
from livekit_conformance.comparison.series import Entry, Series, Times
from livekit_conformance.reporting.page import colours
from livekit_conformance.reporting.page.colours import TONES
from livekit_conformance.reporting.pictures.trend_chart import trend_chart
from livekit_conformance.reporting.text import page_phrases
from livekit_conformance.wording import Language

SCHEMA = 1
Unread = Sequence[tuple[str, str]]


def document(several: Sequence[Series], unread: Unread, language: Language) -> ComparisonDocument:
    """
    Return the document that people read: one environment after the other, each by itself.
    """
    sentences = tuple(words.UNREAD.say(language, name=name, why=why) for name, why in unread)
    documents = tuple(
        _environment(series, number, language) for number, series in enumerate(several)
    )
    if len(documents) == 1:
        return replace(documents[0], sentences=sentences)
    last = {series.environment: series.entries[-1].point.verdict for series in several}
    return ComparisonDocument(
        language,
        words.TRENDS.say(language, count=len(several)),
        "; ".join(f"{environment}: {verdict}" for environment, verdict in last.items()),
        colours.of_worst(last.values()),
        sentences,
        parts=documents,
    )


def as_json(several: Sequence[Series], unread: Unread) -> dict[str, Any]:
    """
    Return the series as plain JSON values.
    """
    return {
        "schema": SCHEMA,
        "unread": [{"name": name, "why": why} for name, why in unread],
        "environments": [
            {
                "environment": series.environment,
                "runs": [
                    asdict(entry.point)
                    | {
                        "checks": asdict(entry.checks),
                        "answered_s": entry.answered_s,
                        "flips": entry.flips,
                    }
                    for entry in series.entries
                ],
                "times": {
                    "run": asdict(series.runs),
                    "check": asdict(series.checks),
                    "answer": asdict(series.answers),
                },
                "flips": series.flips,
                "pairs": series.pairs,
                "flake_rate": series.flake_rate,
                "flippers": [asdict(flipper) for flipper in series.flippers],
            }
            for series in several
        ],
    }


def _environment(series: Series, number: int, language: Language) -> ComparisonDocument:
    last = series.entries[-1].point
    count = len(series.entries)
    return ComparisonDocument(
        language,
        words.TREND.say(language, environment=series.environment, count=count),
        words.LAST_RUN.say(
            language,
            verdict=last.verdict,
            rate=_per_cent(last.success_rate),
            coverage=f"{last.coverage:.1f} % ({last.decided}/{last.applicable})",
            count=count,
            conformant=sum(entry.point.verdict == "CONFORMANT" for entry in series.entries),
        ),
        TONES[last.verdict],
        sections=tuple(_sections(series, number, language)),
    )


def _sections(series: Series, number: int, language: Language) -> Iterator[ComparisonSection]:
    columns = (
        *(words.RUN, words.VERDICT, words.RATE, words.COVERAGE, words.DECIDED, words.DURATION),
        *(words.CHECKS_P50, words.CHECKS_P95, words.ANSWER, words.FLIPS, words.VERSIONS),
    )
    rows = tuple(_row(entry, language) for entry in series.entries)
    points = [entry.point for entry in series.entries]
    picture = trend_chart(points, language, name=f"trend-{number}")
    yield ComparisonSection(
        words.RUNS_IN_ROW.say(language),
        head=tuple(text.say(language) for text in columns),
        rows=rows,
        picture=picture,
        legend=page_phrases.TREND_LEGEND.say(language) if picture else "",
        shown=len(rows),
    )
    head = (words.MEASURE.say(language), words.SAMPLES.say(language), "p50", "p95")
    measures = (
        (words.TIME_OF_RUN, series.runs),
        (words.TIME_OF_CHECK, series.checks),
        (words.TIME_OF_ANSWER, series.answers),
    )
    times = tuple((name.say(language), *_times(measured, language)) for name, measured in measures)
    yield ComparisonSection(words.TIMES.say(language), head=head, rows=times)
    yield _flipping(series, language)


def _row(entry: Entry, language: Language) -> Row:
    point = entry.point
    unknown = words.UNKNOWN.say(language)
    versions = [version or unknown for version in (point.livekit_server, point.livekit_sip)]
    return (
        point.run_id,
        colours.of_run(point.verdict),
        _per_cent(point.success_rate),
        _per_cent(point.coverage),
        f"{point.decided}/{point.applicable}",
        _seconds(point.duration_s, language),
        _seconds(entry.checks.p50_s, language),
        _seconds(entry.checks.p95_s, language),
        _seconds(entry.answered_s, language),
        str(entry.flips),
        unknown if set(versions) == {unknown} else " / ".join(versions),
    )


def _flipping(series: Series, language: Language) -> ComparisonSection:
    title = words.FLIPPING.say(language)
    if series.flake_rate is None:
        return ComparisonSection(title, (words.NO_FLAKE_RATE.say(language),))
    rate = words.FLAKE_RATE.say(
        language, rate=f"{series.flake_rate:.2f}", flips=series.flips, pairs=series.pairs
    )
    if not series.flippers:
        return ComparisonSection(title, (rate,))
    columns = (words.CHECK, words.FLIPS, words.RESULTS, words.HISTORY)
    rows = tuple(
        (flipper.id, str(flipper.flips), str(flipper.pairs), flipper.history)
        for flipper in series.flippers
    )
    head = tuple(text.say(language) for text in columns)
    return ComparisonSection(title, (rate, words.LETTERS.say(language)), head, rows)


def _times(of: Times, language: Language) -> Row:
    return str(of.samples), _seconds(of.p50_s, language), _seconds(of.p95_s, language)


def _seconds(value: float | None, language: Language) -> str:
    return "" if value is None else words.seconds(value, language)


def _per_cent(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1f} %"
