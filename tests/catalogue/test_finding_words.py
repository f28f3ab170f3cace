"""
The Russian words of findings: for each code, from the data of the finding alone.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

import livekit_conformance
from livekit_conformance.catalogue.finding_words import RUSSIAN, said
from livekit_conformance.errors import NOT_CARRIED, Failure, Unreachable
from livekit_conformance.findings import Code, Finding
from livekit_conformance.judges.calls import NOT_RECOVERED, NOT_TAKEN, SEVERAL_UNANSWERED
from livekit_conformance.judges.logs import NOT_LOGGED
from livekit_conformance.judges.waits import IN_VAIN, Awaited
from livekit_conformance.protocol.sip.outcome import CallOutcome
from livekit_conformance.provisioners import failures
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.codes import calls, first_arguments, nodes
from tests.russian import english_in

_SOURCES = [*Path(livekit_conformance.__file__).parent.rglob("*.py")]
_SUITES = [*(Path(__file__).parents[2] / "suites").rglob("*.py")]
# Sentences without a finding: a report in Russian has them in English. The counts may only fall,
# and this is where to lower them.
_LEFT = {"assert": 6, "Blocked": 13, "NotApplicable": 1}


def test_each_code_of_a_judge_has_words():
    assert {code for code in first_arguments(_SOURCES, "Code") if "." in code} <= set(RUSSIAN)


def keyword_values(name):
    """
    Return the texts that the checks give to the keyword `name` of a finding.
    """
    return {
        keyword.value.value
        for call in calls(_SUITES, "violated")
        for keyword in call.keywords
        if keyword.arg == name and isinstance(keyword.value, ast.Constant)
    }


def test_no_more_sentences_have_no_finding_than_before():
    asserts = [node for node in nodes(_SUITES) if isinstance(node, ast.Assert)]
    raised = [
        call.func.id
        for call in calls([*_SOURCES, *_SUITES], "Violation", "Blocked", "NotApplicable")
        if "findings" not in {keyword.arg for keyword in call.keywords}
    ]

    assert Counter(raised) + Counter({"assert": len(asserts)}) == Counter(_LEFT)


def test_a_finding_has_the_data_that_its_words_name():
    code_of = {
        node.target.id: node.value.args[0].value
        for node in nodes(_SOURCES)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "Code"
    }
    lacking = {}
    for call in calls([*_SOURCES, *_SUITES], "violated", "blocked", "not_applicable"):
        given = {keyword.arg for keyword in call.keywords}
        code = code_of[ast.unparse(call.args[0])]
        named = {name for _, name, *_ in Formatter().parse(RUSSIAN[code]) if name}
        if not named <= given:
            lacking[code] = named - given

    assert lacking == {}


@pytest.mark.parametrize(
    ("code", "name", "values"),
    [
        (SEVERAL_UNANSWERED, "outcomes", CallOutcome),
        (NOT_TAKEN, "outcome", CallOutcome),
        (NOT_RECOVERED, "during", failures.Failure),
        (IN_VAIN, "event", Awaited),
        (NOT_LOGGED, "about", sorted(keyword_values("about"))),
    ],
)
def test_a_value_that_is_a_word_is_told_in_russian(code, name, values):
    for value in values:
        datum = [str(value)] if name == "outcomes" else str(value)
        told = said(Finding(code, "", data={name: datum}), "ru")
        assert str(value) not in told


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
