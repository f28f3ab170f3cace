"""
The arithmetic of verdicts.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from livekit_conformance.verdict import CheckRecord, Verdict, run_verdict, tally


def records(text, reason=None):
    return [
        CheckRecord(
            id=f"1.1-check-{number}",
            node_id="",
            requirement="1.1",
            area="authentication",
            level="MUST",
            statement="",
            verdict=Verdict(word),
            reason=reason if word == "SKIPPED" else None,
        )
        for number, word in enumerate(text.split())
    ]


def test_the_original_diagnosis_is_77_8_per_cent():
    counts = tally(records("PASS " * 7 + "WARN FAIL"))

    assert counts.success_rate == pytest.approx(77.8, abs=0.05)
    assert counts.coverage == pytest.approx(100.0)


def test_known_violations_lower_the_success_rate():
    assert tally(records("PASS KNOWN")).success_rate == pytest.approx(50.0)


@pytest.mark.parametrize("word", ["BLOCKED", "ERROR"])
def test_what_could_not_be_decided_has_not_succeeded(word):
    counts = tally(records(f"PASS {word}"))

    assert counts.success_rate == pytest.approx(50.0)
    assert counts.coverage == pytest.approx(50.0)


@pytest.mark.parametrize("reason", ["not-permitted", "not-configured"])
def test_what_was_skipped_lowers_coverage_and_not_the_success_rate(reason):
    counts = tally(records("PASS SKIPPED", reason=reason))

    assert counts.success_rate == pytest.approx(100.0)
    assert counts.coverage == pytest.approx(50.0)


def test_what_was_not_selected_lowers_coverage_and_not_the_success_rate():
    counts = tally(records("PASS WARN"), not_selected=6)

    assert counts.success_rate == pytest.approx(50.0)
    assert counts.coverage == pytest.approx(25.0)


def test_what_does_not_apply_lowers_nothing():
    counts = tally(records("PASS SKIPPED", reason="not-applicable"))

    assert counts.coverage == pytest.approx(100.0)


def test_a_dead_system_is_told_by_its_success_rate():
    counts = tally(records("PASS " * 17 + "FAIL " + "BLOCKED " * 152))

    assert counts.success_rate == pytest.approx(10.0)
    assert counts.coverage == pytest.approx(100 * 18 / 170)


def test_nothing_attempted_has_no_success_rate():
    counts = tally(records("SKIPPED", reason="not-permitted"))

    assert counts.success_rate is None
    assert counts.coverage == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("PASS PASS", "CONFORMANT"),
        ("PASS WARN KNOWN", "CONFORMANT"),
        ("PASS SKIPPED", "PARTIALLY CONFORMANT"),
        ("PASS FAIL BLOCKED ERROR", "NOT CONFORMANT"),
        ("PASS FAIL SKIPPED", "NOT CONFORMANT"),
        ("PASS BLOCKED", "INCOMPLETE"),
        ("PASS ERROR SKIPPED", "INCOMPLETE"),
        ("SKIPPED SKIPPED", "INCOMPLETE"),
        ("", "INCOMPLETE"),
    ],
)
def test_the_verdict_of_a_run(text, verdict):
    assert run_verdict(tally(records(text, reason="not-permitted"))) == verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("PASS", "PARTIALLY CONFORMANT"),
        ("FAIL", "NOT CONFORMANT"),
        ("BLOCKED", "INCOMPLETE"),
        ("", "INCOMPLETE"),
    ],
)
def test_a_run_that_left_checks_out_is_at_best_partially_conformant(text, verdict):
    assert run_verdict(tally(records(text), not_selected=1)) == verdict


def test_what_does_not_apply_leaves_a_run_conformant():
    assert run_verdict(tally(records("PASS SKIPPED", reason="not-applicable"))) == "CONFORMANT"


@pytest.mark.parametrize(
    ("message", "seen", "shown"),
    [
        ("it MUST answer; received 502", "received 502", "received 502"),
        ("it MUST answer; received 502", None, "it MUST answer; received 502"),
        ("no redis. install it", None, "no redis. install it"),
        ("it MUST answer", None, "it MUST answer"),
        (None, None, "it MUST answer"),
    ],
)
def test_what_was_seen_stands_beside_the_statement_else_the_message_does(message, seen, shown):
    (record,) = records("FAIL")
    record = replace(record, statement="it MUST answer", message=message, seen=seen)

    assert record.beside_statement == shown
