"""
Kinds of observations: their fields, their JSON, and the secrets in them.
"""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from livekit_conformance.catalogue.cause import Not, Sign
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.observations import (
    KINDS,
    CallLine,
    ConfigProblem,
    HttpExchange,
    Kind,
    LineOfLog,
    LogWarning,
    Recorder,
    SipExchange,
    observation_from_json,
)
from livekit_conformance.observations.observation import own_fields
from livekit_conformance.secrets.patterns import Redactor
from tests.observed import observed

SECRET = "hunter2-hunter2"
LOST = HttpExchange(2.0, "GET / failed", url="http://h/", method="GET", status=None, error="reset")
WARNING = LogWarning(
    3.0, "log", service="livekit-sip", level="warn", message="m", fields={"sipCallID": "a@b"}
)


def given(kind: Kind) -> object:
    """Return an observation that has a value in each of its fields."""
    values = {"str": "x", "bool": True, "int": 3, "float": 2.5}
    fields = own_fields(KINDS[kind])
    details = {each.name: values.get(str(each.type).split(" ")[0], "y") for each in fields}
    told = {"fields": {"error": "e"}} if issubclass(KINDS[kind], LineOfLog) else {}
    return KINDS[kind](1.0, "summary", **{**details, **told})


def test_each_kind_has_a_class_of_its_own():
    assert set(KINDS) == set(get_args(Kind))
    assert all(found.kind == kind for kind, found in KINDS.items())


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read_back(kind):
    seen = given(kind)

    assert observation_from_json(json.loads(json.dumps(seen.as_json()))) == seen


def test_a_file_holds_the_fields_of_a_line_beside_our_own():
    assert WARNING.as_json() == {
        "at": 3.0,
        "kind": "log",
        "summary": "log",
        "details": {"service": "livekit-sip", "level": "warn", "message": "m", "sipCallID": "a@b"},
    }


def test_a_file_leaves_out_only_what_has_no_value_by_default():
    assert LOST.as_json()["details"] == {
        "url": "http://h/",
        "method": "GET",
        "status": None,
        "error": "reset",
    }


def test_a_file_of_another_version_may_lack_fields_and_have_others():
    written = {"at": 1, "kind": "http", "summary": "POST", "details": {"later": 1, "status": 500}}

    seen = observation_from_json(written)

    assert isinstance(seen, HttpExchange)
    assert (seen.url, seen.status, seen.body, seen.date) == ("", 500, None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_any_details_can_be_read(kind):
    seen = observation_from_json({"at": 1, "kind": kind, "summary": "s"})

    assert (seen.kind, seen.at, seen.summary) == (kind, 1, "s")


def test_a_kind_of_another_version_is_left_out():
    assert observation_from_json({"at": 1, "kind": "later", "summary": "s"}) is None


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_field_keeps_a_secret(kind):
    recorder = Recorder(Redactor([SECRET]))
    fields = own_fields(KINDS[kind])
    text = {each.name: f"a {SECRET}" for each in fields if "str" in str(each.type)}
    text |= {each.name: (SECRET,) for each in fields if "tuple" in str(each.type)}
    text |= {each.name: {SECRET: [{"a": SECRET}]} for each in fields if "Map" in str(each.type)}
    rest = {each.name: None for each in fields if each.name not in text}

    recorder.record(KINDS[kind](1.0, SECRET, **text, **rest))

    (seen,) = recorder.observations
    assert SECRET not in repr(seen)
    assert "***" in seen.summary


def test_an_observation_without_secrets_is_kept_as_it_is():
    assert Recorder(Redactor([SECRET])).record(LOST) is LOST


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_cause_looks_at_fields_that_observations_have(cause):
    signs = (*cause.shows, *cause.also, *cause.proofs, *cause.excludes)

    assert all(KINDS[sign.kind].has(name) for sign in signs for name in sign.where)


@pytest.mark.parametrize(("kind", "name"), [("http", "stauts"), ("log", "fields"), ("log", "url")])
def test_a_sign_with_a_misspelt_field_cannot_be_made(kind, name):
    with pytest.raises(TypeError, match=f"^an observation of {kind} has no {name}$"):
        Sign(kind, {name: 500})


@pytest.mark.parametrize(("kind", "name"), [("webhook", "problem"), ("http", "error")])
def test_a_sign_finds_no_pattern_in_a_text_of_ours(kind, name):
    for condition in (re.compile("refused"), Not(re.compile("refused"))):
        with pytest.raises(TypeError, match=f"^{name} of {kind} is no text of others"):
            Sign(kind, {name: condition})


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_a_cause_compares_no_sentence_of_ours(cause):
    """
    A value of ours is a word of a known set: a sentence has blanks.
    """
    signs = (*cause.shows, *cause.also, *cause.proofs, *cause.excludes)
    compared = [
        (sign.kind, name, getattr(condition, "condition", condition))
        for sign in signs
        for name, condition in sign.where.items()
        if not KINDS[sign.kind].quotes(name)
    ]

    assert [each for each in compared if isinstance(each[2], str) and " " in each[2]] == []


def test_causes_leave_the_meaning_of_a_sip_status_to_one_place():
    """
    `protocol.sip.outcome` says at which link an INVITE was refused; only 401 proves more.
    """
    signs = (sign for cause in CAUSES for sign in (*cause.shows, *cause.also, *cause.excludes))

    assert [sign for sign in signs if "final_status" in sign.where] == []


@pytest.mark.parametrize(
    ("seen", "name", "value"),
    [
        (WARNING, "sipCallID", "a@b"),
        (WARNING, "level", "warn"),
        (WARNING, "error", None),
        (WARNING, "unclear", False),
        (CallLine(1.0, "l", fields={"service": "of the line"}), "service", ""),
        (SipExchange(1.0, "-> INVITE", status=None), "status", None),
    ],
)
def test_a_sign_looks_at_our_own_fields_and_at_those_of_a_line(seen, name, value):
    assert seen.value(name) == value


def test_a_test_cannot_make_up_a_field():
    with pytest.raises(TypeError, match="no stauts"):
        observed(1.0, "http", "s", {"stauts": 1})


def test_a_field_that_is_missing_is_an_error_of_the_suite():
    with pytest.raises(TypeError, match="reaction"):
        ConfigProblem(1.0, "s", file="f", line=1, key="k", severity="error", what="w")
