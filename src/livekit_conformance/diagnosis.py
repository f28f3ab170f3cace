"""
Diagnose a run: pure functions from check records and observations to ranked causes.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from textwrap import shorten
from typing import Any, Literal, TypeVar

from livekit_conformance.catalogue.cause import Between, Cause, Condition, Not, Sign
from livekit_conformance.catalogue.causes import BY_ID as CAUSE_BY_ID
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import CALL_PATH, IMPLIED, PROVES_A_CALL, WITNESSES, Link
from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.catalogue.text import Language, Text
from livekit_conformance.clock_jumps import ClockJump, jumps_of
from livekit_conformance.observations import Observation
from livekit_conformance.outages import Outage, lasts, outages_of
from livekit_conformance.verdict import CheckRecord, Verdict

# `unknown`: the link is certainly broken, but no observation explains why.
Confidence = Literal["certain", "likely", "possible", "unknown"]
UNKNOWN = "cause-unknown"

# What came over the deployment or this machine in the middle of a run.
Interruption = Outage | ClockJump
_Of = TypeVar("_Of", bound=Interruption)
Seen = Mapping[str, Sequence[Observation]]

_RANK: Mapping[Confidence, int] = {"certain": 0, "likely": 1, "possible": 2, "unknown": 3}
_UNKNOWN_TITLE = Text(
    en="Cause unknown: broken at {link}", ru="Причина неизвестна: сломано звено «{link}»"
)
_UNKNOWN_CAUSE = Text(
    en="The checks below prove that it is broken. No known cause fits what was seen.",
    ru="Проверки ниже доказывают, что звено не работает. Ни одна известная причина не подходит.",
)
_CROSSED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.KNOWN})
_CALL_FAILED = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.KNOWN, Verdict.BLOCKED})
_UNHAPPY = frozenset({Verdict.FAIL, Verdict.BLOCKED, Verdict.WARN, Verdict.KNOWN})
# A repeated symptom adds no proof; the journal has all of them.
_EVIDENCE_OF_A_KIND = 2
# Enough for the decisive words of a line; the evidence files have the whole line.
_EVIDENCE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """
    Cause that explains checks of this run, with the fields of the result file.

    The texts are in English; `texts` returns them in every language. `link` is the broken link. An
    unknown cause has the id `cause-unknown`; its fix names the next thing to look at.
    """

    id: str
    link: str
    title: str
    cause: str
    fix: str
    confidence: Confidence
    requirements: tuple[str, ...]
    checks: tuple[str, ...]
    evidence: tuple[str, ...]


class CallsSeen(StrEnum):
    """
    State of calls as one run shows it.
    """

    WORK = "work"
    BROKEN = "broken"
    NOT_TRIED = "not-tried"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Chain:
    """
    Working and broken links of the chain, each in order.

    `last_working` is the last link seen working before the first broken one. Links that a call
    crosses come before links that are checked beside it. Both are None if there is no such link.
    """

    working: tuple[Link, ...]
    broken: tuple[Link, ...]
    last_working: Link | None
    first_broken: Link | None


def diagnose(
    records: Sequence[CheckRecord],
    observations: Sequence[Observation],
    causes: Sequence[Cause] = CAUSES,
) -> tuple[Diagnosis, ...]:
    """
    Return the causes that were seen and explain at least one unhappy check, most certain first.

    A broken link that none of them explains is included with an unknown cause.

    A service that stopped answering during the run, or a clock that was set, comes first: it
    explains what failed since. The other causes are searched for in the time before: afterwards,
    signs of both times would mix.
    """
    interruptions: list[Interruption] = [
        *outages_of(_undisturbed(records, observations)),
        *jumps_of(observations),
    ]
    causes_of = _causes_of(interruptions, causes)
    begin = min((each.until for each in causes_of), default=math.inf)
    before, since = _split(records, begin)
    known = _known(before, [seen for seen in observations if seen.at <= begin], causes)
    sudden = (_of_interruption(each, cause, since) for each, cause in causes_of.items())
    found = [*(each for each in sudden if each.checks), *known]
    return (*found, *_unexplained(before, found))


def outages_by_cause(
    records: Sequence[CheckRecord], observations: Sequence[Observation]
) -> dict[str, Outage]:
    """
    Return the outages during the run by the ids of their causes, in the order of their times.
    """
    outages = outages_of(_undisturbed(records, observations))
    return {cause.id: outage for outage, cause in _causes_of(outages, CAUSES).items()}


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
            and _time_of(record)[1] > outage.until
        ),
        None,
    )


def _known(
    records: Sequence[CheckRecord], observations: Sequence[Observation], causes: Sequence[Cause]
) -> list[Diagnosis]:
    """
    Return the causes that were seen, most certain first.
    """
    # By kind: a sign looks at one kind only, and there are more than a hundred signs.
    seen: defaultdict[str, list[Observation]] = defaultdict(list)
    clear: defaultdict[str, list[Observation]] = defaultdict(list)
    # A check blocked by another one was not tried: it shows nothing.
    tried = (record for record in records if record.blocked_by is None)
    for observation in (*observations, *map(_as_observation, tried)):
        seen[observation.kind].append(observation)
        if not observation.details.get("unclear"):
            clear[observation.kind].append(observation)
    found = [
        (cause, diagnosis)
        for cause in causes
        if (diagnosis := _consider(cause, seen, clear, records)) is not None
    ]
    ids = {diagnosis.id for _, diagnosis in found}
    exact = (diagnosis for cause, diagnosis in found if ids.isdisjoint(cause.yields_to))
    return sorted(exact, key=lambda diagnosis: _RANK[diagnosis.confidence])


def _undisturbed(
    records: Iterable[CheckRecord], observations: Iterable[Observation]
) -> list[Observation]:
    """
    Return the observations made before the suite itself disrupted the deployment.
    """
    disruptive = (
        _time_of(record)[0]
        for record in records
        if record.verdict is not Verdict.SKIPPED
        and record.blocked_by is None
        and (clause := _clause_of(record)) is not None
        and clause.effect is Effect.DISRUPT
    )
    until = min(disruptive, default=math.inf)
    return [seen for seen in observations if seen.at < until]


def _causes_of(interruptions: Iterable[_Of], causes: Sequence[Cause]) -> dict[_Of, Cause]:
    return {
        each: cause
        for each in interruptions
        for cause in causes
        if any(matches(sign, each.as_observation()) for sign in cause.shows)
    }


def _split(
    records: Iterable[CheckRecord], at: float
) -> tuple[list[CheckRecord], list[CheckRecord]]:
    """
    Return the checks that ended by `at`, and the others; one blocked by another goes with that.
    """
    records = list(records)
    late = {record.id for record in records if _time_of(record)[1] > at}
    before: list[CheckRecord] = []
    since: list[CheckRecord] = []
    for record in records:
        root = record.blocked_by or record.id
        (since if root in late else before).append(record)
    return before, since


def _time_of(record: CheckRecord) -> tuple[float, float]:
    """
    Return the times at which the check began and ended; both infinite if it never began.
    """
    if record.started is None:
        return math.inf, math.inf
    began = datetime.fromisoformat(record.started).timestamp()
    return began, began + record.duration_s


def _of_interruption(
    interruption: Interruption, cause: Cause, since: Iterable[CheckRecord]
) -> Diagnosis:
    """
    Return its diagnosis: it explains whatever failed, or was not tried, afterwards.
    """
    explained = [
        record
        for record in since
        if record.verdict in {Verdict.FAIL, Verdict.BLOCKED}
        and _was_tried(record)
        and _time_of(record)[1] > interruption.until
    ]
    seen = interruption.as_observation()
    is_certain = _any(cause.proofs, {seen.kind: [seen]})
    confidence = "certain" if is_certain else cause.otherwise
    return _diagnosis(cause, explained, [seen.summary], confidence)


def chain_of(records: Iterable[CheckRecord], diagnoses: Iterable[Diagnosis] = ()) -> Chain:
    """
    Return the links of the chain that these checks saw working and those they saw broken.

    The link of a service that has stopped is broken, though all its own checks may have passed
    before. It comes first: what other checks found broken afterwards follows from it.
    """
    working: set[Link] = set()
    broken: set[Link] = set()
    for record in records:
        if (clause := _clause_of(record)) is None:
            continue
        if record.verdict in _CROSSED:
            working |= {clause.link, *clause.crosses}
        elif _is_root(record):
            broken.add(link_of(record))
    stopped = [Link(diagnosis.link) for diagnosis in diagnoses if _has_stopped(diagnosis)]
    broken.update(stopped)
    # A later phase proves the earlier ones: a host that refused TCP was resolved by DNS.
    working |= {before for link in working | broken for before in IMPLIED.get(link, ())}
    working -= broken
    in_order = (*CALL_PATH, *(link for link in Link if link not in CALL_PATH))
    first = next((link for link in (*stopped, *in_order) if link in broken), None)
    before = in_order[: in_order.index(first)] if first is not None else CALL_PATH
    return Chain(
        tuple(link for link in in_order if link in working),
        tuple(link for link in in_order if link in broken),
        next((link for link in reversed(before) if link in working), None),
        first,
    )


def _has_stopped(diagnosis: Diagnosis) -> bool:
    cause = CAUSE_BY_ID.get(diagnosis.id)
    return cause is not None and any(
        sign.kind == "outage" and sign.where["is_over"] is False for sign in cause.shows
    )


def calls_of(records: Iterable[CheckRecord]) -> CallsSeen:
    """
    Return whether calls work, as far as these checks show.
    """
    seen = [
        record
        for record in records
        if record.id.partition("[")[0] in PROVES_A_CALL and _was_tried(record)
    ]
    if any(record.verdict in _CALL_FAILED for record in seen):
        return CallsSeen.BROKEN
    passed = {record.id.partition("[")[0] for record in seen if record.verdict is Verdict.PASS}
    if any(PROVES_A_CALL[clause] for clause in passed):
        return CallsSeen.WORK
    return CallsSeen.UNKNOWN if seen else CallsSeen.NOT_TRIED


def link_of(record: CheckRecord) -> Link:
    """
    Return the link that an unhappy check found broken; raise KeyError for a check of no clause.
    """
    return Link(record.broken_link or BY_ID[record.id.partition("[")[0]].link)


def texts(diagnosis_id: str, link: str, language: Language) -> tuple[str, str, str]:
    """
    Return title, cause and fix of a diagnosis in `language`.
    """
    if (cause := CAUSE_BY_ID.get(diagnosis_id)) is not None:
        return (
            cause.title.say(language),
            cause.cause.say(language),
            cause.fix.say(language),
        )
    words = WORDS[Link(link)]
    return (
        _UNKNOWN_TITLE.say(language, link=words.title.say(language)),
        _UNKNOWN_CAUSE.say(language),
        words.look.say(language),
    )


def _unexplained(records: Iterable[CheckRecord], known: Sequence[Diagnosis]) -> Iterable[Diagnosis]:
    """
    Yield a diagnosis for each link broken without a known cause: proof and where to look next.
    """
    explained = {check for diagnosis in known for check in diagnosis.checks}
    roots: dict[Link, list[CheckRecord]] = {}
    for record in records:
        if _is_root(record) and record.id not in explained and _clause_of(record) is not None:
            roots.setdefault(link_of(record), []).append(record)
    if roots.keys() - WITNESSES or explained:
        roots = {link: roots[link] for link in roots if link not in WITNESSES}
    for link in sorted(roots, key=_place):
        title, cause, look = texts(UNKNOWN, link, "en")
        yield Diagnosis(
            id=UNKNOWN,
            link=link,
            title=title,
            cause=cause,
            fix=look,
            confidence="unknown",
            requirements=tuple(sorted({record.requirement for record in roots[link]})),
            checks=tuple(record.id for record in roots[link]),
            evidence=tuple(
                _short(f"{record.id}: {record.beside_statement}")
                for record in roots[link][:_EVIDENCE_OF_A_KIND]
            ),
        )


def _place(link: Link) -> tuple[bool, int]:
    on_path = link in CALL_PATH
    return not on_path, CALL_PATH.index(link) if on_path else tuple(Link).index(link)


def _is_root(record: CheckRecord) -> bool:
    is_broken = record.verdict is Verdict.FAIL or (
        # A check that the run cut short, or never reached, proves no link broken.
        record.verdict is Verdict.BLOCKED and record.broken_link is not None
    )
    return is_broken and record.blocked_by is None and "#" not in record.id


def _was_tried(record: CheckRecord) -> bool:
    """
    Return whether the run reached the check: it was neither skipped nor left over at the end.
    """
    if record.verdict is Verdict.BLOCKED:
        return bool(record.blocked_by or record.broken_link)
    return record.verdict is not Verdict.SKIPPED


def _consider(
    cause: Cause, seen: Seen, clear: Seen, records: Iterable[CheckRecord]
) -> Diagnosis | None:
    """
    Return the diagnosis if the cause was seen; `clear` are observations certainly about this run.

    A cause that needs others is possible, no more.
    """
    if not _is_shown(cause, seen) or _any(cause.excludes, seen):
        return None
    explained = [
        record
        for record in records
        if record.verdict in _UNHAPPY and _was_tried(record) and _explains(cause, record)
    ]
    is_clear = _is_shown(cause, clear)
    is_certain = is_clear and _any(cause.proofs, clear)
    # Without proof, a cause that explains only checks blocked by others is no second fault.
    if not explained or not (is_certain or any(each.blocked_by is None for each in explained)):
        return None
    otherwise = cause.otherwise if is_clear else "possible"
    return _diagnosis(
        cause, explained, _evidence(cause, seen), "certain" if is_certain else otherwise
    )


def _is_shown(cause: Cause, seen: Seen) -> bool:
    return _any(cause.shows, seen) and all(_any((sign,), seen) for sign in cause.also)


def _diagnosis(
    cause: Cause,
    explained: Sequence[CheckRecord],
    evidence: Iterable[str],
    confidence: Confidence,
) -> Diagnosis:
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


def _clause_of(record: CheckRecord) -> Clause | None:
    return BY_ID.get(record.id.partition("[")[0])


def _explains(cause: Cause, record: CheckRecord) -> bool:
    if (clause := _clause_of(record)) is None:
        return False
    # A claim that could not be tested may have broken at its own link, whatever the network said.
    own = (clause.link,) if record.verdict is Verdict.BLOCKED else ()
    # A check that ended with a warning came through all the links before.
    before = () if record.verdict in _CROSSED else clause.crosses
    crossed = {record.broken_link or clause.link, *own, *before}
    return not crossed.isdisjoint({cause.link, *cause.breaks})


def _evidence(cause: Cause, seen: Seen) -> Iterable[str]:
    signs = (*cause.shows, *cause.also)
    for sign in (*signs, *(proof for proof in cause.proofs if proof not in signs)):
        of_kind = seen.get(sign.kind, ())
        matching = (observation.summary for observation in of_kind if matches(sign, observation))
        distinct = dict.fromkeys(_short(summary) for summary in matching)
        yield from list(distinct)[:_EVIDENCE_OF_A_KIND]


def _short(summary: str) -> str:
    return shorten(summary, _EVIDENCE_LENGTH, placeholder=" …")


def _any(signs: Iterable[Sign], seen: Seen) -> bool:
    return any(
        matches(sign, observation) for sign in signs for observation in seen.get(sign.kind, ())
    )


def matches(sign: Sign, observation: Observation) -> bool:
    """
    Return whether `observation` matches the description in `sign`.
    """
    return observation.kind == sign.kind and all(
        _fulfils(observation.details.get(name), condition) for name, condition in sign.where.items()
    )


def _fulfils(value: Any, condition: Condition) -> bool:
    match condition:
        case str():
            return bool(value == condition)
        case re.Pattern():
            return isinstance(value, str) and condition.search(value) is not None
        case Between(low, high):
            return isinstance(value, int | float) and low <= value <= high
        case Not(other):
            return not _fulfils(value, other)
        case _:
            return bool(value == condition)


def _as_observation(record: CheckRecord) -> Observation:
    return Observation(
        0.0,
        "check",
        f"{record.id}: {record.beside_statement if record.message else record.verdict}",
        {
            "id": record.id,
            "verdict": record.verdict.value,
            "link": record.broken_link,
            "message": record.message,
        },
    )
