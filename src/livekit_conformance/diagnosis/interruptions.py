"""
Interruptions of a run, by the deployment or this machine, and the failures since.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from livekit_conformance.catalogue.cause import Cause
from livekit_conformance.catalogue.causes import BY_ID as CAUSE_BY_ID
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.clock_jumps import ClockJump
from livekit_conformance.diagnosis.checks import clause_of, time_of, was_tried
from livekit_conformance.diagnosis.matching import any_seen, diagnosis_of, matches
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.observations import Observation
from livekit_conformance.outages import Outage, lasts, outages_of
from livekit_conformance.verdict import CheckRecord, Verdict

# What came over the deployment or this machine in the middle of a run.
Interruption = Outage | ClockJump
_Of = TypeVar("_Of", bound=Interruption)


def outages_by_cause(
    records: Sequence[CheckRecord], observations: Sequence[Observation]
) -> dict[str, Outage]:
    """
    Return the outages during the run by the ids of their causes, in the order of their times.
    """
    outages = outages_of(undisturbed(records, observations))
    return {cause.id: outage for outage, cause in causes_of(outages, CAUSES).items()}


def outage_for(
    clause: Clause, records: Sequence[CheckRecord], observations: Sequence[Observation]
) -> Outage | None:
    """
    Return the outage that lasts, if there is one, of a service that a check of `clause` needs.
    """
    links = {clause.link, *clause.crosses}
    for cause_id, outage in outages_by_cause(records, observations).items():
        cause = CAUSE_BY_ID[cause_id]
        if not links.isdisjoint({cause.link, *cause.breaks}) and lasts(outage, observations):
            return outage
    return None


def root_of(outage: Outage, records: Iterable[CheckRecord]) -> CheckRecord | None:
    """
    Return the first check that failed, or could not be made, since the outage began.
    """
    failed = {Verdict.FAIL, Verdict.BLOCKED}
    return next(
        (
            record
            for record in records
            if record.verdict in failed
            and record.blocked_by is None
            and time_of(record)[1] > outage.until
        ),
        None,
    )


def undisturbed(
    records: Iterable[CheckRecord], observations: Iterable[Observation]
) -> list[Observation]:
    """
    Return the observations made before the suite itself disrupted the deployment.
    """
    disruptive = (
        time_of(record)[0]
        for record in records
        if record.verdict is not Verdict.SKIPPED
        and record.blocked_by is None
        and (clause := clause_of(record)) is not None
        and clause.effect is Effect.DISRUPT
    )
    until = min(disruptive, default=math.inf)
    return [seen for seen in observations if seen.at < until]


def causes_of(interruptions: Iterable[_Of], causes: Sequence[Cause]) -> dict[_Of, Cause]:
    """
    Return the cause of each interruption.
    """
    return {
        each: cause
        for each in interruptions
        for cause in causes
        if any(matches(sign, each.as_observation()) for sign in cause.shows)
    }


def split(records: Iterable[CheckRecord], at: float) -> tuple[list[CheckRecord], list[CheckRecord]]:
    """
    Return the checks that ended by `at`, and the others; one blocked by another goes with that.
    """
    records = list(records)
    late = {record.id for record in records if time_of(record)[1] > at}
    before: list[CheckRecord] = []
    since: list[CheckRecord] = []
    for record in records:
        root = record.blocked_by or record.id
        (since if root in late else before).append(record)
    return before, since


def of_interruption(
    interruption: Interruption, cause: Cause, since: Iterable[CheckRecord]
) -> Diagnosis:
    """
    Return its diagnosis: it explains whatever failed, or was not tried, afterwards.
    """
    explained = [
        record
        for record in since
        if record.verdict in {Verdict.FAIL, Verdict.BLOCKED}
        and was_tried(record)
        and time_of(record)[1] > interruption.until
    ]
    seen = interruption.as_observation()
    is_certain = any_seen(cause.proofs, {seen.kind: [seen]})
    confidence = "certain" if is_certain else cause.otherwise
    return diagnosis_of(cause, explained, [seen.summary], confidence)
