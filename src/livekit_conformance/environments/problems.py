"""
Problems of the operator's input: a profile, its variables, an option.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from livekit_conformance.environments.problem_words import WORDS
from livekit_conformance.environments.spelling import close_match
from livekit_conformance.errors import ConformanceError
from livekit_conformance.wording import Language, Phrase, phrase


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Problem of a profile: its sentence, its place and its key.

    `line` and `column` count from 1, 0 is unknown. `origins` are the variables that the value came
    from.
    """

    what: Phrase
    key: str = ""
    source: Path | str = ""
    line: int = 0
    column: int = 0
    origins: tuple[Phrase, ...] = ()

    def __str__(self) -> str:
        return self.say("en")

    def say(self, language: Language) -> str:
        """
        Return the place, the key and what is wrong, with the remedy.
        """
        what = "; ".join(each.say(WORDS, language) for each in (self.what, *self.origins))
        return ": ".join(filter(None, (str(self.source), self._place(language), self.key, what)))

    def _place(self, language: Language) -> str:
        if not self.line:
            return ""
        place = phrase("place.column" if self.column else "place.line", **self._position())
        return place.say(WORDS, language)

    def _position(self) -> dict[str, str]:
        return {"line": str(self.line), "column": str(self.column)}


class ProfileError(ConformanceError):
    """
    Profile, variable or option that cannot be used, with every problem.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        super().__init__(self.say("en"))

    def say(self, language: Language) -> str:
        """
        Return one line for each problem.
        """
        return "\n".join(problem.say(language) for problem in self.problems)


class Unfit(ValueError):
    """
    Value that a key cannot have.
    """

    def __init__(self, code: str, /, **data: object) -> None:
        self.what = phrase(code, **data)
        super().__init__(self.what.say(WORDS, "en"))


def hint(name: str, allowed: Iterable[str]) -> Phrase | str:
    """
    Return the question whether the closest name in `allowed` is meant; empty if none is close.
    """
    near = close_match(name, allowed)
    return phrase("hint.near", near=near) if near else ""
