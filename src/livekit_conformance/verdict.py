"""
Verdicts and their arithmetic: pure functions over the records of one run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Verdict(StrEnum):
    """
    What is known about one claim after its check.
    """

    PASS = "PASS"  # noqa: S105 - the verdict, not a password
    FAIL = "FAIL"
    WARN = "WARN"
    KNOWN = "KNOWN"
    BLOCKED = "BLOCKED"
    SKIPPED = "SKIPPED"
    ERROR = "ERROR"


# In this order people want to see them.
WORST_FIRST = (
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.WARN,
    Verdict.BLOCKED,
    Verdict.KNOWN,
    Verdict.SKIPPED,
    Verdict.PASS,
)
DECIDED = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.KNOWN})

Reason = Literal["not-applicable", "not-permitted", "not-configured"]
RunVerdict = Literal["CONFORMANT", "NOT CONFORMANT", "INCOMPLETE"]


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """
    The outcome of one check; the fields are those of `checks[]` in the result file.
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
    blocked_by: str | None = None
    # The link of the chain that this check found broken; None when it broke none.
    broken_link: str | None = None
    # ISO 8601 (UTC) with milliseconds; None for a check that never began.
    started: str | None = None
    duration_s: float = 0.0
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Counts of verdicts with the two figures that are always shown together.
    """

    counts: Counter[Verdict] = field(default_factory=Counter)
    not_applicable: int = 0

    @property
    def decided(self) -> int:
        """
        How many claims the run settled one way or the other.
        """
        return sum(self.counts[verdict] for verdict in DECIDED)

    @property
    def success_rate(self) -> float | None:
        """
        PASS / decided, in per cent; None when nothing was decided.
        """
        return 100.0 * self.counts[Verdict.PASS] / self.decided if self.decided else None

    @property
    def coverage(self) -> float:
        """
        Decided / all that applied, in per cent; 0 when nothing applied.
        """
        applied = self.counts.total() - self.not_applicable
        return 100.0 * self.decided / applied if applied else 0.0


def tally(records: Iterable[CheckRecord]) -> Tally:
    """
    Count the verdicts of `records`.
    """
    records = list(records)
    return Tally(
        Counter(record.verdict for record in records),
        sum(record.reason == "not-applicable" for record in records),
    )


def run_verdict(records: Iterable[CheckRecord]) -> RunVerdict:
    """
    The verdict of a whole run: any FAIL is NOT CONFORMANT, anything undecided is INCOMPLETE.

    A run that decided nothing proves nothing and is INCOMPLETE.
    """
    counts = tally(records)
    if counts.counts[Verdict.FAIL]:
        return "NOT CONFORMANT"
    if counts.counts[Verdict.BLOCKED] or counts.counts[Verdict.ERROR] or not counts.decided:
        return "INCOMPLETE"
    return "CONFORMANT"
