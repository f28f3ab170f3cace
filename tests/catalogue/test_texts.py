"""
All texts for users exist in every language.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
from string import Formatter

import pytest

import livekit_conformance
from livekit_conformance.catalogue.cause import Cause
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.catalogue.text import LANGUAGES, Text

_RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)
_CODE = re.compile("`[^`]+`")


def texts() -> list[Text]:
    """
    Return each text of the package, wherever it is written.
    """
    for module in pkgutil.walk_packages(livekit_conformance.__path__, "livekit_conformance."):
        importlib.import_module(module.name)
    return [thing for thing in gc.get_objects() if isinstance(thing, Text)]


ALL = {text.en: text for text in texts()}


def test_there_are_texts_of_every_part():
    assert len(ALL) > 3 * len(CAUSES) + 2 * len(Link)
    assert set(WORDS) == set(Link)


@pytest.mark.parametrize("text", ALL.values(), ids=lambda text: text.en[:40])
def test_a_text_is_complete_in_every_language(text: Text) -> None:
    said = [text.say(language) for language in LANGUAGES]

    assert all(said), "a language has no text"
    assert len(set(map(fields, said))) == 1, "other values are filled in"
    assert len({tuple(sorted(_CODE.findall(words))) for words in said}) == 1, "other `names`"
    # A text without words, for example a name, is the same in all languages.
    assert text.ru == text.en or _RUSSIAN.search(text.ru), "no Russian"
    assert not _RUSSIAN.search(text.en), "Russian words in the English text"


@pytest.mark.parametrize(
    ("count", "english", "russian"),
    [
        (0, "0 checks", "0 проверок"),
        (1, "1 check", "1 проверка"),
        (2, "2 checks", "2 проверки"),
        (4, "4 checks", "4 проверки"),
        (5, "5 checks", "5 проверок"),
        (11, "11 checks", "11 проверок"),
        (12, "12 checks", "12 проверок"),
        (21, "21 checks", "21 проверка"),
        (22, "22 checks", "22 проверки"),
        (111, "111 checks", "111 проверок"),
        (112, "112 checks", "112 проверок"),
    ],
)
def test_a_count_has_its_form_of_the_noun(count, english, russian):
    text = Text(en="{count:check|checks}", ru="{count:проверка|проверки|проверок}")

    assert [text.say(language, count=count) for language in LANGUAGES] == [english, russian]


@pytest.mark.parametrize("text", ALL.values(), ids=lambda text: text.en[:40])
def test_no_count_stands_before_a_plural_that_it_may_not_have(text: Text) -> None:
    assert not re.search(r"\{count\} [a-z]+s\b", text.en), "write {count:check|checks}"


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_cause_says_something_else_in_each_language(cause: Cause) -> None:
    for text in (cause.title, cause.cause, cause.fix):
        assert _RUSSIAN.search(text.ru)
        assert text.ru != text.en


def fields(words: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name)
