"""
From what was seen to what is wrong: pure functions, records in, ranked causes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any, Literal

from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.diagnoses import CAUSES, Between, Cause, Condition, Sign
from livekit_conformance.observations import Observation
from livekit_conformance.verdict import CheckRecord, Verdict

Confidence = Literal["certain", "likely", "possible"]

_RANK: Mapping[Confidence, int] = {"certain": 0, "likely": 1, "possible": 2}
_UNHAPPY = frozenset({Verdict.FAIL, Verdict.BLOCKED, Verdict.WARN, Verdict.KNOWN})
# A retransmitted symptom proves nothing more; the journal has all of them.
_EVIDENCE_OF_A_KIND = 2
# The decisive words of a line; the whole of it is in the evidence files.
_EVIDENCE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """
    A cause that explains checks of this run; the fields are those of the result file.
    """

    id: str
    title: str
    cause: str
    fix: str
    confidence: Confidence
    requirements: tuple[str, ...]
    checks: tuple[str, ...]
    evidence: tuple[str, ...]


def diagnose(
    records: Sequence[CheckRecord], observations: Sequence[Observation]
) -> tuple[Diagnosis, ...]:
    """
    The causes that were seen and explain at least one unhappy check, most certain first.
    """
    seen = [*observations, *(_as_observation(record) for record in records)]
    found = [
        diagnosis for cause in CAUSES if (diagnosis := _consider(cause, seen, records)) is not None
    ]
    return tuple(sorted(found, key=lambda diagnosis: _RANK[diagnosis.confidence]))


def _consider(
    cause: Cause, seen: Sequence[Observation], records: Iterable[CheckRecord]
) -> Diagnosis | None:
    if not _any(cause.shows, seen) or _any(cause.excludes, seen):
        return None
    explained = [
        record for record in records if record.verdict in _UNHAPPY and _explains(cause, record)
    ]
    if not explained:
        return None
    return Diagnosis(
        id=cause.id,
        title=cause.title,
        cause=cause.cause,
        fix=cause.fix,
        confidence="certain" if _any(cause.proofs, seen) else cause.otherwise,
        requirements=tuple(sorted({record.requirement for record in explained})),
        checks=tuple(record.id for record in explained),
        evidence=tuple(_evidence(cause, seen)),
    )


def _explains(cause: Cause, record: CheckRecord) -> bool:
    clause: Clause | None = BY_ID.get(record.id.partition("[")[0])
    if clause is None:
        return False
    return cause.link in (record.broken_link or clause.link, *clause.crosses)


def _evidence(cause: Cause, seen: Sequence[Observation]) -> Iterable[str]:
    for sign in (*cause.shows, *(proof for proof in cause.proofs if proof not in cause.shows)):
        matching = (observation.summary for observation in seen if matches(sign, observation))
        told = dict.fromkeys(
            shorten(summary, _EVIDENCE_LENGTH, placeholder=" …") for summary in matching
        )
        yield from list(told)[:_EVIDENCE_OF_A_KIND]


def _any(signs: Iterable[Sign], seen: Sequence[Observation]) -> bool:
    return any(matches(sign, observation) for sign in signs for observation in seen)


def matches(sign: Sign, observation: Observation) -> bool:
    """
    Whether an observation is what a sign describes.
    """
    return observation.kind == sign.kind and all(
        _fulfils(observation.details.get(name), condition) for name, condition in sign.where.items()
    )


def _fulfils(value: Any, condition: Condition) -> bool:
    match condition:
        case re.Pattern():
            return isinstance(value, str) and condition.search(value) is not None
        case Between(low, high):
            return isinstance(value, int | float) and low <= value <= high
        case _:
            return bool(value == condition)


def _as_observation(record: CheckRecord) -> Observation:
    return Observation(
        0.0,
        "check",
        f"{record.id}: {record.message or record.verdict}",
        {"id": record.id, "verdict": record.verdict.value},
    )
