"""
What a look at one link of the chain has shown, in words for people.
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
    How a link looks. A problem breaks calls or checks; a warning may, or will one day.
    """

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_LOOKED_AT = "not-looked-at"


@dataclass(frozen=True, slots=True)
class LinkFinding:
    """
    One line about a link. What is wrong has a remedy, what was not looked at says why.
    """

    link: Link
    mark: LinkMark
    says: Text
    remedy: Text | None = None


def ok(link: Link, says: Text) -> LinkFinding:
    """
    Nothing is wrong here.
    """
    return LinkFinding(link, LinkMark.OK, says)


def warning(link: Link, says: Text, remedy: Text) -> LinkFinding:
    """
    What may be wrong, or will be one day.
    """
    return LinkFinding(link, LinkMark.WARNING, says, remedy)


def problem(link: Link, says: Text, remedy: Text) -> LinkFinding:
    """
    What is wrong.
    """
    return LinkFinding(link, LinkMark.PROBLEM, says, remedy)


def not_looked_at(link: Link, why: Text, remedy: Text | None = None) -> LinkFinding:
    """
    Nobody knows; `remedy` is how to find out.
    """
    return LinkFinding(link, LinkMark.NOT_LOOKED_AT, why, remedy)


def has_problem(findings: Iterable[LinkFinding]) -> bool:
    """
    Whether something is wrong for certain.
    """
    return any(finding.mark is LinkMark.PROBLEM for finding in findings)


def in_order(findings: Iterable[LinkFinding]) -> list[LinkFinding]:
    """
    The findings in the order of the chain; those of one link keep theirs.
    """
    return sorted(findings, key=lambda finding: _ORDER[finding.link])


def last_working(findings: Iterable[LinkFinding]) -> Link | None:
    """
    The last link before the first broken one that was seen working; None when there is none.
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
    The first link of the chain with a problem; None when there is none.
    """
    broken = (f.link for f in in_order(findings) if f.mark is LinkMark.PROBLEM)
    return next(broken, None)
