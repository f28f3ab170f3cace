"""
report.html: the page for people.
"""

from __future__ import annotations

from pathlib import Path

from livekit_conformance.reporting.page.rendering import render
from livekit_conformance.reporting.page.report import report_page, summary_page
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.result.trend import before
from livekit_conformance.reporting.result.whole_files import write_whole


def write(result: Result, path: Path) -> None:
    """
    Write the page of a run to `path`, which lies in the folder of that run.
    """
    trend = before(result, path.parent.parent)
    write_whole(path, render(report_page(result, trend.points)))


def summary(result: Result) -> str:
    """
    Return the page without the single checks and with its own style, for pytest-html's page.
    """
    return render(summary_page(result), "embedded")
