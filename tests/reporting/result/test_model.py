"""
The result model: figures that never flatter.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import AREAS, REQUIREMENTS
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.diagnosis.interruptions import outages_by_cause
from livekit_conformance.findings import Code, Finding
from livekit_conformance.reporting.result.model import (
    Result,
    Run,
    clause_of,
    never_ran,
    record_as_json,
    record_from_json,
)
from livekit_conformance.reporting.text.words import (
    counted,
    figures,
    headline,
    reasons,
    verdict_of,
)
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.observed import observed

CLIENT = "1.5-client-breaker-as-configured"
INVITED = "1.5-invite-is-not-rejected"
ANSWERED = "1.5-call-is-answered"
HEARD = "1.5-audio-flows-both-ways"
RUN = Run("id", "mock", "mock", "2026-11-23T04:00:00Z", "0.1.0")
STARTED = "2026-11-23T04:00:01.000Z"


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


def test_a_verdict_is_never_shown_without_saying_that_it_is_partial():
    skipped = record(2, "SKIPPED", reason="not-permitted")
    result = Result(RUN, (record(1, "PASS"), skipped))

    assert verdict_of(result.requirements[0]) == "PARTIALLY CONFORMANT (coverage 50.0 %)"


def test_what_does_not_apply_leaves_nothing_unverified():
    skipped = record(2, "SKIPPED", reason="not-applicable")
    result = Result(RUN, (record(1, "PASS"), skipped))

    assert verdict_of(result.requirements[0]) == "CONFORMANT"
    assert figures(result.summary) == (
        "success rate 100.0 % (1 of 1 checks), coverage 100.0 % (1 of 1 applicable)"
    )


def test_every_requirement_and_area_is_listed_checked_or_not():
    result = Result(RUN, ())

    assert [group.id for group in result.requirements] == list(REQUIREMENTS)
    assert [group.id for group in result.areas] == list(AREAS)
    assert {verdict_of(group) for group in result.requirements} == {"not checked"}
    assert counted(result.summary) == "nothing was checked"


def test_checks_that_were_left_out_count_where_they_belong():
    left = ("1.1-key-is-accepted", "1.5-recovers-from[sip-restart]", CLIENT)
    result = Result(RUN, (record(1, "PASS"),), not_selected=left)

    assert result.summary.tally.applicable == 3
    assert result.client.tally.applicable == 1
    assert {g.id: g.tally.not_selected for g in result.requirements if g.tally.not_selected} == {
        "1.1": 1,
        "1.5": 1,
    }
    assert {g.id: g.tally.not_selected for g in result.areas if g.tally.not_selected} == {
        "authentication": 1,
        "retry": 1,
    }


@pytest.mark.parametrize(
    ("verdict", "is_accepted"),
    [("PASS", True), ("WARN", True), ("FAIL", False), ("BLOCKED", False), ("ERROR", False)],
)
def test_our_own_client_is_outside_the_deployments_figures(verdict, is_accepted):
    own = replace(record(2, verdict), id=CLIENT, requirement="1.5", area="retry")
    result = Result(RUN, (record(1, "PASS"), own))

    assert (result.verdict, result.summary.tally.applicable) == ("CONFORMANT", 1)
    assert result.client.counts()[verdict.lower()] == 1
    assert [check.id for check in result.deployment_checks] == ["1.1-check-1"]
    assert all(not g.tally.counts.total() for g in result.areas if g.id == "retry")
    assert result.chain.broken == ()
    assert result.is_accepted is is_accepted
    assert bool(list(reasons(result))) is not is_accepted


@pytest.mark.parametrize(("required", "is_accepted"), [(0, True), (50, True), (50.1, False)])
def test_less_than_the_required_coverage_is_not_accepted(required, is_accepted):
    run = replace(RUN, required_coverage=required)
    result = Result(run, (record(1, "PASS"),), not_selected=("1.1-key-is-accepted",))

    assert result.verdict == "PARTIALLY CONFORMANT"
    assert result.is_accepted is is_accepted
    assert ["--require-coverage" in reason for reason in reasons(result)] == (
        [] if is_accepted else [True]
    )


def test_an_interrupted_run_is_incomplete_as_a_whole():
    result = Result(replace(RUN, interrupted="killed"), (record(1, "PASS"),))

    assert result.verdict == result.summary.verdict == "INCOMPLETE"
    assert not result.is_accepted


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ({ANSWERED: "PASS"}, "Calls work."),
        ({INVITED: "PASS", ANSWERED: "PASS", HEARD: "PASS"}, "Calls work."),
        ({ANSWERED: "PASS", HEARD: "FAIL"}, "Calls do not work. First broken link: {audio}."),
        ({INVITED: "FAIL"}, "Calls do not work. First broken link: {dispatch}."),
        ({ANSWERED: "KNOWN"}, "Calls do not work."),
        ({ANSWERED: "SKIPPED"}, "Calls were not tried."),
        ({}, "Calls were not tried."),
        ({INVITED: "PASS"}, "It is not known whether calls work."),
        ({ANSWERED: "ERROR"}, "It is not known whether calls work."),
    ],
)
def test_the_headline_says_whether_calls_work(verdicts, told):
    checks = (replace(record(1, verdict), id=name) for name, verdict in verdicts.items())
    result = Result(RUN, tuple(checks))

    titles = {"audio": Link.AUDIO, "dispatch": Link.DISPATCH}
    assert headline(result) == told.format(
        **{name: WORDS[link].title.say("en") for name, link in titles.items()}
    )


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Calls do not work. First broken link: API key. 1 of 3 checks could run."),
        (
            "ru",
            (
                "Вызовы не проходят. Первое сломанное звено: API-ключ. Выполнить удалось 1 из 3 "
                "проверок."
            ),
        ),
    ],
)
def test_the_headline_of_a_broken_run_names_link_and_how_much_could_run(language, told):
    key = replace(record(1, "FAIL"), id="1.1-key-is-accepted")
    blocked = [
        replace(record(1, "BLOCKED", blocked_by=key.id), id=name) for name in (INVITED, ANSWERED)
    ]
    result = Result(RUN, (key, *blocked), language=language)

    assert headline(result) == told


LISTED = "1.5-bus-has-a-server"


@pytest.mark.parametrize(
    ("again", "language", "told", "first"),
    [
        (
            None,
            "en",
            (
                "Redis stopped answering during the run: last answer at 04:00:00.5 UTC, none at "
                "04:00:01.5 UTC."
            ),
            Link.BUS,
        ),
        (
            None,
            "ru",
            (
                "Redis перестал отвечать во время прогона: последний ответ в 04:00:00.5 UTC, нет "
                "ответа в 04:00:01.5 UTC."
            ),
            Link.BUS,
        ),
        (
            3.0,
            "en",
            (
                "Redis was restarted during the run: last answer at 04:00:00.5 UTC, again from "
                "04:00:03.0 UTC on."
            ),
            Link.DISPATCH,
        ),
        (
            3.0,
            "ru",
            (
                "Redis был перезапущен во время прогона: последний ответ в 04:00:00.5 UTC, снова с "
                "04:00:03.0 UTC."
            ),
            Link.DISPATCH,
        ),
    ],
)
def test_a_service_that_stops_during_the_run_comes_before_the_links(again, language, told, first):
    zero = datetime.fromisoformat("2026-11-23T04:00:00Z").timestamp()
    answers = [(0.5, {"run_id": "one"}), (1.5, {"error": "Connection refused"})]
    answers += [(again, {"run_id": "two"})] if again else []
    seen = [observed(zero + at, "bus", "bus", details) for at, details in answers]
    checks = (
        replace(record(1, "PASS", started="2026-11-23T04:00:00Z", duration_s=0.5), id=LISTED),
        replace(record(2, "FAIL", started=STARTED, duration_s=1), id=INVITED),
    )
    result = Result(
        RUN,
        checks,
        diagnose(checks, seen),
        language=language,
        outages=outages_by_cause(checks, seen),
    )

    assert told in headline(result)
    assert WORDS[Link.DISPATCH].title.say(language) not in headline(result)
    assert result.chain.first_broken == first


@pytest.mark.parametrize("started", [None, STARTED])
def test_what_the_run_did_not_come_to_breaks_no_link(started):
    left = replace(record(1, "BLOCKED", message="no time left", started=started), id=ANSWERED)
    result = Result(RUN, (left,))

    assert headline(result) == "Calls were not tried. 0 of 1 checks could run."


def test_blocked_checks_are_folded_under_their_root():
    root, other = record(1, "FAIL"), record(3, "BLOCKED", broken_link="redis")
    blocked = record(2, "BLOCKED", blocked_by=root.id)
    result = Result(RUN, (root, blocked, other, record(4, "PASS")))

    assert result.roots() == (root, other)
    assert result.blocked_by(root.id) == (blocked,)


@pytest.mark.parametrize(
    ("fields", "has_run"),
    [
        ({"message": "killed"}, False),
        ({"message": "not run: the words of the target", "started": STARTED}, True),
        ({"message": "of a file of schema 1", "broken_link": "redis"}, True),
        ({"message": "of a file of schema 1", "blocked_by": "1.1-a"}, True),
    ],
)
def test_a_check_never_ran_if_nothing_shows_that_it_began(fields, has_run):
    assert never_ran(record(1, "BLOCKED", **fields)) is not has_run


def test_a_record_survives_the_journal():
    before = record(
        1,
        "KNOWN",
        message="m",
        seen="s",
        issues=("https://bugs.example/7",),
        evidence=("evidence/x.json",),
        duration_s=0.5,
        findings=(Finding(Code("bus.empty"), "nobody", "bus", level="MUST", data={"ids": [1]}),),
    )

    assert record_from_json(json.loads(json.dumps(record_as_json(before)))) == before


def test_a_record_of_version_0_2_0_is_read_with_the_message_that_it_has():
    before = record(1, "FAIL", message="it MUST answer; received 502")
    written = record_as_json(before)
    del written["seen"], written["issues"], written["findings"]

    assert record_from_json(written) == before
    assert before.beside_statement == "it MUST answer; received 502"


def test_the_clause_of_a_check_has_no_parameters_and_no_mark():
    assert clause_of("1.1-a[x-y]#clean-up") == "1.1-a"
    assert clause_of("1.1-a#clean-up") == "1.1-a"
