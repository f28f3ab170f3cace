"""
State of the chain as one run shows it: working and broken links, and whether calls work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from livekit_conformance.catalogue.causes import BY_ID as CAUSE_BY_ID
from livekit_conformance.catalogue.chain import CALL_PATH, IMPLIED, PROVES_A_CALL, Link
from livekit_conformance.diagnosis.checks import clause_of, is_root, link_of, was_tried
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.verdict import CROSSED, CheckRecord, Verdict

_CALL_FAILED = frozenset({Verdict.FAIL, Verdict.KNOWN, Verdict.BLOCKED})


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


def chain_of(records: Iterable[CheckRecord], diagnoses: Iterable[Diagnosis] = ()) -> Chain:
    """
    Return the links of the chain that these checks saw working and those they saw broken.

    The link of a service that has stopped is broken, though all its own checks may have passed
    before. It comes first: what other checks found broken afterwards follows from it.
    """
    working: set[Link] = set()
    broken: set[Link] = set()
    for record in records:
        if (clause := clause_of(record)) is None:
            continue
        if record.verdict in CROSSED:
            working |= {clause.link, *clause.crosses}
        elif is_root(record):
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
        if record.id.partition("[")[0] in PROVES_A_CALL and was_tried(record)
    ]
    if any(record.verdict in _CALL_FAILED for record in seen):
        return CallsSeen.BROKEN
    passed = {record.id.partition("[")[0] for record in seen if record.verdict in CROSSED}
    if any(PROVES_A_CALL[clause] for clause in passed):
        return CallsSeen.WORK
    return CallsSeen.UNKNOWN if seen else CallsSeen.NOT_TRIED
