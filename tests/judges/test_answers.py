"""
An answer is judged by what was expected, and told in either language.
"""

from __future__ import annotations

from livekit_conformance.catalogue.finding_words import said
from livekit_conformance.judges.answers import UNEXPECTED, judge_answer
from tests.russian import english_in


def judged(*, fits):
    answer = ("DeleteRoom", 200, "everything is all right", "401")
    request, status, text, expected = answer
    seen = "DeleteRoom: received 200, expected 401"
    return [*judge_answer(request, status, text, fits=fits, expected=expected, seen=seen)]


def test_an_answer_that_fits_is_no_finding():
    assert judged(fits=True) == []


def test_an_answer_that_does_not_fit_is_told_with_what_was_expected():
    (found,) = judged(fits=False)

    assert found.code == UNEXPECTED
    assert said(found, "en") == "DeleteRoom: received 200, expected 401"
    assert said(found, "ru") == (
        "`DeleteRoom`: получен ответ 200 «everything is all right», а нужен 401"
    )
    assert english_in(said(found, "ru")) == []
