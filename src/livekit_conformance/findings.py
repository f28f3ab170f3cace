"""
Findings: what a judge concluded about one link of the chain, as data.

    observations  ->  judge of a link  ->  findings  ->  causes that explain them  ->  words

A judge is a pure function from what was seen, and the profile, to findings. Causes and programs
look at the code, the link and the data of a finding; its sentence is for people, and nothing of
ours reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, Self, TypeAlias

Json: TypeAlias = (
    "str | int | float | bool | list[Json] | tuple[Json, ...] | dict[str, Json] | None"
)
Level = Literal["MUST", "SHOULD"]


class Code(str):
    """
    Name of a kind of finding, `area.what-is-wrong`: a constant next to the judge that makes it.
    """

    __slots__ = ()


class Says(StrEnum):
    """
    Statement of a finding about its link.
    """

    VIOLATED = "violated"
    HOLDS = "holds"
    # Right in itself, but it goes with failures.
    SUSPICIOUS = "suspicious"
    # It could not be looked at; the data have the reason.
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Conclusion about one link: its kind (`code`), one sentence in English, and typed data.

    `link` and `level` may be left to the check that reports the finding: they are then those of its
    clause. A violation of level SHOULD may be what the deployment wants.
    """

    code: Code
    seen: str
    link: str | None = None
    says: Says = Says.VIOLATED
    level: Level | None = None
    data: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def at(self, link: str, level: Level) -> Self:
        """
        Return the finding with this link and level where it has none.
        """
        return replace(self, link=self.link or link, level=self.level or level)

    def redacted(self, redact: Callable[[str], str]) -> Self:
        """
        Return the finding without secrets, its data as plain JSON values.
        """
        data = {name: _redacted(value, redact) for name, value in self.data.items()}
        return replace(self, seen=redact(self.seen), data=data)

    def as_json(self) -> dict[str, Any]:
        """
        Return one entry of `findings` of a check in the result file.
        """
        return {
            "code": self.code,
            "link": self.link,
            "says": self.says.value,
            "level": self.level,
            "seen": self.seen,
            "data": dict(self.data),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """
        Return the finding that `as_json` wrote; ignore fields that this version does not know.

        Raises KeyError or ValueError if it is none.
        """
        return cls(
            Code(data["code"]),
            str(data["seen"]),
            data["link"],
            Says(data["says"]),
            data["level"],
            dict(data["data"]),
        )


def _redacted(value: Json, redact: Callable[[str], str]) -> Json:
    match value:
        case str():
            return redact(value)
        case dict():
            return {name: _redacted(inner, redact) for name, inner in value.items()}
        case list():
            return [_redacted(inner, redact) for inner in value]
        case _:
            return value
