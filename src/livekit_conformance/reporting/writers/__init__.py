"""
Writers, one per format: each turns the one result of a run into a file and counts nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.writers import (
    allure,
    ctrf,
    html,
    junit,
    results_json,
    summary_md,
    timelines,
)

# File or folder name -> its writer.
WRITERS: dict[str, Callable[[Result, Path], None]] = {
    "results.json": results_json.write,
    "junit.xml": junit.write,
    "ctrf.json": ctrf.write,
    "summary.md": summary_md.write,
    "allure-results": allure.write,
    "report.html": html.write,
    "evidence": timelines.write,
}


def write_all(result: Result, directory: Path) -> None:
    """
    Write every report of `result` into `directory`; raise OSError if one cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, write in WRITERS.items():
        write(result, directory / name)
