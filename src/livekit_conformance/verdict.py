"""
Verdicts and their arithmetic: pure functions over the records of one run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from livekit_conformance.findings import Finding


class Verdict(StrEnum):
    """
    Verdict on one claim after its check.
    """

    PASS = "PASS"  # noqa: S105 - the verdict, not a password
    FAIL = "FAIL"
    WARN = "WARN"
    KNOWN = "KNOWN"
    BLOCKED = "BLOCKED"
    SKIPPED = "SKIPPED"
    ERROR = "ERROR"


# Order in reports.
WORST_FIRST = (
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.WARN,
    Verdict.BLOCKED,
    Verdict.KNOWN,
    Verdict.SKIPPED,
    Verdict.PASS,
)
UNSUCCESSFUL = frozenset({Verdict.FAIL, Verdict.BLOCKED, Verdict.ERROR})
# Their checks came through all the links that they cross.
CROSSED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.KNOWN})
DECIDED = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.KNOWN})

Reason = Literal["not-applicable", "not-permitted", "not-configured"]
RunVerdict = Literal["CONFORMANT", "PARTIALLY CONFORMANT", "NOT CONFORMANT", "INCOMPLETE"]
# No claim that was checked is violated, and none of them was left undecided.
ACCEPTED: frozenset[RunVerdict] = frozenset({"CONFORMANT", "PARTIALLY CONFORMANT"})


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """
    Outcome of one check, with the fields of `checks[]` in the result file.
    """

    id: str
    node_id: str
    requirement: str
    area: str
    level: Literal["MUST", "SHOULD"]
    statement: str
    verdict: Verdict
    reason: Reason | None = None
    message: str | None = None
    # The message without the statement; None where it does not repeat the statement, or is no more.
    seen: str | None = None
    # Addresses of the tickets of the known issue that this verdict is.
    issues: tuple[str, ...] = ()
    blocked_by: str | None = None
    # Link of the chain that this check found broken; None if it found none.
    broken_link: str | None = None
    # ISO 8601 (UTC) with milliseconds; None for a check that never began.
    started: str | None = None
    duration_s: float = 0.0
    evidence: tuple[str, ...] = ()
    # What the check found, as data: why it failed, or could not be made.
    findings: tuple[Finding, ...] = ()

    @property
    def beside_statement(self) -> str:
        """
        Return what to show where the statement stands: what was seen, or why nothing was.
        """
        return self.seen or self.message or self.statement


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Counts of verdicts with the two figures that are always shown together.

    `not_selected` counts the checks of the catalogue that the run left out (`-k`, `-m`, a path).
    """

    counts: Counter[Verdict] = field(default_factory=Counter)
    not_applicable: int = 0
    not_selected: int = 0

    @property
    def decided(self) -> int:
        """
        Number of claims that the run settled one way or the other.
        """
        return sum(self.counts[verdict] for verdict in DECIDED)

    @property
    def attempted(self) -> int:
        """
        Number of checks that the run meant to make: all but the skipped ones.
        """
        return self.counts.total() - self.counts[Verdict.SKIPPED]

    @property
    def applicable(self) -> int:
        """
        Number of claims that apply, whether the run checked them or not.
        """
        return self.counts.total() - self.not_applicable + self.not_selected

    @property
    def success_rate(self) -> float | None:
        """
        Return PASS / attempted in per cent; None when nothing was attempted.
        """
        return 100.0 * self.counts[Verdict.PASS] / self.attempted if self.attempted else None

    @property
    def coverage(self) -> float:
        """
        Return decided / applicable in per cent; 0 when nothing applies.
        """
        return 100.0 * self.decided / self.applicable if self.applicable else 0.0


def tally(records: Iterable[CheckRecord], *, not_selected: int = 0) -> Tally:
    """
    Count the verdicts of `records`.
    """
    records = list(records)
    return Tally(
        Counter(record.verdict for record in records),
        sum(record.reason == "not-applicable" for record in records),
        not_selected,
    )


def run_verdict(figures: Tally) -> RunVerdict:
    """
    Return the verdict of a run or of a part of it.

    Any FAIL is NOT CONFORMANT; any BLOCKED or ERROR is INCOMPLETE, and so is a run that decided
    nothing. A run that did not check every applicable claim is PARTIALLY CONFORMANT at best.
    """
    counts = figures.counts
    if counts[Verdict.FAIL]:
        return "NOT CONFORMANT"
    if counts[Verdict.BLOCKED] or counts[Verdict.ERROR] or not figures.decided:
        return "INCOMPLETE"
    return "CONFORMANT" if figures.decided == figures.applicable else "PARTIALLY CONFORMANT"
