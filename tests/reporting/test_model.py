"""
The result model: figures that never flatter.
"""

from __future__ import annotations

from livekit_conformance.catalogue.clause import REQUIREMENTS
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.reporting.model import (
    Result,
    Run,
    clause_of,
    record_as_json,
    record_from_json,
)
from livekit_conformance.reporting.words import counted, figures, verdict_of
from livekit_conformance.verdict import CheckRecord, Verdict

RUN = Run("id", "mock", "mock", "2026-11-23T04:00:00Z", "0.1.0")


def record(number, verdict, **fields):
    return CheckRecord(
        id=f"1.1-check-{number}",
        node_id="",
        requirement="1.1",
        area="authentication",
        level="MUST",
        statement="",
        verdict=Verdict(verdict),
        **fields,
    )


def test_a_hundred_per_cent_is_said_of_the_whole_only():
    checks = tuple(record(n, "PASS") for n in range(2999))
    result = Result(RUN, (*checks, record(2999, "FAIL"), record(3000, "BLOCKED")))

    assert result.summary.success_rate == 99.9
    assert result.summary.coverage == 99.9
    assert result.summary.partly_verified


def test_a_verdict_is_never_shown_without_saying_that_it_is_partial():
    skipped = record(2, "SKIPPED", reason="not-permitted")
    result = Result(RUN, (record(1, "PASS"), skipped))

    assert verdict_of(result.requirements[0]) == "CONFORMANT (partly verified)"


def test_what_does_not_apply_leaves_nothing_unverified():
    skipped = record(2, "SKIPPED", reason="not-applicable")
    result = Result(RUN, (record(1, "PASS"), skipped))

    assert verdict_of(result.requirements[0]) == "CONFORMANT"
    assert figures(result.summary) == (
        "success rate 100.0 % (1 of 1 decided), coverage 100.0 % (1 of 1 applicable)"
    )


def test_every_requirement_is_listed_checked_or_not():
    result = Result(RUN, ())

    assert [group.id for group in result.requirements] == list(REQUIREMENTS)
    assert {verdict_of(group) for group in result.requirements} == {"not checked"}
    assert result.not_selected == tuple(BY_ID)
    assert counted(result.summary) == "nothing was checked"


def test_blocked_checks_are_folded_under_their_root():
    root, other = record(1, "FAIL"), record(3, "BLOCKED")
    blocked = record(2, "BLOCKED", blocked_by=root.id)
    result = Result(RUN, (root, blocked, other, record(4, "PASS")))

    assert result.roots() == (root, other)
    assert result.blocked_by(root.id) == (blocked,)


def test_a_record_survives_the_journal():
    before = record(1, "FAIL", message="m", evidence=("evidence/x.json",), duration_s=0.5)

    assert record_from_json(record_as_json(before)) == before


def test_the_clause_of_a_check_has_no_parameters_and_no_mark():
    assert clause_of("1.1-a[x-y]#clean-up") == "1.1-a"
    assert clause_of("1.1-a#clean-up") == "1.1-a"
