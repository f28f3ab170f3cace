"""
All texts for users exist in every language.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
from collections.abc import Iterator
from string import Formatter

import pytest

import livekit_conformance
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.wording import LANGUAGES, Text

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


def test_each_text_is_complete_in_every_language():
    assert {text.en: wrong for text in ALL.values() if (wrong := [*flaws(text)])} == {}


def flaws(text: Text) -> Iterator[str]:
    """
    Yield what is wrong with a text.
    """
    said = [text.say(language) for language in LANGUAGES]
    if not all(said):
        yield "a language has no text"
    if len(set(map(fields, said))) > 1:
        yield "other values are filled in"
    if len({tuple(sorted(_CODE.findall(words))) for words in said}) > 1:
        yield "other `names`"
    # A text without words, for example a name, is the same in all languages.
    if text.ru != text.en and not _RUSSIAN.search(text.ru):
        yield "no Russian"
    if _RUSSIAN.search(text.en):
        yield "Russian words in the English text"
    if re.search(r"\{count\} [a-z]+s\b", text.en):
        yield "write {count:check|checks}"
    if re.search("звон(?:ок|к)", text.ru, re.IGNORECASE):
        yield "write вызов"


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


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        (Text(en="a call", ru=""), "a language has no text"),
        (Text(en="{number} rings", ru="звонит {name}"), "other values are filled in"),
        (Text(en="set `port`", ru="задайте `ports`"), "other `names`"),
        (Text(en="a call", ru="a ring"), "no Russian"),
        (Text(en="a вызов", ru="вызов"), "Russian words in the English text"),
        (Text(en="a call", ru="Звонки"), "write вызов"),
        (Text(en="{count} checks", ru="проверок: {count}"), "write {count:check|checks}"),
    ],
)
def test_a_flawed_text_is_noticed(text, flaw):
    assert flaw in flaws(text)


def test_each_cause_says_something_else_in_each_language():
    same = [
        cause.id
        for cause in CAUSES
        for text in (cause.title, cause.cause, cause.fix)
        if text.ru == text.en or not _RUSSIAN.search(text.ru)
    ]

    assert same == []


def fields(words: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name)
