"""
An answer, or a wait, is judged by what was expected, and told in either language.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.finding_words import said
from livekit_conformance.findings import Says
from livekit_conformance.judges.answers import UNEXPECTED, judge_answer
from livekit_conformance.judges.waits import IN_VAIN, NO_ANSWER, Awaited, judge_wait
from livekit_conformance.waiting import Waited
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


@pytest.mark.parametrize("event", Awaited)
def test_a_wait_in_vain_is_told_with_what_was_waited_for(event):
    (found,) = judge_wait(event, Waited("not yet", 2.004, 7), seen="it was not seen")

    assert (found.code, found.seen) == (IN_VAIN, "it was not seen")
    assert said(found, "ru").startswith("за 2.0 с не дождались события: ")
    assert event.value not in said(found, "ru")
    assert english_in(said(found, "ru")) == []
    assert [*judge_wait(event, Waited(None, 2.0, 7), seen="")] == []


def test_a_wait_without_any_answer_is_no_violation():
    (found,) = judge_wait(Awaited.ROOM_LISTED, Waited("never asked", 2.96, 0), seen="it was not")

    assert (found.code, found.says, found.link) == (NO_ANSWER, Says.UNSEEN, "server")
    assert "within 2.96 s" in found.seen
    assert english_in(said(found, "ru")) == []
