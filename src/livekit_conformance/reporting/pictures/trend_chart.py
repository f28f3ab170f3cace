"""
Draw the trend of the last runs: success rate and coverage as lines, verdicts as marks.
"""

from __future__ import annotations

from collections.abc import Sequence

from livekit_conformance.reporting.pictures import svg
from livekit_conformance.reporting.result.trend import Point, comparable
from livekit_conformance.reporting.text import page_phrases as phrases
from livekit_conformance.wording import Language

# As wide as a phone shows it; the page enlarges it where there is room.
_WIDTH, _HEIGHT = 350, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 338, 14, 150
_ALL = 100.0


def trend_chart(points: Sequence[Point], language: Language, *, name: str = "trend") -> str:
    """
    Return the picture of at least two runs, oldest first; empty if there are fewer.

    `name` makes its ids: no other picture of the page may have it.
    """
    rates = [point.success_rate for point in points if point.success_rate is not None]
    if len(points) < 2 or not rates:  # noqa: PLR2004 - one point is no trend
        return ""
    figures = [*rates, *(point.coverage for point in points)]
    lowest = min(90.0, min(figures) // 10 * 10)

    def x(number: int) -> float:
        return _LEFT + (_RIGHT - _LEFT) * number / (len(points) - 1)

    def y(rate: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (rate - lowest) / (_ALL - lowest)

    body = ""
    for rate in (_ALL, (_ALL + lowest) / 2, lowest):
        body += svg.path(f"M{_LEFT} {y(rate):.1f}H{_RIGHT}", kind="lkc-lane", width=1)
        body += svg.text(_LEFT - 8, y(rate) + 4, f"{rate:g} %", anchor="end", kind="lkc-quiet")
    compared = comparable(points)
    coverage = [(x(n), y(point.coverage)) for n, point in enumerate(points)]
    success = [
        (x(n), y(point.success_rate))
        for n, point in enumerate(points)
        if point in compared and point.success_rate is not None
    ]
    best = [point.success_rate for point in compared if point.success_rate is not None]
    body += _line(coverage, kind="lkc-quiet", is_broken=True) + (_line(success) if success else "")
    for n, point in enumerate(points):
        body += _mark(point, x(n), y(point.success_rate or lowest))
    first, last = (point.started[:10] for point in (points[0], points[-1]))
    body += svg.text(_LEFT, _BOTTOM + 24, first, kind="lkc-quiet")
    body += svg.text(_RIGHT, _BOTTOM + 24, last, anchor="end", kind="lkc-quiet")
    description = phrases.TREND_DESC.say(
        language,
        count=len(points),
        first=first,
        last=last,
        lowest=_rate(min(best, default=None)),
        highest=_rate(max(best, default=None)),
        compared=len(compared),
        conformant=sum(point.verdict == "CONFORMANT" for point in points),
    )
    title = phrases.HEAD_TREND.say(language, count=len(points))
    return svg.picture(
        name, size=(_WIDTH, _HEIGHT), title=title, description=description, body=body
    )


def _line(places: Sequence[tuple[float, float]], *, kind: str = "", is_broken: bool = False) -> str:
    shape = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return svg.path(shape, kind=kind, is_broken=is_broken)


def _rate(per_cent: float | None) -> str:
    return "n/a" if per_cent is None else f"{per_cent:.1f} %"


def _mark(point: Point, x: float, y: float) -> str:
    match point.verdict:
        case "CONFORMANT":
            return svg.dot(x, y, kind="lkc-good")
        case "PARTIALLY CONFORMANT":
            return svg.ring(x, y, kind="lkc-undecided")
        case "NOT CONFORMANT":
            return svg.cross(x, y, kind="lkc-bad", size=4)
        case "INCOMPLETE":
            return svg.bar(x - 3.5, y - 3.5, 7, 7, kind="lkc-undecided")
