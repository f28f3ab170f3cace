"""
What is said to people, in each language that they read it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Text:
    """
    One sentence or title in every language. Names in braces are filled in by `say`.
    """

    en: str
    ru: str

    def say(self, language: Language, **values: Any) -> str:
        """
        The text in a language; `values` fill in what stands in braces, if any are given.
        """
        words = {"en": self.en, "ru": self.ru}[language]
        return words.format(**values) if values else words
