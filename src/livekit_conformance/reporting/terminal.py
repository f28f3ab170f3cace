"""
What the terminal shows: the words of pytest replaced by verdicts, causes before symptoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from livekit_conformance.reporting import phrases, words
from livekit_conformance.reporting.model import Result
from livekit_conformance.reporting.session import RunState
from livekit_conformance.verdict import CheckRecord, Verdict

Status = tuple[str, str, tuple[str, dict[str, bool]]]

_STATUS: dict[Verdict, tuple[str, dict[str, bool]]] = {
    Verdict.PASS: (".", {"green": True}),
    Verdict.FAIL: ("F", {"red": True}),
    Verdict.WARN: ("w", {"yellow": True}),
    Verdict.KNOWN: ("k", {"yellow": True}),
    Verdict.BLOCKED: ("b", {"yellow": True}),
    Verdict.SKIPPED: ("s", {"yellow": True}),
    Verdict.ERROR: ("E", {"red": True}),
}


def header(run: RunState) -> list[str]:
    """
    What is tested, from where its settings come, and where the reports will be.
    """
    allowed = ", ".join(sorted(run.profile.allow))
    target = run.clean(run.profile.livekit.url) or "chosen when it starts"
    return [
        f"environment: {run.environment} ({run.profile.kind}), target: {target}",
        f"allowed: {allowed}; variables: {words.variables(run.run.variables)}",
        f"run: {run.run.id}, reports: {run.directory}",
    ]


def status(record: CheckRecord) -> Status:
    """
    Category, letter and coloured word for a verdict.
    """
    letter, markup = _STATUS[record.verdict]
    return record.verdict.value, letter, (record.verdict.value, markup)


def tell(
    out: pytest.TerminalReporter,
    result: Result,
    directory: Path,
    tracebacks: Sequence[tuple[str, str]],
) -> None:
    """
    Write the final summary.
    """
    _tell_causes(out, result)
    _tell_failures(out, result)
    for name, text in tracebacks:
        out.section(f"{name}: error of the suite", sep="_")
        out.write_line(text)
    out.section(phrases.CONFORMANCE.say(result.language), sep="=")
    rows = words.requirement_rows(result)
    width = max(len(row[0]) for row in rows)
    for requirement, verdict, numbers, counts in rows:
        out.write_line(f"{requirement:<{width}}  {verdict}: {counts}")
        out.write_line(f"{'':<{width}}  {numbers}")
    for line in words.skipped_lines(result):
        out.write_line(line)
    if result.run.interrupted:
        told = phrases.INTERRUPTED.say(result.language, why=result.run.interrupted)
        out.write_line(told, yellow=True)
    colour = {"green": True} if result.verdict == "CONFORMANT" else {"red": True}
    out.write_line(words.headline(result), bold=True, **colour)
    out.write_line(words.figures(result.summary, result.language))
    out.write_line(phrases.REPORT.say(result.language, path=directory / "report.html"))


def _tell_causes(out: pytest.TerminalReporter, result: Result) -> None:
    if not result.diagnoses:
        return
    out.section(phrases.DIAGNOSIS.say(result.language), sep="=", red=True, bold=True)
    for line in words.chain_lines(result):
        out.write_line(line, bold=True)
    for diagnosis in result.diagnoses:
        title, *lines = words.diagnosis_lines(result, diagnosis)
        out.write_line(title, bold=True)
        for line in lines:
            out.write_line(line)


def _tell_failures(out: pytest.TerminalReporter, result: Result) -> None:
    if not (roots := result.roots()):
        return
    out.section(phrases.FINDINGS.say(result.language), sep="=")
    for root in roots:
        first, *folded = words.problem_lines(result, root)
        out.write_line(first, **_STATUS[root.verdict][1])
        for line in folded:
            out.write_line(line)
