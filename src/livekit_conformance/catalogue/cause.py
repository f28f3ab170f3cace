"""
Root cause: its signs, the proofs, the exclusions, and the fix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import KnownLine
from livekit_conformance.errors import NOT_CARRIED, Failure
from livekit_conformance.observations import KINDS, Kind
from livekit_conformance.wording import Text


@dataclass(frozen=True, slots=True)
class Between:
    """
    Number from `low` to `high`, both included.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Not:
    """
    Anything but `condition`, including a missing value.
    """

    condition: str | int | re.Pattern[str] | Between | AnyOf | None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """
    One of `values`; of a collection, at least one of its items.
    """

    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Given:
    """
    Any value but None and an empty one.
    """


Condition = str | int | bool | None | re.Pattern[str] | Between | Not | AnyOf | Given


@dataclass(frozen=True, slots=True)
class Sign:
    """
    Observation (or check record) of a kind whose fields match.

    A field matches by equality, by a pattern that is found in it, or by a range. A name that no
    observation of the kind has raises TypeError, and so does a pattern for a text of ours.
    """

    kind: Kind
    where: Mapping[str, Condition] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := [name for name in self.where if not KINDS[self.kind].has(name)]:
            raise TypeError(f"an observation of {self.kind} has no {', '.join(unknown)}")
        if own := [name for name in self.where if self._reads_ours(name)]:
            raise TypeError(f"{', '.join(own)} of {self.kind} is no text of others: give a value")

    def _reads_ours(self, name: str) -> bool:
        condition = self.where[name]
        inner = condition.condition if isinstance(condition, Not) else condition
        return isinstance(inner, re.Pattern) and not KINDS[self.kind].quotes(name)


@dataclass(frozen=True, slots=True)
class Cause:
    """
    One root cause.

    It is considered when one of `shows` and each of `also` was seen and none of `excludes`; it is
    certain when one of `proofs` was seen, else it has the confidence `otherwise`. `link` is its
    place in the chain, `breaks` are other links that break with it: it explains their checks too.
    It is dropped where one of `yields_to` is found, ids of causes that describe the same more
    exactly; a general cause is dropped where any other tells the same. `fix` names places of the
    hosting in braces (hosting.PLACES). `source` is the origin of this knowledge.
    """

    id: str
    link: Link
    title: Text
    cause: Text
    fix: Text
    shows: tuple[Sign, ...]
    source: str
    breaks: tuple[Link, ...] = ()
    yields_to: tuple[str, ...] = ()
    also: tuple[Sign, ...] = ()
    proofs: tuple[Sign, ...] = ()
    excludes: tuple[Sign, ...] = ()
    otherwise: Literal["likely", "possible"] = "likely"
    is_general: bool = False


def any_of(*values: str) -> AnyOf:
    """
    Return the condition of one of these values.
    """
    return AnyOf(frozenset(values))


def log(service: str, **where: Condition) -> Sign:
    """
    Return the sign of a line in the log of a service.
    """
    return Sign("log", {"service": service, **where})


def logged(line: KnownLine, **where: Condition) -> Sign:
    """
    Return the sign of a known line, in the log of its own service unless `where` names one.
    """
    # Below warning level a line is a sign only where the sign names its level.
    level = {"level": line.level} if line.level in {"debug", "info"} else {}
    return Sign("log", {"service": line.service, "message": line.pattern, **level, **where})


def probe(**where: Condition) -> Sign:
    """
    Return the sign of a probe call with these details.
    """
    return Sign("sip-call", {"purpose": "probe", **where})


def check(clause: str, verdict: str = "FAIL") -> Sign:
    """
    Return the sign of a check with this verdict; `found` is the sign of what a check found.

    For a parametrised family of checks, `clause` is the part of the id before the bracket.
    """
    name = re.compile(rf"^{re.escape(clause)}(\[|$)")
    return Sign("check", {"id": name, "verdict": verdict})


def found(code: str, **data: Condition) -> Sign:
    """
    Return the sign of a finding with this code and these data.

    `link`, `says`, and the `clause` of the check that found it may be among the data.
    """
    return Sign("finding", {"code": code, **data})


def lost(link: Link, failure: Failure | Not | None = None, **data: Condition) -> Sign:
    """
    Return the sign that the network, or the other side, failed a request at `link`.
    """
    how: dict[str, Condition] = {} if failure is None else {"failure": failure}
    return found(NOT_CARRIED, link=link, **how, **data)
