"""
Match the signs of the known causes against what a run observed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from textwrap import shorten
from typing import Any

from livekit_conformance.catalogue.cause import AnyOf, Between, Cause, Condition, Given, Not, Sign
from livekit_conformance.catalogue.chain import WITNESSES, Link, upstream
from livekit_conformance.diagnosis.checks import clause_of, is_root, link_of, was_tried
from livekit_conformance.diagnosis.model import RANK, Confidence, Diagnosis, texts
from livekit_conformance.findings import Finding
from livekit_conformance.observations import CheckOutcome, FindingSeen, LogWarning, Observation
from livekit_conformance.verdict import CROSSED, CheckRecord, Verdict

Seen = Mapping[str, Sequence[Observation]]
_BROKEN = frozenset({Verdict.FAIL, Verdict.BLOCKED, Verdict.KNOWN})
_UNHAPPY = _BROKEN | {Verdict.WARN}
# A repeated symptom adds no proof; the journal has all of them.
EVIDENCE_OF_A_KIND = 2
# Enough for the decisive words of a line; the evidence files have the whole line.
_EVIDENCE_LENGTH = 300


def known_causes(
    records: Sequence[CheckRecord], observations: Sequence[Observation], causes: Sequence[Cause]
) -> list[Diagnosis]:
    """
    Return the causes that were seen, most certain first.
    """
    # By kind: a sign looks at one kind only, and there are more than a hundred signs.
    seen: defaultdict[str, list[Observation]] = defaultdict(list)
    clear: defaultdict[str, list[Observation]] = defaultdict(list)
    # A check blocked by another one was not tried: it shows nothing.
    tried = [record for record in records if record.blocked_by is None]
    found_by = (each for record in tried for each in _findings_of(record))
    for observation in (*observations, *map(_as_observation, tried), *found_by):
        seen[observation.kind].append(observation)
        if not (isinstance(observation, LogWarning) and observation.unclear):
            clear[observation.kind].append(observation)
    found = [
        (cause, diagnosis)
        for cause in causes
        if (diagnosis := _consider(cause, seen, clear, records)) is not None
    ]
    ids = {diagnosis.id for _, diagnosis in found}
    exact = (
        diagnosis
        for cause, diagnosis in found
        if ids.isdisjoint(cause.yields_to)
        and not (
            cause.is_general
            and any(
                _is_told_by(diagnosis, other) for refined, other in found if not refined.is_general
            )
        )
    )
    return sorted(exact, key=lambda diagnosis: RANK[diagnosis.confidence])


def _is_told_by(general: Diagnosis, exact: Diagnosis) -> bool:
    """
    Return whether `exact` says the same as `general`, and more: of the same thing, or of its link.
    """
    if not set(general.evidence).isdisjoint(exact.evidence):
        return True
    is_about_it = general.link == exact.link or set(general.checks) <= set(exact.checks)
    return exact.confidence == "certain" and is_about_it


def _consider(
    cause: Cause, seen: Seen, clear: Seen, records: Iterable[CheckRecord]
) -> Diagnosis | None:
    """
    Return the diagnosis if the cause was seen; `clear` are observations certainly about this run.

    A cause that needs others is possible, no more.
    """
    if not _is_shown(cause, seen) or any_seen(cause.excludes, seen):
        return None
    if cause.link in WITNESSES:
        place = _place_of(cause, seen, records)
        cause = replace(cause, link=place, breaks=(*cause.breaks, cause.link))
    explained = [
        record
        for record in records
        if record.verdict in (_BROKEN if cause.is_general else _UNHAPPY)
        and was_tried(record)
        and _explains(cause, record)
    ]
    is_clear = _is_shown(cause, clear)
    is_certain = is_clear and any_seen(cause.proofs, clear)
    # Without proof, a cause that explains only checks blocked by others is no second fault.
    if not explained or not (is_certain or any(each.blocked_by is None for each in explained)):
        return None
    otherwise = cause.otherwise if is_clear else "possible"
    return diagnosis_of(
        cause, explained, _evidence(cause, seen), "certain" if is_certain else otherwise
    )


def _place_of(cause: Cause, seen: Seen, records: Iterable[CheckRecord]) -> Link:
    """
    Return the link that a sign of `cause` tells of if it is broken, or a broken link needs it.

    Else it is the link of the cause.
    """
    roots = {link_of(record) for record in records if is_root(record) and clause_of(record)}
    broken = roots.union(*(upstream(link, on_every_way=True) for link in roots))
    links = (
        observation.value("link") if observation.has("link") else None
        for sign in cause.shows
        for observation in seen.get(sign.kind, ())
        if matches(sign, observation)
    )
    return next((Link(link) for link in links if link in broken), cause.link)


def _is_shown(cause: Cause, seen: Seen) -> bool:
    return any_seen(cause.shows, seen) and all(any_seen((sign,), seen) for sign in cause.also)


def diagnosis_of(
    cause: Cause,
    explained: Sequence[CheckRecord],
    evidence: Iterable[str],
    confidence: Confidence,
) -> Diagnosis:
    """
    Return `cause` as the diagnosis of the checks that it explains.
    """
    title, why, fix = texts(cause.id, cause.link, "en")
    return Diagnosis(
        id=cause.id,
        link=cause.link,
        title=title,
        cause=why,
        fix=fix,
        confidence=confidence,
        requirements=tuple(sorted({record.requirement for record in explained})),
        checks=tuple(record.id for record in explained),
        evidence=tuple(evidence),
    )


def _explains(cause: Cause, record: CheckRecord) -> bool:
    if (clause := clause_of(record)) is None:
        return False
    # A claim that could not be tested may have broken at its own link, whatever the network said.
    own = (clause.link,) if record.verdict is Verdict.BLOCKED else ()
    # A check that ended with a warning came through all the links before.
    before = () if record.verdict in CROSSED else clause.crosses
    crossed = {record.broken_link or clause.link, *own, *before}
    return not crossed.isdisjoint({cause.link, *cause.breaks})


def _evidence(cause: Cause, seen: Seen) -> Iterable[str]:
    signs = (*cause.shows, *cause.also)
    for sign in (*signs, *(proof for proof in cause.proofs if proof not in signs)):
        of_kind = seen.get(sign.kind, ())
        matching = (observation.summary for observation in of_kind if matches(sign, observation))
        distinct = dict.fromkeys(short(summary) for summary in matching)
        yield from list(distinct)[:EVIDENCE_OF_A_KIND]


def short(summary: str) -> str:
    """
    Return as much of `summary` as evidence shows.
    """
    return shorten(summary, _EVIDENCE_LENGTH, placeholder=" …")


def any_seen(signs: Iterable[Sign], seen: Seen) -> bool:
    """
    Return whether one of `signs` matches an observation.
    """
    return any(
        matches(sign, observation) for sign in signs for observation in seen.get(sign.kind, ())
    )


def matches(sign: Sign, observation: Observation) -> bool:
    """
    Return whether `observation` matches the description in `sign`.
    """
    return observation.kind == sign.kind and all(
        _fulfils(observation.value(name), condition) for name, condition in sign.where.items()
    )


def _fulfils(value: Any, condition: Condition) -> bool:
    match condition:
        case re.Pattern():
            return isinstance(value, str) and condition.search(value) is not None
        case Between(low, high):
            return isinstance(value, int | float) and low <= value <= high
        case Not(other):
            return not _fulfils(value, other)
        case AnyOf(values):
            return not values.isdisjoint(value if isinstance(value, tuple) else (value,))
        case Given():
            return bool(value)
        case _:
            return bool(value == condition)


def _findings_of(record: CheckRecord) -> Iterable[Observation]:
    """
    Yield the findings of a check, unless a known issue accepts them.
    """
    if record.verdict is Verdict.KNOWN:
        return
    for found in record.findings:
        yield finding_seen(
            found, f"{record.id}: {record.beside_statement}", record.id.partition("[")[0]
        )


def finding_seen(found: Finding, summary: str, clause: str = "") -> FindingSeen:
    """
    Return a finding as the signs of causes look at it.
    """
    return FindingSeen(
        0.0,
        summary,
        code=found.code,
        link=found.link,
        says=found.says,
        level=found.level,
        clause=clause,
        data=found.data,
    )


def _as_observation(record: CheckRecord) -> Observation:
    return CheckOutcome(
        0.0,
        f"{record.id}: {record.beside_statement if record.message else record.verdict}",
        id=record.id,
        verdict=record.verdict.value,
        link=record.broken_link,
    )
