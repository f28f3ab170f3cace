"""
Section of the report with the trend of the last runs, this one included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from livekit_conformance.reporting.page import colours
from livekit_conformance.reporting.page.model import (
    Column,
    Fold,
    Paragraph,
    Picture,
    Row,
    Section,
    Table,
)
from livekit_conformance.reporting.pictures.trend_chart import trend_chart
from livekit_conformance.reporting.result.trend import Point
from livekit_conformance.reporting.text import page_phrases, phrases
from livekit_conformance.wording import Language


def trend_sections(points: Sequence[Point], language: Language) -> Iterator[Section]:
    """
    Yield the section of the trend; nothing if this run is the first.
    """
    if not (chart := trend_chart(points, language)):
        return
    title = page_phrases.HEAD_TREND.say(language, count=len(points))
    columns = (
        Column(page_phrases.STARTED.say(language)),
        Column(phrases.VERDICT.say(language)),
        Column(page_phrases.SUCCESS_RATE.say(language)),
        Column(page_phrases.COVERAGE.say(language)),
        Column(page_phrases.DECIDED.say(language)),
        Column(page_phrases.VERSIONS.say(language)),
    )
    rows = tuple(_row(point, language) for point in reversed(points))
    runs = Fold(page_phrases.RUNS.say(language), (Table(title, columns, rows),))
    legend = Paragraph(page_phrases.TREND_LEGEND.say(language))
    yield Section("trend", title, (Picture(chart), legend, runs))


def _row(point: Point, language: Language) -> Row:
    unknown = page_phrases.UNKNOWN.say(language)
    return (
        point.started,
        colours.of_run(point.verdict),
        "n/a" if point.success_rate is None else f"{point.success_rate:.1f} %",
        f"{point.coverage:.1f} %",
        f"{point.decided}/{point.applicable}",
        f"{point.livekit_server or unknown}, {point.livekit_sip or unknown}",
    )
