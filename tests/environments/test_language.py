"""
The language of the terminal.
"""

import pytest

from livekit_conformance.environments.language import language_of


@pytest.mark.parametrize("locale", ["ru", "ru_RU", "ru_RU.UTF-8", "ru_UA@cyrillic", "RU.KOI8-R"])
def test_a_russian_locale_is_spoken_to_in_russian(locale):
    assert language_of({"LANG": locale}) == "ru"


@pytest.mark.parametrize("locale", ["", "C", "POSIX", "C.UTF-8", "en_US.UTF-8", "de_DE", "run"])
def test_any_other_locale_is_spoken_to_in_english(locale):
    assert language_of({"LANG": locale}) == "en"


def test_without_a_locale_it_is_english():
    assert language_of({}) == "en"


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LC_ALL": "C", "LC_MESSAGES": "ru_RU", "LANG": "ru_RU"}, "en"),
        ({"LC_MESSAGES": "ru_RU", "LANG": "en_US"}, "ru"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "ru_RU"}, "ru"),
    ],
)
def test_the_first_variable_that_is_set_and_not_empty_decides(environ, language):
    assert language_of(environ) == language
