"""
Advice on a single finding, and on a link that is broken without a known cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clause_words import CLAUSE_WORDS
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.hosting import (
    DECIDES,
    FIRST_RUN,
    PROFILE_LINES,
    Hosting,
    fitting,
    look_at,
)
from livekit_conformance.diagnosis.checks import clause_of
from livekit_conformance.diagnosis.matching import finding_seen, matches
from livekit_conformance.environments.needs import LINES
from livekit_conformance.findings import Finding, Says
from livekit_conformance.observations import CheckOutcome
from livekit_conformance.verdict import CheckRecord, Verdict
from livekit_conformance.wording import Text, same

_ADD = Text(
    en="{first} To see more in the next run, add `{line}` to the profile.",
    ru="{first} Чтобы следующий прогон увидел больше, добавьте в профиль `{line}`.",
)
_RUN_AND_ADD = Text(
    en="{first} To see more in the next run, run `{command}` and add `{line}` to the profile.",
    ru="{first} Чтобы следующий прогон увидел больше, выполните `{command}` и добавьте в профиль "
    "`{line}`.",
)


def advice_on(
    found: Finding, clause: str = "", verdict: str = "", hosting: Hosting = Hosting.SELF
) -> Text:
    """
    Return the fix of the first cause that the finding shows, or the next thing to look at.

    A cause that is shown by this verdict on the clause comes after those that name the finding.
    """
    seen = (
        finding_seen(found, found.seen, clause),
        CheckOutcome(0.0, found.seen, id=clause, verdict=verdict, link=found.link),
    )
    shown = (
        cause
        for each, cause in product(seen, CAUSES)
        if any(matches(sign, each) for sign in cause.shows)
    )
    cause = next(shown, None)
    violated = clause if found.says is Says.VIOLATED else ""
    if cause is not None:
        return fitting(cause.fix, cause.link, hosting)
    return _first_step(Link(str(found.link)), violated, hosting)


def next_step(
    link: Link,
    roots: Sequence[CheckRecord],
    hosting: Hosting,
    missing: frozenset[Need] = frozenset(),
) -> Text:
    """
    Return the next step for a link that `roots` found broken without a known cause.

    This is the advice on the violated clause, or the next thing to examine, followed by the profile
    line that adds the most decisive of the needs that are `missing` in this run.
    """
    # A clause that could not be tested is not violated: its advice would be a guess.
    violated = (clause_of(root) for root in roots if root.verdict is Verdict.FAIL)
    own = next((each.id for each in violated if each is not None and each.link is link), "")
    first = _first_step(link, own, hosting)
    lines = {**LINES, **PROFILE_LINES[hosting]}
    need = next((each for each in DECIDES.get(link, ()) if each in missing and lines[each]), None)
    if need is None:
        return first
    command = FIRST_RUN[hosting].get(need, "")
    parts = {"first": first, "line": same(lines[need] or ""), "command": same(command)}
    return (_RUN_AND_ADD if command else _ADD).filled(parts)


def missing_needs(records: Iterable[CheckRecord]) -> frozenset[Need]:
    """
    Return the needs that the profile of these checks did not meet.
    """
    lacking: set[Need] = set()
    met: set[Need] = set()
    for record in records:
        if (clause := clause_of(record)) is not None and record.reason != "not-permitted":
            (lacking if record.reason == "not-configured" else met).update(clause.needs)
    return frozenset(lacking - met)


def _first_step(link: Link, clause: str, hosting: Hosting) -> Text:
    """
    Return the advice on a violated clause of this link; without one, the next thing to examine.
    """
    if clause not in BY_ID or BY_ID[clause].link is not link:
        return look_at(link, hosting)
    words = CLAUSE_WORDS[clause]
    if hosting is Hosting.CLOUD and words.on_cloud is not None:
        return words.on_cloud
    return fitting(words.advice, link, hosting)
