"""
Result of examining one link of the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.finding_words import said
from livekit_conformance.catalogue.hosting import PLACES, Hosting, look_at
from livekit_conformance.doctor.remedies import REMEDIES
from livekit_conformance.doctor.words import SAYS
from livekit_conformance.findings import Finding, Says
from livekit_conformance.verdict import Verdict
from livekit_conformance.wording import Phrase, Text

_ORDER = {link: place for place, link in enumerate(Link)}


class LinkMark(StrEnum):
    """
    State of a link. A problem breaks calls or checks; a warning may do so, now or one day.
    """

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_CHECKED = "not-looked-at"


@dataclass(frozen=True, slots=True)
class LinkFinding:
    """
    One line about a link, as data (`what`) and in words. A problem has a remedy, for each hosting.
    """

    link: Link
    mark: LinkMark
    what: Phrase
    text: Text
    remedy_in: Callable[[Hosting], Text | None] = field(default=lambda _: None, compare=False)

    @property
    def remedy(self) -> Text | None:
        """
        The remedy where nothing is known about the hosting.
        """
        return self.remedy_in(Hosting.SELF)


def ok(link: Link, what: Phrase) -> LinkFinding:
    """
    Return the finding that nothing is wrong.
    """
    return _finding(link, LinkMark.OK, what)


def warning(link: Link, what: Phrase) -> LinkFinding:
    """
    Return the finding that something may be wrong, now or one day.
    """
    return _finding(link, LinkMark.WARNING, what)


def problem(link: Link, what: Phrase) -> LinkFinding:
    """
    Return the finding that something is wrong.
    """
    return _finding(link, LinkMark.PROBLEM, what)


def not_checked(link: Link, what: Phrase) -> LinkFinding:
    """
    Return the finding that the state is unknown; its remedy, if any, is the way to find out.
    """
    return _finding(link, LinkMark.NOT_CHECKED, what)


def judged(
    clause: str, found: Iterable[Finding], right: Phrase | None = None, *, link: Link | None = None
) -> Iterator[LinkFinding]:
    """
    Yield what the judge of a clause found, with the advice on it; if nothing, that it is `right`.

    `link` is the link of a finding that names none, if it is not that of the clause.
    """
    claim = BY_ID[clause]
    nowhere = link or claim.link
    findings = [of_judge(each.at(nowhere, claim.level), clause) for each in found]
    if not findings and right is not None:
        findings = [ok(Link(nowhere), right)]
    yield from findings


def of_judge(found: Finding, clause: str = "") -> LinkFinding:
    """
    Return a finding of a judge that the check of the clause uses too, with the advice on it.
    """
    text = Text(en=said(found, "en"), ru=said(found, "ru"))
    what = Phrase(found.code, found.data)
    is_wish = found.says is Says.VIOLATED and found.level == "SHOULD"
    mark, verdict = _MARKS[Says.SUSPICIOUS if is_wish else found.says]
    link = Link(str(found.link))
    own = partial(_remedy, what, link)
    advice = partial(_advice, found, clause, verdict)
    return LinkFinding(link, mark, what, text, own if found.code in REMEDIES else advice)


def _advice(found: Finding, clause: str, verdict: Verdict, hosting: Hosting) -> Text:
    from livekit_conformance.diagnosis.advice import advice_on  # noqa: PLC0415  # all causes

    return advice_on(found, clause, verdict, hosting)


# For each statement, the mark of the doctor and the verdict of a check.
_MARKS: Mapping[Says, tuple[LinkMark, Verdict]] = MappingProxyType(
    {
        Says.HOLDS: (LinkMark.OK, Verdict.PASS),
        Says.SUSPICIOUS: (LinkMark.WARNING, Verdict.WARN),
        Says.VIOLATED: (LinkMark.PROBLEM, Verdict.FAIL),
        Says.UNSEEN: (LinkMark.NOT_CHECKED, Verdict.BLOCKED),
    }
)


def _finding(link: Link, mark: LinkMark, what: Phrase) -> LinkFinding:
    text = what.in_each_language(SAYS[what.code], SAYS)
    return LinkFinding(link, mark, what, text, partial(_remedy, what, link))


def _remedy(what: Phrase, link: Link, hosting: Hosting) -> Text | None:
    """
    Return the remedy of our own for a finding, with its data and the places of this hosting.
    """
    fix, places = REMEDIES.get(what.code), PLACES[hosting]
    if fix is None:
        return None
    if not fix.names <= {*places, *what.data}:
        return look_at(link, hosting)
    return Phrase(what.code, {**places, **what.data}).in_each_language(fix, SAYS)


def has_problem(findings: Iterable[LinkFinding]) -> bool:
    """
    Return whether something is certainly wrong.
    """
    return any(finding.mark is LinkMark.PROBLEM for finding in findings)


def in_order(findings: Iterable[LinkFinding]) -> list[LinkFinding]:
    """
    Return the findings in the order of the chain; those of one link keep their order.
    """
    return sorted(findings, key=lambda finding: _ORDER[finding.link])


def last_working(findings: Iterable[LinkFinding]) -> Link | None:
    """
    Return the last working link before the first broken one; None when there is none.
    """
    seen = None
    broken = first_broken(findings)
    for finding in in_order(findings):
        if finding.link is broken:
            break
        if finding.mark in {LinkMark.OK, LinkMark.WARNING}:
            seen = finding.link
    return seen


def first_broken(findings: Iterable[LinkFinding]) -> Link | None:
    """
    Return the first link of the chain with a problem; None when there is none.
    """
    broken = (f.link for f in in_order(findings) if f.mark is LinkMark.PROBLEM)
    return next(broken, None)
