"""
A series of runs: percentiles, and flips of a verdict.
"""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.comparison.past_run import PastRun, answered_s
from livekit_conformance.comparison.series import series_of, times
from tests.comparison.runs import MANY, check, numbered, result, results

A, B = "1.1-server-answers", "1.1-key-is-accepted"


def series(*told, last=30):
    (only,) = series_of([PastRun(one) for one in told], last=last)
    return only


@given(st.lists(st.floats(0, 1e6), min_size=1))
@MANY
def test_percentiles_are_values_that_did_occur(values):
    told = times(values)

    assert {told.p50_s, told.p95_s} <= set(values)
    assert told.p50_s == statistics.median_low(values)
    assert sum(value <= told.p95_s for value in values) >= 0.95 * len(values)
    assert sum(value < told.p95_s for value in values) < 0.95 * len(values)


def test_no_time_has_no_percentile():
    assert (times([]).p50_s, times([]).p95_s) == (None, None)


@given(st.lists(results(), min_size=1, max_size=6, unique_by=lambda told: told.run.id))
@MANY
def test_the_figures_are_those_of_the_runs(told):
    found = series(*told)

    by_id = {one.run.id: one for one in told}
    assert [entry.point.started for entry in found.entries] == sorted(
        one.run.started for one in told
    )
    for entry in found.entries:
        one = by_id[entry.point.run_id]
        assert entry.point.verdict == one.verdict
        assert entry.point.success_rate == one.summary.success_rate
        assert entry.point.duration_s == one.run.duration_s
    assert found.flips == sum(entry.flips for entry in found.entries)
    assert found.flips == sum(flipper.flips for flipper in found.flippers) <= found.pairs


@pytest.mark.parametrize(
    ("verdicts", "flips", "pairs"),
    [
        ("PASS PASS PASS", 0, 2),
        ("PASS FAIL PASS", 2, 2),
        ("PASS WARN", 1, 1),
        ("PASS SKIPPED PASS", 0, 1),
        ("PASS absent FAIL", 1, 1),
        ("FAIL", 0, 0),
    ],
)
def test_a_flip_is_another_verdict_at_the_next_look(verdicts, flips, pairs):
    told = [
        numbered(n, *([] if verdict == "absent" else [check(A, verdict)]))
        for n, verdict in enumerate(verdicts.split())
    ]

    found = series(*told)

    assert (found.flips, found.pairs) == (flips, pairs)
    assert found.flake_rate == (100 * flips / pairs if pairs else None)


@pytest.mark.parametrize(
    "changed",
    [
        {"versions": {"livekit_server": "1.13.6"}},
        {"versions": {"livekit_sip": "1.9.0"}},
        {"suite_version": "0.2.0"},
        {"url": "wss://another.example"},
    ],
)
def test_another_version_or_target_may_tell_another_verdict(changed):
    found = series(numbered(1, check(A)), numbered(2, check(A, "FAIL"), **changed))

    assert (found.flips, found.pairs) == (0, 0)


def test_a_new_address_of_services_that_a_run_starts_itself_is_no_other_target():
    told = [
        numbered(n, check(A, verdict), kind="local", url=f"ws://127.0.0.{n}:7880")
        for n, verdict in enumerate(("PASS", "FAIL"), 1)
    ]

    assert series(*told).flips == 1


def test_what_another_check_blocked_or_a_kill_left_over_is_no_look():
    folded = check(B, "BLOCKED", blocked_by=A)
    left = numbered(3, check(A, "BLOCKED"), check(B, "BLOCKED"), interrupted="killed")

    found = series(numbered(1, check(A), check(B)), numbered(2, check(A, "FAIL"), folded), left)

    assert [(flipper.id, flipper.history) for flipper in found.flippers] == [(A, "PFB")]
    assert (found.flips, found.pairs) == (1, 1)


def test_the_check_that_flips_most_comes_first():
    told = [
        numbered(n, check(A, a), check(B, b))
        for n, (a, b) in enumerate([("PASS", "PASS"), ("FAIL", "PASS"), ("PASS", "FAIL")])
    ]
    told = [*told, numbered(9, check(A, "FAIL"))]

    assert [(f.id, f.flips, f.history) for f in series(*told).flippers] == [
        (A, 3, "PFPF"),
        (B, 1, "PPF-"),
    ]


def test_environments_are_kept_apart_and_the_last_runs_are_kept():
    told = [numbered(n, check(A)) for n in range(5)]
    other = result(check(A, "FAIL"), id="prod", environment="prod")

    found = series_of([PastRun(one) for one in (*told, told[0], other)], last=3)

    assert [(one.environment, len(one.entries)) for one in found] == [("prod", 1), ("staging", 3)]
    assert found[1].entries[-1].point.run_id == told[-1].run.id


def test_the_answer_time_is_that_of_the_moment_of_the_answer():
    steps = [
        {"at_s": 0.25, "target": "caller", "label": "200 OK", "moment": None},
        {"at_s": 0.5, "target": "caller", "label": "Fine", "moment": "200"},
    ]

    assert answered_s([{"purpose": "probe", "outcome": "answered", "steps": steps}]) == 0.5


def test_in_a_story_of_an_older_version_the_first_200_is_the_answer():
    steps = [
        {"at_s": 0.0, "target": "livekit-sip", "label": "INVITE"},
        {"at_s": 0.1, "target": "caller", "label": "100 Processing"},
        {"at_s": 0.25, "target": "caller", "label": "200 OK"},
        {"at_s": 9.0, "target": "caller", "label": "200 OK"},
    ]
    other = {"purpose": "outbound", "outcome": "answered", "steps": steps[:1]}
    probe = {"purpose": "probe", "outcome": "answered", "steps": steps}

    assert answered_s([other, probe]) == 0.25
    assert answered_s([other, {**probe, "outcome": "486"}]) is None
