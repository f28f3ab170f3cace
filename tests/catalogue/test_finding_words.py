"""
The Russian words of findings: for each code, from the data of the finding alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import livekit_conformance
from livekit_conformance.catalogue.finding_words import RUSSIAN, said
from livekit_conformance.errors import NOT_CARRIED, Failure, Unreachable
from livekit_conformance.findings import Code, Finding
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.codes import first_arguments
from tests.russian import english_in

_SOURCES = [*Path(livekit_conformance.__file__).parent.rglob("*.py")]


def test_each_code_of_a_judge_has_words():
    assert {code for code in first_arguments(_SOURCES, "Code") if "." in code} <= set(RUSSIAN)


@pytest.mark.parametrize("code", RUSSIAN)
def test_the_words_hold_no_english_sentence(code):
    assert english_in(RUSSIAN[code].replace("{", "…{")) == []


@pytest.mark.parametrize("failure", Failure)
def test_a_request_that_was_lost_is_told_in_russian(failure):
    lost = Unreachable(
        "192.0.2.1:80", phase="connect", detail="no answer", waited=2.0, remedy="", failure=failure
    )

    (found,) = lost.findings
    assert found.code == NOT_CARRIED
    assert said(found, "ru").startswith("192.0.2.1:80: ")
    assert english_in(said(found, "ru")) == []
    assert failure.value not in said(found, "ru")
    assert said(found, "en") == found.seen


def test_a_finding_without_words_or_data_is_shown_all_the_same():
    assert said(Finding(Code("new.kind"), "something new"), "ru") == "something new"
    assert said(Finding(NOT_CARRIED, "lost"), "ru") == "?: ? (за ? с)"


def record(*findings):
    return CheckRecord(
        "1.1-server-answers",
        "suites/connectivity/test_server.py::test_x",
        "1.1",
        "connectivity",
        "MUST",
        "the claim",
        Verdict.FAIL,
        message="the claim, and what was seen",
        findings=findings,
    )


def test_the_message_of_a_check_is_told_by_its_findings_where_all_have_words():
    lost = Finding(NOT_CARRIED, "lost", data={"endpoint": "h:1", "failure": "refused"})
    new = Finding(Code("new.kind"), "something new")

    told = words.message(record(lost), "ru")

    assert told == "h:1: в соединении отказано, там никто не слушает (за ? с)"
    for check, language in ((record(lost), "en"), (record(lost, new), "ru"), (record(), "ru")):
        assert words.message(check, language) == "the claim, and what was seen"
