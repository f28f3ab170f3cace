"""
Result of examining one link of the chain, in text for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

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
    One line about a link. A problem has a remedy; a link that was not looked at has the reason.
    """

    link: Link
    mark: LinkMark
    text: Text
    remedy: Text | None = None


def ok(link: Link, text: Text) -> LinkFinding:
    """
    Return the finding that nothing is wrong.
    """
    return LinkFinding(link, LinkMark.OK, text)


def warning(link: Link, text: Text, remedy: Text) -> LinkFinding:
    """
    Return the finding that something may be wrong, now or one day.
    """
    return LinkFinding(link, LinkMark.WARNING, text, remedy)


def problem(link: Link, text: Text, remedy: Text) -> LinkFinding:
    """
    Return the finding that something is wrong.
    """
    return LinkFinding(link, LinkMark.PROBLEM, text, remedy)


def not_checked(link: Link, why: Text, remedy: Text | None = None) -> LinkFinding:
    """
    Return the finding that the state is unknown; `remedy` is the way to find out.
    """
    return LinkFinding(link, LinkMark.NOT_CHECKED, why, remedy)


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
