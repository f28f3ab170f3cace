"""
Terminal output of a run: verdicts in place of pytest's outcomes, causes before symptoms.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from livekit_conformance.layout import cut, folded, one_line, width_of
from livekit_conformance.reporting.result.model import Result, is_root
from livekit_conformance.reporting.run.session import RunState
from livekit_conformance.reporting.terminal import summary_layout
from livekit_conformance.reporting.terminal.summary_layout import SummaryLine
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import CheckRecord, Verdict
from livekit_conformance.wording import Language

Status = tuple[str, str, tuple[str, dict[str, bool]]]

_LETTERS: dict[Verdict, str] = {
    Verdict.PASS: ".",
    Verdict.FAIL: "F",
    Verdict.WARN: "w",
    Verdict.KNOWN: "k",
    Verdict.BLOCKED: "b",
    Verdict.SKIPPED: "s",
    Verdict.ERROR: "E",
}
# Rows of the last screen, whatever the terminal's height is, without what pytest adds.
_FEWEST, _MOST = 24, 40
_PYTESTS_OWN = 3


def header(run: RunState) -> list[str]:
    """
    Return the lines that name the target, the source of its settings and the folder of reports.
    """
    allowed = ", ".join(sorted(run.profile.allow))
    target = run.clean(run.profile.livekit.url) or "chosen when it starts"
    lines = (
        f"environment: {run.environment} ({run.profile.kind}), target: {target}",
        f"allowed: {allowed}; variables: {words.variables(run.run.variables)}",
        f"run: {run.run.id}, reports: {run.directory}",
    )
    width = width_of(sys.stdout)
    return [row for line in lines for row in folded(line, width)]


def status(report: pytest.CollectReport | pytest.TestReport) -> Status | None:
    """
    Return category, letter and coloured word for the report of a check; None for any other.
    """
    record: CheckRecord | None = getattr(report, "check", None)
    if record is None:
        return None
    if is_superseded(report):
        return "rerun", "R", ("RERUN", {"yellow": True})
    verdict = record.verdict
    return verdict.value, _LETTERS[verdict], (verdict.value, dict(summary_layout.COLOURS[verdict]))


def is_superseded(report: pytest.CollectReport | pytest.TestReport) -> bool:
    """
    Return whether the test is run again, so that this report does not count (`--reruns`).
    """
    return str(report.outcome) == "rerun"


def finding(
    record: CheckRecord, width: int, language: Language
) -> tuple[str, dict[str, bool]] | None:
    """
    Return a line about a finished check that needs attention; None for any other.
    """
    if not is_root(record):
        return None
    text = f"{record.verdict:<8}{record.id}: {words.message(record, language)}"
    return cut(one_line(text), width), dict(summary_layout.COLOURS[record.verdict])


def write_summary(
    out: pytest.TerminalReporter,
    result: Result,
    directory: Path,
    tracebacks: Sequence[tuple[str, str]],
) -> None:
    """
    Write the final summary: all of it with -v, only the essential lines with -q.
    """
    width = width_of(sys.stdout)
    lines = shutil.get_terminal_size().lines
    rows = min(max(lines, _FEWEST), _MOST) if out.isatty() else _MOST
    height = rows - _PYTESTS_OWN
    report = directory / "report.html"
    page = report if report.is_file() else None
    if out.verbosity < 0:
        _write(out, summary_layout.quiet(result, page, height=height, width=width), width)
        return
    for name, text in tracebacks:
        out.section(f"{name}: error of the suite", sep="_")
        for line in text.splitlines():
            out.write_line(one_line(line))
    if out.verbosity > 0:
        _write(out, summary_layout.whole(result, page), width)
    else:
        _write(out, summary_layout.fitted(result, page, height=height, width=width), width)


def _write(out: pytest.TerminalReporter, lines: Iterable[SummaryLine], width: int | None) -> None:
    for line in lines:
        if line.is_heading:
            out.section(line.text, sep="=", **line.markup)
        else:
            for row in folded(line.text, width):
                out.write_line(row, **line.markup)
