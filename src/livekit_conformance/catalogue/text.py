"""
Texts for people, in each language that they read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_FEW = range(2, 5)
_TEENS = range(11, 15)


@dataclass(frozen=True, slots=True)
class Text:
    """
    One sentence or title in every language. `say` fills in the names in braces.

    A count is written with its noun: `{count:check|checks}`, in Russian with three forms:
    `{count:проверка|проверки|проверок}`.
    """

    en: str
    ru: str

    def say(self, language: Language, **values: Any) -> str:
        """
        Return the text in a language; `values` fill in what stands in braces, if any are given.
        """
        words = {"en": self.en, "ru": self.ru}[language]
        if not values:
            return words
        counted = {
            name: _Count(value) if type(value) is int else value for name, value in values.items()
        }
        return words.format(**counted)


class _Count(int):
    """
    A number that is written with the form of the noun that it asks for.
    """

    def __format__(self, spec: str) -> str:
        if "|" not in spec:
            return format(int(self), spec)
        forms = spec.split("|")
        return f"{int(self)} {forms[self._form_of(len(forms))]}"

    def _form_of(self, forms: int) -> int:
        """
        Return the index of the form: one and others; with three forms as Russian has them.
        """
        if forms == len(LANGUAGES):
            return int(self != 1)
        if self % 100 not in _TEENS and self % 10 == 1:
            return 0
        return 1 if self % 10 in _FEW and self % 100 not in _TEENS else 2
