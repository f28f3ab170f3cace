"""
report.html: the page for people.
"""

from __future__ import annotations

from pathlib import Path

from livekit_conformance.reporting.page.rendering import render
from livekit_conformance.reporting.page.report import report_page, summary_page
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.result.trend import before


def write(result: Result, path: Path) -> None:
    """
    Write the page of the run whose folder `path` is in.
    """
    trend = before(result, path.parent.parent)
    path.write_text(render(report_page(result, trend.points)), encoding="utf-8")


def summary(result: Result) -> str:
    """
    Return the same without the single checks, with its own style: for the page of pytest-html.
    """
    return render(summary_page(result), "embedded")
