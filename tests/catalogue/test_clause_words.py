"""
Each clause has a statement in Russian, and advice for whoever finds it violated.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.clause_words import CLAUSE_WORDS
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.wording import LANGUAGES
from tests.russian import english_in

_FORCE = {"MUST": "долж", "SHOULD": "следует"}


def test_each_clause_has_words_and_no_words_are_left_over():
    assert set(CLAUSE_WORDS) == set(BY_ID)


@pytest.mark.parametrize("clause", CLAUSE_WORDS)
def test_the_words_are_whole(clause):
    words = CLAUSE_WORDS[clause]
    advice = [text for text in (words.advice, words.on_cloud) if text is not None]

    assert _FORCE[BY_ID[clause].level] in words.statement
    assert not words.statement.endswith(".")
    assert english_in(words.statement) == []
    for text in advice:
        assert all(text.say(language).endswith(".") for language in LANGUAGES)
        assert english_in(text.ru) == []


@pytest.mark.parametrize("clause", CLAUSE_WORDS)
def test_the_advice_says_more_than_where_the_link_is(clause):
    assert CLAUSE_WORDS[clause].advice != WORDS[BY_ID[clause].link].look
