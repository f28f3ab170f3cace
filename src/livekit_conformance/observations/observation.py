"""
Base of all observations: its time, a summary in one line, and the typed fields of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar, Literal, Self

Kind = Literal[
    "agent",
    "bus",
    "call-end",
    "call-line",
    "caller",
    "check",
    "clock",
    "clock-jump",
    "config",
    "connection",
    "delivery",
    "dispatch",
    "endpoint",
    "finding",
    "http",
    "log",
    "media",
    "node",
    "others",
    "outage",
    "process",
    "quality",
    "redis",
    "redis-account",
    "room",
    "sip",
    "sip-call",
    "start",
    "webhook",
]


@dataclass(frozen=True, slots=True)
class Observation:
    """
    Observation of one kind: `at` (Unix seconds), a one-line `summary`, and the fields of the kind.
    """

    at: float
    summary: str

    kind: ClassVar[Kind]
    # Fields with texts of others, addresses and ids: only these may be matched by a pattern.
    quoted: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def has(cls, name: str) -> bool:
        """
        Return whether observations of this kind have a value of this name, for a sign of a cause.
        """
        return any(each.name == name for each in own_fields(cls))

    @classmethod
    def quotes(cls, name: str) -> bool:
        """
        Return whether a sign may look for a pattern in this value: it is no sentence of ours.
        """
        return name in cls.quoted

    def value(self, name: str) -> Any:
        """
        Return the value of a name that the kind has; None if this observation has none.
        """
        return getattr(self, name)

    @classmethod
    def of(cls, at: float, summary: str, details: Mapping[str, Any]) -> Self:
        """
        Return the observation with `details` of another version: some may be missing or unknown.
        """
        return cls(at, summary, **_known(cls, details))

    def as_json(self) -> dict[str, Any]:
        """
        Return the observation as plain JSON values.
        """
        return {
            "at": self.at,
            "kind": self.kind,
            "summary": self.summary,
            "details": self._details(),
        }

    def _details(self) -> dict[str, Any]:
        return dict(_given(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOfLog(Observation):
    """
    Line that a service wrote to its log, at its own time.

    `fields` are those of the service's own JSON, as far as they are kept. In a file they stand
    beside our own fields. A line in no known format has no `level`.
    """

    service: str = ""
    level: str | None = None
    message: str = ""
    fields: Mapping[str, Any]

    quoted: ClassVar[tuple[str, ...]] = ("message",)
    # Names of `fields` that are kept of a line.
    kept: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def quotes(cls, name: str) -> bool:
        """
        Return whether the service itself wrote this value.
        """
        return name in (*cls.quoted, *cls.kept)

    @classmethod
    def has(cls, name: str) -> bool:
        """
        Return whether the name is that of our own field, or of one that is kept of a line.
        """
        own = (each.name for each in own_fields(cls) if each.name != "fields")
        return name in (*own, *cls.kept)

    def value(self, name: str) -> Any:
        """
        Return the value of our own field, or else that of the line's field.
        """
        return self.fields.get(name) if name in self.kept else getattr(self, name)

    @classmethod
    def of(cls, at: float, summary: str, details: Mapping[str, Any]) -> Self:
        """
        Return the observation with `details` as in a file.
        """
        own = _known(cls, details)
        rest = {name: value for name, value in details.items() if name not in own}
        return cls(at, summary, **{**own, "fields": rest})

    def _details(self) -> dict[str, Any]:
        own = {name: value for name, value in _given(self) if name != "fields"}
        return {**self.fields, **own}


def own_fields(kind: type[Observation]) -> tuple[Field[Any], ...]:
    """
    Return the fields that observations of one kind have and others have not.
    """
    common = len(fields(Observation))
    return fields(kind)[common:]


def _given(seen: Observation) -> Iterator[tuple[str, Any]]:
    """
    Yield the fields of the kind, without optional ones that have no value.
    """
    for each in own_fields(type(seen)):
        value = getattr(seen, each.name)
        if each.default is MISSING or value != each.default:
            yield each.name, value


def _known(kind: type[Observation], details: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the known ones of `details`; a required one that is missing is empty or None.
    """
    known = {}
    for each in own_fields(kind):
        if each.name in details:
            value = details[each.name]
            known[each.name] = tuple(value) if isinstance(value, list) else value
        elif each.default is MISSING:
            known[each.name] = "" if each.type == "str" else None
    return known
