"""
What a person reads first, as lines of text: the terminal and summary.md say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.diagnosis import Diagnosis
from livekit_conformance.reporting.model import Result, counted, figures
from livekit_conformance.verdict import CheckRecord, Verdict

# More than this nobody reads in a line; `livekit-conformance list` has all.
_NAMED = 8


def headline(result: Result) -> str:
    """
    The verdict, never without how much was looked at.
    """
    return f"{result.verdict}: {counted(result.summary)}"


def explained(result: Result, diagnosis: Diagnosis) -> str:
    """
    The checks that a diagnosis explains, those that are only blocked folded into a number.
    """
    roots = {root.id for root in result.roots()}
    named = [check for check in diagnosis.checks if check in roots]
    folded = len(diagnosis.checks) - len(named)
    also = [f"{folded} checks that are blocked by it"] if folded else []
    return ", ".join([*named, *also])


def diagnosis_lines(result: Result, diagnosis: Diagnosis) -> Iterator[str]:
    """
    A cause, its fix and its evidence.
    """
    yield f"{diagnosis.title} [{diagnosis.confidence}]"
    yield f"  CAUSE     {diagnosis.cause}"
    yield f"  FIX       {diagnosis.fix}"
    for line in diagnosis.evidence:
        yield f"  EVIDENCE  {line}"
    yield f"  EXPLAINS  {explained(result, diagnosis)}"


def problem_lines(result: Result, root: CheckRecord) -> Iterator[str]:
    """
    One undecided or violated check, with what it blocks folded into one line.
    """
    yield f"{root.verdict:<8}{root.id}: {root.message or root.statement}"
    if blocked := result.blocked_by(root.id):
        yield f"        blocks {len(blocked)}: {', '.join(check.id for check in blocked)}"


def skipped_lines(result: Result) -> Iterator[str]:
    """
    What was not looked at and why, one line for each reason.
    """
    reasons: dict[str, list[str]] = {}
    for check in result.checks:
        if check.verdict is Verdict.SKIPPED:
            reasons.setdefault(f"{check.reason}: {check.message}", []).append(check.id)
    for reason, checks in reasons.items():
        yield f"SKIPPED {len(checks)}, {reason} ({', '.join(checks)})"
    if left := result.not_selected:
        named = ", ".join(left[:_NAMED]) + (", ..." if len(left) > _NAMED else "")
        yield f"{len(left)} clauses of the catalogue were not selected: {named}"


def requirement_rows(result: Result) -> list[tuple[str, str, str, str]]:
    """
    For each requirement: id and title, verdict, figures, counts.
    """
    return [
        (f"{group.id} {group.title}", group.words, figures(group), counted(group))
        for group in result.requirements
    ]
