"""
Texts for people, in each language that they read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
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

    @property
    def names(self) -> frozenset[str]:
        """
        The names in braces.
        """
        return frozenset(name for _, name, _, _ in Formatter().parse(self.en) if name)

    def filled(self, values: Words) -> Text:
        """
        Return the text with the names in braces filled in, in each language.
        """
        return Text(
            en=self.en.format(**{name: value.en for name, value in values.items()}),
            ru=self.ru.format(**{name: value.ru for name, value in values.items()}),
        )


def same(words: str) -> Text:
    """
    Return words that are the same in every language, for example a command.
    """
    return Text(en=words, ru=words)


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


Words = Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Phrase:
    """
    A sentence or a part of one as data: its code in a table of words, and what fills in the braces.
    """

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def say(self, words: Words, language: Language) -> str:
        """
        Return the phrase by the table `words`; the phrases among its data are in the same table.

        Of several names, each is in backquotes.
        """
        return words[self.code].say(language, **self.values(words, language))

    def values(self, words: Words, language: Language) -> dict[str, Any]:
        """
        Return the data as they stand in a sentence.
        """
        return {name: _said(datum, words, language) for name, datum in self.data.items()}

    def in_each_language(self, template: Text, words: Words) -> Text:
        """
        Return `template` with the data filled in; the phrases among them are in the table `words`.
        """
        said = {
            language: template.say(language, **self.values(words, language))
            for language in LANGUAGES
        }
        return Text(**said)

    def as_json(self) -> dict[str, Any]:
        """
        Return code and data as JSON values.
        """
        data = {name: _as_json(datum) for name, datum in self.data.items()}
        return {"code": self.code, "data": data}


def phrase(code: str, /, **data: Any) -> Phrase:
    """
    Return the phrase of a code; keywords are its data.
    """
    return Phrase(code, data)


def _said(datum: Any, words: Words, language: Language) -> Any:
    match datum:
        case Phrase():
            return datum.say(words, language)
        case Text():
            return datum.say(language)
        case tuple():
            said = (
                one.say(words, language) if isinstance(one, Phrase) else f"`{one}`" for one in datum
            )
            return ", ".join(said)
        case _:
            return datum


def _as_json(datum: Any) -> Any:
    match datum:
        case Phrase():
            return datum.as_json()
        case Text():
            return datum.en
        case tuple():
            return [_as_json(one) for one in datum]
        case None | int() | float():
            return datum
        case _:
            return str(datum)
