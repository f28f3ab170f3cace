"""
Findings about a configuration file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from livekit_conformance.config_doctor.sentences import NoEffect, Presumption, Refusal
from livekit_conformance.config_doctor.sip_words import PAIR_SENTENCES
from livekit_conformance.config_doctor.words import PARTS, SENTENCES
from livekit_conformance.findings import Code, Finding, Json, Level, Says
from livekit_conformance.observations import Reaction
from livekit_conformance.wording import Language, Phrase, Text

# A file of a service has an error. Data: place, key, what (the code of its words), and problem,
# consequence and remedy in each language.
WRONG: Final = Code("config.wrong")


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
    Problem in a configuration file, with its place; `what` is its code in `words.SENTENCES`.

    `line` and `column` count from 1; `key` is dotted, as in `redis.address`. Of a key that occurs
    twice, `first_line` is the line of the first one.
    """

    severity: Severity
    file: str
    line: int
    column: int
    key: str
    what: Phrase
    first_line: int | None = None

    @property
    def problem(self) -> Text:
        """
        Words that follow the key.
        """
        return self.what.in_each_language(SENTENCES[self.what.code].problem, PARTS)

    @property
    def consequence(self) -> Text:
        """
        Consequence for the service or its calls.
        """
        return self.what.in_each_language(SENTENCES[self.what.code].consequence, PARTS)

    @property
    def remedy(self) -> Text:
        """
        Change that mends it.
        """
        return self.what.in_each_language(SENTENCES[self.what.code].remedy, PARTS)

    @property
    def reaction(self) -> Reaction:
        """
        Reaction of the service.
        """
        match self._follows:
            case Refusal():
                return Reaction.REFUSES
            case NoEffect():
                return Reaction.IGNORES
            case _:
                return Reaction.STARTS

    @property
    def unless(self) -> str:
        """
        Variable in the environment of the service that makes up for the problem, if there is one.
        """
        return self._follows.unless if isinstance(self._follows, Refusal) else ""

    @property
    def is_presumed(self) -> bool:
        """
        True if something outside the files may make up for the problem.
        """
        return isinstance(self._follows, Presumption)

    @property
    def is_between_files(self) -> bool:
        """
        True if the two files contradict each other here.
        """
        other = self.what.data.get("file", self.file)
        return self.what.code in PAIR_SENTENCES or other != self.file

    @property
    def _follows(self) -> Text:
        """
        Words of the consequence, from the data of the finding or from its code.
        """
        words = SENTENCES[self.what.code].consequence
        parts = (self.what.data.get(name) for name in ("effect", "reaction"))
        return next((PARTS[part.code] for part in parts if isinstance(part, Phrase)), words)

    @property
    def place(self) -> str:
        """
        File, line and column.
        """
        return f"{self.file}:{self.line}:{self.column}"

    def __str__(self) -> str:
        return (
            f"{self.place}: {self.key}: {self.problem.en}: {self.consequence.en}. {self.remedy.en}"
        )

    def as_finding(self, level: Level | None = None) -> Finding:
        """
        Return it as a check reports it: as a violation of this level, suspicious without one.
        """
        words: dict[str, Json] = {
            name: {"en": text.en, "ru": text.ru}
            for name, text in (
                ("problem", self.problem),
                ("consequence", self.consequence),
                ("remedy", self.remedy),
            )
        }
        place: dict[str, Json] = {"place": self.place, "key": self.key, "what": self.what.code}
        says = Says.VIOLATED if level else Says.SUSPICIOUS
        return Finding(WRONG, str(self), says=says, level=level, data=place | words)

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """
        Return the fields of a finding in the output of `config check --json`.
        """
        return {
            "severity": self.severity.value,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "key": self.key,
            "problem": self.problem.say(language),
            "consequence": self.consequence.say(language),
            "remedy": self.remedy.say(language),
            "first_line": self.first_line,
        }
