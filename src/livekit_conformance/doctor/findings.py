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


class Mark(StrEnum):
    """
    How a link looks. A problem breaks calls or checks; a warning may, or will one day.
    """

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_LOOKED_AT = "not-looked-at"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One line about a link. What is wrong has a remedy, what was not looked at says why.
    """

    link: Link
    mark: Mark
    says: Text
    remedy: Text | None = None


def ok(link: Link, says: Text) -> Finding:
    """
    Nothing is wrong here.
    """
    return Finding(link, Mark.OK, says)


def warning(link: Link, says: Text, remedy: Text) -> Finding:
    """
    What may be wrong, or will be one day.
    """
    return Finding(link, Mark.WARNING, says, remedy)


def problem(link: Link, says: Text, remedy: Text) -> Finding:
    """
    What is wrong.
    """
    return Finding(link, Mark.PROBLEM, says, remedy)


def not_looked_at(link: Link, why: Text, remedy: Text | None = None) -> Finding:
    """
    Nobody knows; `remedy` is how to find out.
    """
    return Finding(link, Mark.NOT_LOOKED_AT, why, remedy)


def has_problem(findings: Iterable[Finding]) -> bool:
    """
    Whether something is wrong for certain.
    """
    return any(finding.mark is Mark.PROBLEM for finding in findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """
    The findings in the order of the chain; those of one link keep theirs.
    """
    return sorted(findings, key=lambda finding: _ORDER[finding.link])


def last_working(findings: Iterable[Finding]) -> Link | None:
    """
    The last link before the first broken one that was seen working; None when there is none.
    """
    seen = None
    broken = first_broken(findings)
    for finding in in_order(findings):
        if finding.link is broken:
            break
        if finding.mark in {Mark.OK, Mark.WARNING}:
            seen = finding.link
    return seen


def first_broken(findings: Iterable[Finding]) -> Link | None:
    """
    The first link of the chain with a problem; None when there is none.
    """
    broken = (f.link for f in in_order(findings) if f.mark is Mark.PROBLEM)
    return next(broken, None)
