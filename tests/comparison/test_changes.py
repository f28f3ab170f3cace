"""
Differences between two runs that count as changes, and those that do not.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.comparison.changes import ChangeKind, compare
from livekit_conformance.verdict import Verdict
from tests.comparison.runs import MANY, cause, check, result, results

A, B, C = "1.1-server-answers", "1.1-key-is-accepted", "1.5-bus-has-a-server"
OPPOSITE = {
    ChangeKind.BROKEN: ChangeKind.FIXED,
    ChangeKind.WORSE: ChangeKind.BETTER,
    ChangeKind.SKIPPED: ChangeKind.CHECKED,
    ChangeKind.GONE: ChangeKind.NEW,
    ChangeKind.CAUSE: ChangeKind.CAUSE,
    ChangeKind.CHANGED: ChangeKind.CHANGED,
}
OPPOSITE |= {after: before for before, after in OPPOSITE.items()}


@given(results())
@MANY
def test_a_run_differs_in_nothing_from_itself(told):
    comparison = compare(told, told)

    assert comparison.is_empty
    assert comparison.regressions(strict=True) == ()


@given(results(), results())
@MANY
def test_the_way_back_is_the_opposite(before, after):
    there, back = compare(before, after), compare(after, before)

    kinds = {change.id: change.kind for change in there.changes}
    assert {change.id: OPPOSITE[change.kind] for change in back.changes} == kinds
    assert [p.id for p in there.slower] == sorted(
        (p.id for p in back.faster), key=[c.id for c in after.checks].index
    )
    assert set(there.causes_new) == set(back.causes_gone)


@given(results(), results())
@MANY
def test_the_changes_are_the_difference_of_the_figures(before, after):
    comparison = compare(before, after)

    for verdict in Verdict:
        told = sum(
            (change.after is not None and change.after.verdict is verdict)
            - (change.before is not None and change.before.verdict is verdict)
            for change in comparison.changes
        )
        counts = (run.summary.tally.counts[verdict] for run in (after, before))
        assert told == next(counts) - next(counts)
    assert len({change.id for change in comparison.changes}) == len(comparison.changes)


@given(results(), results())
@MANY
def test_a_regression_is_what_was_good_and_is_bad(before, after):
    good, bad = {"PASS", "WARN", "KNOWN"}, {"FAIL", "BLOCKED", "ERROR"}
    were = {check.id for check in before.checks if check.verdict in good}
    are = {check.id for check in after.checks if check.verdict in bad}

    assert {change.id for change in compare(before, after).regressions()} == were & are


@given(results(), results())
@MANY
def test_coverage_is_lost_where_a_decided_claim_is_left_out(before, after):
    decided = {"PASS", "WARN", "KNOWN", "FAIL"}
    were = {check.id for check in before.checks if check.verdict in decided}
    left = {c.id for c in after.checks if c.verdict != "SKIPPED" or c.reason == "not-applicable"}

    lost = {change.id for change in compare(before, after).changes if change.loses_coverage}

    assert lost == were - left


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("PASS", "FAIL", ChangeKind.BROKEN),
        ("WARN", "ERROR", ChangeKind.BROKEN),
        ("KNOWN", "BLOCKED", ChangeKind.BROKEN),
        ("ERROR", "KNOWN", ChangeKind.FIXED),
        ("PASS", "WARN", ChangeKind.WORSE),
        ("KNOWN", "PASS", ChangeKind.BETTER),
        ("BLOCKED", "FAIL", ChangeKind.CHANGED),
        ("WARN", "KNOWN", ChangeKind.CHANGED),
        ("FAIL", "SKIPPED", ChangeKind.SKIPPED),
        ("SKIPPED", "BLOCKED", ChangeKind.CHECKED),
    ],
)
def test_each_pair_of_verdicts_has_one_name(before, after, kind):
    comparison = compare(result(check(A, before)), result(check(A, after)))

    assert [change.kind for change in comparison.changes] == [kind]


def test_what_fails_for_another_cause_is_told():
    red = check(C, "FAIL")
    before = result(red, diagnoses=[cause("bus-down", C)])
    after = result(red, diagnoses=[cause("server-on-another-redis", C), cause("bus-down", C)])

    comparison = compare(before, after)

    assert [(c.kind, c.cause_after.id) for c in comparison.changes] == [
        (ChangeKind.CAUSE, "server-on-another-redis")
    ]
    assert [found.id for found in comparison.causes_kept] == ["bus-down"]
    assert comparison.regressions(strict=True) == ()


def test_an_unknown_cause_at_another_link_is_another_cause():
    red = check(C, "FAIL")
    before = result(red, diagnoses=[cause("cause-unknown", C, link="bus")])
    after = result(red, diagnoses=[cause("cause-unknown", C, link="rooms")])

    assert [change.kind for change in compare(before, after).changes] == [ChangeKind.CAUSE]


def test_a_clean_up_that_fails_now_is_broken():
    left = replace(check(A, "ERROR"), id=f"{A}#clean-up")

    comparison = compare(result(check(A)), result(check(A), left))

    assert [(c.id, c.kind) for c in comparison.changes] == [(left.id, ChangeKind.BROKEN)]


def test_a_clean_up_of_what_was_not_done_before_is_new():
    left = replace(check(A, "ERROR"), id=f"{A}#clean-up")

    comparison = compare(result(check(A, "BLOCKED")), result(check(A, "BLOCKED"), left))

    assert [(c.id, c.kind) for c in comparison.changes] == [(left.id, ChangeKind.NEW)]


@pytest.mark.parametrize(
    ("before_s", "after_s", "is_slower"),
    [(0.01, 0.9, False), (1.0, 2.0, True), (30.0, 31.5, False), (1.0, 1.99, False), (0, 1.0, True)],
)
def test_slower_is_much_and_noticeably(before_s, after_s, is_slower):
    before, after = check(A, duration_s=before_s), check(A, duration_s=after_s)

    comparison = compare(result(before), result(after))

    assert bool(comparison.slower) == is_slower
    assert comparison.regressions(strict=True) == ()


def test_time_is_compared_of_what_holds_in_both_only():
    before, after = check(A, duration_s=1.0), check(A, "FAIL", duration_s=30.0)

    assert compare(result(before), result(after)).slower == ()


def test_how_long_recovery_takes_is_not_compared():
    disrupts = next(clause for clause in CLAUSES if clause.effect == "disrupt").id
    before, after = (replace(check(A, duration_s=s), id=f"{disrupts}[x]") for s in (1.0, 9.0))

    assert compare(result(before), result(after)).slower == ()


def test_order_is_that_of_the_later_run_and_what_is_gone_comes_last():
    before = result(check(A), check(B))
    after = result(check(C), check(B, "FAIL"))

    comparison = compare(before, after)

    assert [(c.id, c.kind) for c in comparison.changes] == [
        (C, ChangeKind.NEW),
        (B, ChangeKind.BROKEN),
        (A, ChangeKind.GONE),
    ]
