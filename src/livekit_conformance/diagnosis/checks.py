"""
Outcomes of checks as the diagnosis sees them: which of them found a link broken, and when.
"""

from __future__ import annotations

import math
from datetime import datetime

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.verdict import CheckRecord, Verdict


def clause_of(record: CheckRecord) -> Clause | None:
    """
    Return the clause of a check; None for a check of the user's own.
    """
    return BY_ID.get(record.id.partition("[")[0])


def is_root(record: CheckRecord) -> bool:
    """
    Return whether the check itself found a link broken, and was not blocked by another check.
    """
    is_broken = record.verdict is Verdict.FAIL or (
        # A check that the run cut short, or never reached, proves no link broken.
        record.verdict is Verdict.BLOCKED and record.broken_link is not None
    )
    return is_broken and record.blocked_by is None and "#" not in record.id


def was_tried(record: CheckRecord) -> bool:
    """
    Return whether the run reached the check: it was neither skipped nor left over at the end.
    """
    if record.verdict is Verdict.BLOCKED:
        return bool(record.blocked_by or record.broken_link)
    return record.verdict is not Verdict.SKIPPED


def time_of(record: CheckRecord) -> tuple[float, float]:
    """
    Return the times at which the check began and ended; both infinite if it never began.
    """
    if record.started is None:
        return math.inf, math.inf
    began = datetime.fromisoformat(record.started).timestamp()
    return began, began + record.duration_s


def link_of(record: CheckRecord) -> Link:
    """
    Return the link that an unhappy check found broken; raise KeyError for a check of no clause.
    """
    return Link(record.broken_link or BY_ID[record.id.partition("[")[0]].link)
