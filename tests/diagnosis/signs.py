"""
Made-up checks and observations, and the causes that the diagnosis names for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from livekit_conformance.catalogue.cause import Cause
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.errors import Failure, Phase, Unreachable
from livekit_conformance.findings import Finding
from livekit_conformance.observations import Kind, Observation
from livekit_conformance.protocol.sip.outcome import Answer, broken_link
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.observed import observed


def record(
    check: str,
    verdict: Verdict = Verdict.FAIL,
    link: str | None = None,
    *,
    message: str | None = None,
    blocked_by: str | None = None,
    findings: Iterable[Finding] = (),
) -> CheckRecord:
    """
    Return the outcome of a check; an unhappy one found the link of its clause broken, or `link`.
    """
    clause = BY_ID[check.partition("[")[0]]
    is_unhappy = verdict in {Verdict.FAIL, Verdict.BLOCKED}
    return CheckRecord(
        id=check,
        node_id="",
        requirement=clause.requirement,
        area=clause.area,
        level=clause.level,
        statement=clause.statement,
        verdict=verdict,
        message=message,
        blocked_by=blocked_by,
        broken_link=link or (clause.link if is_unhappy and blocked_by is None else None),
        findings=tuple(each.at(link or clause.link, clause.level) for each in findings),
    )


def unreached(check: str, link: str, phase: Phase, failure: Failure) -> CheckRecord:
    """
    Return a check that was BLOCKED because a request was lost in this phase, in this way.
    """
    lost = Unreachable("x", phase=phase, detail="", waited=0, remedy="", failure=failure)
    return record(check, Verdict.BLOCKED, link, findings=lost.findings)


def seen(kind: Kind, **details: object) -> Observation:
    return observed(1.0, kind, f"{kind} {details}", details)


def log(
    message: str, error: str = "", *, service: str = "livekit-sip", **fields: object
) -> Observation:
    details = {"service": service, "message": message, "error": error, **fields}
    return observed(2.0, "log", f"{service}: {message} {error}", details)


def call(
    outcome: str,
    status: int | None = None,
    *,
    at_s: float = 1.0,
    reason: str = "",
    **details: object,
) -> Observation:
    """
    Return a probe call that ended `at_s` seconds after its INVITE.
    """
    link = None if status is None else broken_link([Answer(status, at_s, reason)])
    answer = {
        "purpose": "probe",
        "outcome": outcome,
        "points_at": link,
        "final_status": status,
        "final_at_s": at_s,
    }
    return observed(1.0, "sip-call", f"{outcome}: {status} at {at_s} s", {**answer, **details})


def named(
    records: Sequence[CheckRecord], *observations: Observation, causes: Sequence[Cause] = CAUSES
) -> list[tuple[str, str]]:
    """
    Return the causes that explain the checks, each with its confidence.
    """
    found = diagnose(records, observations, causes)
    return [(diagnosis.id, diagnosis.confidence) for diagnosis in found]
