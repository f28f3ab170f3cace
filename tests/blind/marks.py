"""
The mark of an answer: pure functions from what is true and what the run said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from livekit_conformance.diagnosis.model import UNKNOWN
from tests.blind.about import names
from tests.blind.fault import Fault

_CONFORMANT = frozenset({"CONFORMANT", "PARTIALLY CONFORMANT"})
# What can be seen of a service that does not run, from outside.
_GONE: Mapping[str, frozenset[str]] = {
    "livekit-server does not start": frozenset({"server-unreachable", "server-not-running"}),
    "livekit-sip does not start": frozenset({"sip-unreachable", "sip-not-running"}),
}
_UNHAPPY = frozenset({"FAIL", "BLOCKED", "ERROR"})


class Mark(StrEnum):
    """
    Quality of an answer.
    """

    NAMED = "A"  # the changed thing is named first
    UNKNOWN = "B"  # honestly unknown, at the right link
    WRONG = "C"  # something else is named first
    MISSED = "M"  # a caller is hurt, and the run says CONFORMANT
    OK = "ok"  # nobody is hurt, and the run says so
    FALSE = "!"  # nobody is hurt, and the run complains
    REFUSED = "-"  # the API does not accept the change: it cannot be


GOOD = frozenset({Mark.NAMED, Mark.UNKNOWN, Mark.OK, Mark.REFUSED})


@dataclass(frozen=True, slots=True)
class Said:
    """
    Answer of a run: its verdict, its diagnoses in order, the checks that are not happy.
    """

    verdict: str
    diagnoses: Sequence[Mapping[str, Any]] = ()
    checks: Sequence[Mapping[str, Any]] = ()
    first_broken: str | None = None

    @classmethod
    def of(cls, results: Mapping[str, Any]) -> Said:
        """
        Read the content of results.json; an empty one is of a run that did not get that far.
        """
        if not results:
            return cls("NO RESULTS")
        return cls(
            results["run"]["verdict"],
            results["diagnoses"],
            [check for check in results["checks"] if check["verdict"] in _UNHAPPY],
            results["chain"].get("first_broken"),
        )

    @property
    def first(self) -> str:
        """
        The first diagnosis in one line.
        """
        if not self.diagnoses:
            return "no diagnosis"
        first = self.diagnoses[0]
        at = f" at {first['link']}" if first["id"] == UNKNOWN else ""
        return f"{first['id']}{at} {first['confidence']}"


@dataclass(frozen=True, slots=True)
class Answer:
    """
    A fault that was played: how it hurts, what the run said, and its mark.
    """

    fault: Fault
    hurts: tuple[str, ...]
    said: Said
    mark: Mark
    notes: tuple[str, ...] = ()
    named: int = 0
    seconds: float = field(default=0.0, compare=False)


def mark(
    fault: Fault, hurts: Sequence[str], said: Said, *, notes: Sequence[str] = (), bare: bool = False
) -> Mark:
    """
    Return the mark of what a run said of a fault that hurts callers so.

    `notes` tell which services do not start. In the `bare` view nobody can see more of these than
    that nothing answers there.
    """
    is_quiet = said.verdict in _CONFORMANT and not said.diagnoses
    if not hurts:
        return Mark.OK if is_quiet else Mark.FALSE
    if said.verdict in _CONFORMANT and not said.diagnoses:
        return Mark.MISSED
    if not said.diagnoses:
        return Mark.UNKNOWN if _is_at(fault, said.first_broken) else Mark.WRONG
    first = said.diagnoses[0]
    if any(names(change.about, told(first)) for change in fault.changes):
        return Mark.NAMED
    is_honest = first["id"] == UNKNOWN and _is_at(fault, first["link"])
    sees_it_gone = bare and any(first["id"] in _GONE.get(note, ()) for note in notes)
    return Mark.UNKNOWN if is_honest or sees_it_gone else Mark.WRONG


def told(diagnosis: Mapping[str, Any]) -> list[str]:
    """
    Return the texts of a diagnosis that may name a thing; an unknown cause names by its evidence.
    """
    evidence = list(diagnosis["evidence"][:1])
    if diagnosis["id"] == UNKNOWN:
        return evidence
    return [diagnosis["id"], diagnosis["title"], diagnosis["cause"], diagnosis["fix"], *evidence]


def named(fault: Fault, said: Said) -> int:
    """
    Return how many of the changes are named by any diagnosis.
    """
    return sum(
        any(names(change.about, told(each)) for each in said.diagnoses) for change in fault.changes
    )


def _is_at(fault: Fault, link: str | None) -> bool:
    return any(link in change.links for change in fault.changes)
