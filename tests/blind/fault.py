"""
A blind fault, as data: what is changed in a healthy stack, and how a right answer is recognised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from livekit_conformance.catalogue.chain import Link


class Thing(StrEnum):
    """
    The part of the stack that is changed.
    """

    SERVER = "livekit-server"
    SIP = "livekit-sip"
    INBOUND_TRUNK = "inbound-trunk"
    OUTBOUND_TRUNK = "outbound-trunk"
    DISPATCH_RULE = "dispatch-rule"
    APPLICATION = "application"
    REDIS = "redis"
    NETWORK = "network"
    HARMLESS = "harmless"


class Deployment(StrEnum):
    """
    Party that answers the run's calls: the suite's own agent, or the webhooks' application.
    """

    STAND_IN = "stand-in"
    APPLICATION = "application"


class Absent:
    """
    The value of a key that is not there.
    """

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()
# Each group of words names the thing: an answer names it if it has all words of one group.
About = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """
    One change: the value at `path` of a thing becomes `new`. `how` is a word for the new value.

    Texts in `old` and `new` have placeholders, such as {address}, for the values of a stack.
    `about` recognises the thing in an answer; at one of the `links` it may honestly be unknown.
    """

    thing: Thing
    path: str
    how: str
    old: Any
    new: Any
    about: About = ()
    links: frozenset[Link] = field(default_factory=frozenset)

    @property
    def id(self) -> str:
        """
        The name under which it can be played again.
        """
        return f"{self.thing}/{self.path}/{self.how}"

    def __str__(self) -> str:
        return f"{self.thing} {self.path}: {self.old!r} -> {self.new!r}"


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Changes made at once, and the deployment that they are made in.
    """

    changes: tuple[Change, ...]
    deployment: Deployment

    @property
    def id(self) -> str:
        """
        The ids of its changes and the deployment, as `--fault` takes them.
        """
        return f"{'+'.join(change.id for change in self.changes)}@{self.deployment}"


def filled(value: Any, places: Mapping[str, str]) -> Any:
    """
    Return the value with the placeholders of its texts replaced.
    """
    match value:
        case str():
            for name, text in places.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        case Mapping():
            return {filled(key, places): filled(one, places) for key, one in value.items()}
        case list() | tuple():
            return [filled(one, places) for one in value]
    return value
