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
    Write the page of a run to `path`, which lies in the folder of that run.
    """
    trend = before(result, path.parent.parent)
    path.write_text(render(report_page(result, trend.points)), encoding="utf-8")


def summary(result: Result) -> str:
    """
    Return the page without the single checks and with its own style, for pytest-html's page.
    """
    return render(summary_page(result), "embedded")
