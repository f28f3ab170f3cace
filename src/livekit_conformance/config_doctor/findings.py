"""
Findings about a configuration file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """
    Severity of a finding. An error certainly breaks something; a warning may, depending on facts
    outside the files.
    """

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class ConfigFinding:
    """
    Problem in a configuration file, with its place, consequence and remedy.

    `line` and `column` count from 1; `key` is dotted, as in `redis.address`. Of a key that occurs
    twice, `first_line` is the line of the first one.
    """

    severity: Severity
    file: str
    line: int
    column: int
    key: str
    problem: str
    consequence: str
    remedy: str
    first_line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: {self.key}"
        return f"{place}: {self.problem}: {self.consequence}. {self.remedy}"
