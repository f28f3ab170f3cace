"""
Lines that support a cause and lines that contradict it, in bounded memory.
"""

from __future__ import annotations

import re

import pytest

from livekit_conformance.catalogue.cause import Sign, log
from livekit_conformance.log_diagnosis import findings
from tests.log_diagnosis.lines import BUS, cause, in_json, rejected, scan_lines, sign

WEAK = sign(message="Closing inbound call with error")
OTHER = sign(message="media timeout")


def weak(call, **fields):
    return in_json("Closing inbound call with error", callID=call, **fields)


def test_a_proof_makes_it_certain():
    proven = scan_lines(rejected(), causes=[cause("c", BUS, proofs=(BUS,))])
    shown = scan_lines(rejected(), causes=[cause("c", BUS, otherwise="possible")])

    assert proven.found["c"].confidence == "certain"
    assert shown.found["c"].confidence == "possible"


def test_the_most_certain_cause_comes_first_then_the_order_of_the_catalogue():
    causes = [
        cause("possible", otherwise="possible"),
        cause("likely"),
        cause("likely-too"),
        cause("certain", proofs=(BUS,)),
    ]

    found = scan_lines(rejected(), causes=causes).found

    assert list(found) == ["certain", "likely", "likely-too", "possible"]


def test_calls_that_something_else_explains_are_no_finding():
    causes = [cause("weak", WEAK, excludes=(OTHER,))]

    assert "weak" not in scan_lines(weak("a"), in_json(OTHER.where["message"], callID="a")).found
    found = scan_lines(
        weak("a"), weak("b"), in_json("media timeout", callID="a"), causes=causes
    ).found
    assert found["weak"].lines == 2
    found = scan_lines(weak("a"), in_json("media timeout", callID="a"), causes=causes).found
    assert found == {}


def test_a_line_that_speaks_against_a_cause_does_not_speak_for_it():
    against = sign(error=re.compile("connection refused"))
    causes = [cause("c", WEAK, excludes=(against,))]

    found = scan_lines(
        weak("a", error="connection refused"), weak("b", error="unauthorized"), causes=causes
    ).found

    assert found["c"].lines == 1


@pytest.mark.parametrize(("proofs", "found"), [((), []), ((WEAK,), ["c"])])
def test_lines_without_a_call_are_a_finding_against_other_lines_only_with_a_proof(proofs, found):
    causes = [cause("c", WEAK, proofs=proofs, excludes=(OTHER,))]
    lines = [in_json("Closing inbound call with error"), in_json("media timeout")]

    assert list(scan_lines(*lines, causes=causes).found) == found


def test_what_must_be_seen_also_must_be_seen():
    causes = [cause("c", WEAK, also=(OTHER, BUS))]

    assert scan_lines(weak("a"), rejected(), causes=causes).found == {}
    found = scan_lines(weak("a"), rejected(), in_json("media timeout"), causes=causes).found
    assert found["c"].lines == 1


def test_what_lines_alone_cannot_tell_is_not_told():
    causes = [cause("c", WEAK, also=(Sign("bus", {"subscribers": 0}),))]

    seen = scan_lines(weak("a"), causes=causes)

    assert seen.found == {}
    assert seen.unexplained.lines == 1


@pytest.mark.parametrize(("service", "found"), [("livekit-sip", ["c"]), ("livekit-server", [])])
def test_the_same_words_of_another_service_are_no_sign(service, found):
    line = in_json("m", service=service, error="no response from servers")

    assert list(scan_lines(line).found) == found


def test_a_line_of_an_unknown_service_is_taken_for_the_one_asked_for():
    line = '{"level":"warn","msg":"m","error":"no response from servers"}'

    assert scan_lines(line).found["c"].lines == 1


@pytest.mark.parametrize("level", ["debug", "info"])
def test_what_is_no_warning_is_a_sign_only_if_its_level_is_asked_for(level):
    line = in_json("m", level=level, error="no response from servers")
    asked = cause("asked", log("livekit-sip", level=level, error="no response from servers"))

    assert list(scan_lines(line, causes=[cause(), asked]).found) == ["asked"]


def test_calls_beyond_the_most_are_not_counted_but_told(monkeypatch):
    monkeypatch.setattr(findings, "MOST_CALLS", 3)

    calls = scan_lines(*(rejected(n) for n in (1, 2, 3, 3))).found["c"].calls
    assert (len(calls.known), calls.at_least) == (3, False)
    calls = scan_lines(*(rejected(n) for n in range(9))).found["c"].calls
    assert (len(calls.known), calls.at_least) == (3, True)


@pytest.mark.parametrize("fields", [{}, {"callID": ""}, {"callID": 7}])
def test_a_line_that_names_no_call_is_counted_as_a_line(fields):
    finding = scan_lines(in_json("m", error="no response from servers", **fields)).found["c"]

    assert (finding.lines, finding.calls.known) == (1, set())


def test_two_samples_are_kept_of_different_messages_where_there_are():
    one, other = (
        in_json(message, error="no response from servers") for message in ("one", "other")
    )

    same = scan_lines(one, one, one).found["c"].samples
    different = scan_lines(one, one, one, other, one).found["c"].samples

    assert [sample.number for sample in same] == [1, 2]
    assert [sample.number for sample in different] == [1, 4]


def test_unexplained_warnings_are_grouped_without_their_ids():
    lines = [
        *(in_json(f"took {n} s", error=f"[0xabc{n}] of RM_abcdef{n} ended") for n in range(5)),
        *[in_json("rare")] * 2,
        in_json("fine", level="info"),
        rejected(),
    ]

    kinds, more_lines, more_kinds = scan_lines(*lines).unexplained.most_frequent(1)

    assert [(kind.message, kind.error, kind.lines) for kind in kinds] == [
        ("took # s", "[#] of # ended", 5)
    ]
    assert (more_lines, more_kinds) == (2, 1)


def test_of_too_many_kinds_the_lines_are_counted(monkeypatch):
    monkeypatch.setattr(findings, "_MOST_KINDS", 3)

    unexplained = scan_lines(*(in_json("m" * n) for n in range(1, 9))).unexplained

    kinds, more_lines, more_kinds = unexplained.most_frequent(2)
    assert (len(kinds), more_lines, more_kinds) == (2, 6, 1)


def test_a_panic_is_unexplained_too():
    kinds, _, _ = scan_lines(
        in_json("m", level="info"), "panic: x", "goroutine 1:"
    ).unexplained.most_frequent(5)

    assert [(kind.message, kind.service) for kind in kinds] == [("panic: x", "livekit-sip")]
