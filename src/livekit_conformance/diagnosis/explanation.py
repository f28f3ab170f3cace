"""
Explain broken links by the chain: what is proven upstream comes before a guess downstream.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from livekit_conformance.catalogue.causes import BY_ID as CAUSE_BY_ID
from livekit_conformance.catalogue.chain import CALL_PATH, WITNESSES, Link, upstream
from livekit_conformance.catalogue.hosting import Hosting, fitting
from livekit_conformance.diagnosis.advice import missing_needs, next_step
from livekit_conformance.diagnosis.chain_state import chain_of
from livekit_conformance.diagnosis.checks import clause_of, is_root, link_of
from livekit_conformance.diagnosis.matching import EVIDENCE_OF_A_KIND, short
from livekit_conformance.diagnosis.model import UNKNOWN, Diagnosis, texts
from livekit_conformance.observations import LogWarning, Observation
from livekit_conformance.verdict import CheckRecord

# A link that is broken without a known cause was seen broken all the same.
_PROVEN = frozenset({"certain", "unknown"})
# The first errors are nearest to the cause; the evidence files have all lines.
_WORDS_OF_SERVICES = 3
_GRAVITY = {"error": 0, "warn": 1}


def explained(
    records: Iterable[CheckRecord],
    observations: Iterable[Observation],
    known: Sequence[Diagnosis],
    interruptions: Sequence[Diagnosis] = (),
    hosting: Hosting = Hosting.SELF,
) -> tuple[Diagnosis, ...]:
    """
    Return the known causes, with a diagnosis for each link broken without one.

    An interruption of the run comes first. What follows from a broken link upstream is no unknown
    of its own: that diagnosis has its checks. A cause comes after what is proven upstream of it;
    one that is not certain is only possible where every way to it leads through that.
    """
    named = {check for diagnosis in (*interruptions, *known) for check in diagnosis.checks}
    words = _words_of_services(observations)
    records = list(records)
    unknown = list(_unknown(records, named, words))
    works = frozenset(chain_of(records).working)
    reported = _reported(known, unknown, [said for said in words if said[0] not in works])
    found = _with_consequences([*known, *reported], unknown)
    ordered = (*interruptions, *_in_order_of_proof(found))
    return tuple(_with_advice(each, records, hosting) for each in ordered)


def _with_advice(
    diagnosis: Diagnosis, records: Sequence[CheckRecord], hosting: Hosting
) -> Diagnosis:
    """
    Return the diagnosis with the fix that fits the hosting; of an unknown cause, the next step.
    """
    link = Link(diagnosis.link)
    if (cause := CAUSE_BY_ID.get(diagnosis.id)) is not None:
        advice = fitting(cause.fix, link, hosting)
    else:
        roots = [record for record in records if record.id in diagnosis.checks]
        advice = next_step(link, roots, hosting, missing_needs(records))
    return replace(diagnosis, fix=advice.en, advice=advice)


def _unknown(
    records: Iterable[CheckRecord], named: set[str], words: Sequence[tuple[Link, str]]
) -> Iterable[Diagnosis]:
    """
    Yield a diagnosis for each link broken without a known cause: proof and where to look next.

    What the services themselves said about the link, or one that it needs, is evidence.
    """
    roots: dict[Link, list[CheckRecord]] = {}
    for record in records:
        if is_root(record) and record.id not in named and clause_of(record) is not None:
            roots.setdefault(link_of(record), []).append(record)
    if roots.keys() - WITNESSES or named:
        roots = {link: roots[link] for link in roots if link not in WITNESSES}
    for link in sorted(roots, key=_place):
        proof = (
            short(f"{record.id}: {record.beside_statement}")
            for record in roots[link][:EVIDENCE_OF_A_KIND]
        )
        yield _without_cause(
            link,
            (record.requirement for record in roots[link]),
            (record.id for record in roots[link]),
            (*proof, *_words_about(link, words)),
        )


def _without_cause(
    link: Link, requirements: Iterable[str], checks: Iterable[str], evidence: Iterable[str]
) -> Diagnosis:
    title, cause, look = texts(UNKNOWN, link, "en")
    return Diagnosis(
        id=UNKNOWN,
        link=link,
        title=title,
        cause=cause,
        fix=look,
        confidence="unknown",
        requirements=tuple(sorted(set(requirements))),
        checks=tuple(dict.fromkeys(checks)),
        evidence=tuple(evidence),
    )


def _words_of_services(observations: Iterable[Observation]) -> list[tuple[Link, str]]:
    """
    Return the lines of services that report failures, each with its link, the gravest first.
    """
    lines = [seen for seen in observations if isinstance(seen, LogWarning)]
    lines.sort(key=lambda line: _GRAVITY.get(str(line.level), len(_GRAVITY)))
    return [(Link(line.link), short(line.summary)) for line in lines if line.link]


def _words_about(link: Link, words: Iterable[tuple[Link, str]]) -> list[str]:
    """
    Return what the services said about `link` and what it needs.
    """
    telling = {link} | upstream(link)
    said = dict.fromkeys(text for at, text in words if at in telling)
    return list(said)[:_WORDS_OF_SERVICES]


def _reported(
    known: Sequence[Diagnosis], unknown: Sequence[Diagnosis], words: Iterable[tuple[Link, str]]
) -> Iterable[Diagnosis]:
    """
    Yield a diagnosis for each link that a service reports broken, upstream of what is not certain.

    What is in the evidence of a cause is explained by it. `words` are about links that no check
    saw working.
    """
    found = [*known, *unknown]
    used = {text for diagnosis in known for text in diagnosis.evidence}
    named = {Link(diagnosis.link) for diagnosis in found}
    said: dict[Link, dict[str, None]] = {}
    for link, text in words:
        if text not in used and link not in named:
            said.setdefault(link, {})[text] = None
    for link, texts_of_link in said.items():
        follows = [
            diagnosis
            for diagnosis in found
            if diagnosis.confidence != "certain" and link in upstream(Link(diagnosis.link))
        ]
        if follows:
            yield _without_cause(
                link,
                (name for each in follows for name in each.requirements),
                (name for each in follows for name in each.checks),
                tuple(texts_of_link)[:_WORDS_OF_SERVICES],
            )


def _with_consequences(known: Iterable[Diagnosis], unknown: Iterable[Diagnosis]) -> list[Diagnosis]:
    """
    Return all diagnoses, but give the checks of an unknown one to a diagnosis upstream of it.
    """
    found = list(known)
    for diagnosis in unknown:
        above = upstream(Link(diagnosis.link))
        reason = next((each for each in found if Link(each.link) in above), None)
        if reason is None:
            found.append(diagnosis)
        else:
            found[found.index(reason)] = replace(
                reason,
                requirements=tuple(sorted({*reason.requirements, *diagnosis.requirements})),
                checks=tuple(dict.fromkeys((*reason.checks, *diagnosis.checks))),
            )
    return found


def _in_order_of_proof(found: Iterable[Diagnosis]) -> Iterable[Diagnosis]:
    """
    Yield the diagnoses in order, but each after those that are proven upstream of it.

    Before what is certain come only the certain ones: it needs no unknown cause to explain it.
    """
    left = list(found)
    proven = [each for each in left if each.confidence in _PROVEN]
    while left:
        waiting = [each for each in proven if each in left]
        diagnosis = next(each for each in left if not _follows(each, waiting))
        left.remove(diagnosis)
        is_consequence = _follows(diagnosis, proven, on_every_way=True)
        yield _weakened(diagnosis) if is_consequence else diagnosis


def _follows(
    diagnosis: Diagnosis, proven: Iterable[Diagnosis], *, on_every_way: bool = False
) -> bool:
    above = upstream(Link(diagnosis.link), on_every_way=on_every_way)
    first = _PROVEN
    if diagnosis.confidence == "certain":
        # What it breaks itself is no reason for it: a service that ends takes its port with it.
        above -= {*CAUSE_BY_ID[diagnosis.id].breaks} if diagnosis.id in CAUSE_BY_ID else set()
        first = frozenset({"certain"})
    return any(each.confidence in first and Link(each.link) in above for each in proven)


def _weakened(guess: Diagnosis) -> Diagnosis:
    return replace(guess, confidence="possible") if guess.confidence == "likely" else guess


def _place(link: Link) -> tuple[bool, int]:
    on_path = link in CALL_PATH
    return not on_path, CALL_PATH.index(link) if on_path else tuple(Link).index(link)
