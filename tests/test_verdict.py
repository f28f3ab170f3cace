"""
The arithmetic of verdicts.
"""

from __future__ import annotations

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


@pytest.mark.parametrize("word", ["BLOCKED", "ERROR", "SKIPPED"])
def test_what_is_undecided_lowers_coverage_and_not_the_success_rate(word):
    counts = tally(records(f"PASS {word}", reason="not-permitted"))

    assert counts.success_rate == pytest.approx(100.0)
    assert counts.coverage == pytest.approx(50.0)


def test_what_does_not_apply_lowers_nothing():
    counts = tally(records("PASS SKIPPED", reason="not-applicable"))

    assert counts.coverage == pytest.approx(100.0)


def test_nothing_decided_has_no_success_rate():
    counts = tally(records("BLOCKED"))

    assert counts.success_rate is None
    assert counts.coverage == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("PASS PASS", "CONFORMANT"),
        ("PASS WARN KNOWN", "CONFORMANT"),
        ("PASS SKIPPED", "CONFORMANT"),
        ("PASS FAIL BLOCKED ERROR", "NOT CONFORMANT"),
        ("PASS BLOCKED", "INCOMPLETE"),
        ("PASS ERROR", "INCOMPLETE"),
        ("SKIPPED SKIPPED", "INCOMPLETE"),
        ("", "INCOMPLETE"),
    ],
)
def test_the_verdict_of_a_run(text, verdict):
    assert run_verdict(records(text, reason="not-permitted")) == verdict
