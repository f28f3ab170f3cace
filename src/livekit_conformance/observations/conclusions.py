"""
Conclusions from other observations or from checks. A run does not record it, except `ClockSet`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from livekit_conformance.observations.observation import Kind, Observation, own_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome(Observation):
    """
    Verdict of one check, and the `link` that it found broken; its findings are `FindingSeen`.
    """

    id: str
    verdict: str
    link: str | None = None

    kind: ClassVar[Kind] = "check"
    quoted: ClassVar[tuple[str, ...]] = ("id",)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSeen(Observation):
    """
    Finding of a check of `clause` that failed or was not possible, with its data.

    A sign may look at any of the data: their names belong to the code.
    """

    code: str
    link: str | None
    says: str
    level: str | None
    clause: str
    data: Mapping[str, Any]

    kind: ClassVar[Kind] = "finding"

    @classmethod
    def has(cls, name: str) -> bool:  # noqa: ARG003 - as of any observation
        """
        Return True: any name may be that of the data.
        """
        return True

    def value(self, name: str) -> Any:
        """
        Return the value of our own field, or else that of the data.
        """
        own = {each.name for each in own_fields(type(self))} - {"data"}
        return getattr(self, name) if name in own else self.data.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet(Observation):
    """
    Clock of this machine that was set by `by_s`, since the observation before.
    """

    by_s: float

    kind: ClassVar[Kind] = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDisagreement(Observation):
    """
    Clock (`ours`, that of `livekit-server`) that was set during the run: tokens are refused.
    """

    whose: str

    kind: ClassVar[Kind] = "clock-jump"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOutage(Observation):
    """
    Service that stopped answering during the run; `is_new`: another process answered afterwards.
    """

    service: str
    is_over: bool
    is_new: bool

    kind: ClassVar[Kind] = "outage"


@dataclass(frozen=True, slots=True, kw_only=True)
class SickNode(Observation):
    """
    Node of a service that answered none of its `calls`, while the others answered all of theirs.

    It is not clear whether it is this one if another service has a node that took the same calls.
    """

    service: str
    node: str
    calls: tuple[str, ...]
    others_answered: int
    is_clear: bool = False

    kind: ClassVar[Kind] = "node"
