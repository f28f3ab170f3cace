"""
One thing that is wrong with a configuration file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """
    An error breaks something for certain; a warning may, which the files alone cannot decide.
    """

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class ConfigFinding:
    """
    What is wrong, where, what it leads to, and what to do about it.

    `line` and `column` count from 1; `key` is dotted, as in `redis.address`.
    """

    severity: Severity
    file: str
    line: int
    column: int
    key: str
    problem: str
    consequence: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: {self.key}"
        return f"{place}: {self.problem}: {self.consequence}. {self.remedy}"
