"""
Findings along the chain.
"""

import re

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.hosting import Hosting
from livekit_conformance.doctor.findings import (
    LinkMark,
    first_broken,
    has_problem,
    in_order,
    judged,
    last_working,
    not_checked,
    ok,
    problem,
    warning,
)
from livekit_conformance.doctor.remedies import REMEDIES
from livekit_conformance.findings import Code, Finding, Says
from livekit_conformance.judges.api_key import UNKNOWN
from livekit_conformance.wording import phrase

T = phrase("server.ready")
FINDINGS = [
    problem(Link.BUS, T),
    ok(Link.TRUNK, T),
    warning(Link.CLOCK, T),
    not_checked(Link.API_KEY, T),
    problem(Link.SIP_SOCKET, T),
    ok(Link.SERVER, T),
]


def test_findings_stand_in_the_order_of_the_chain():
    assert [f.link for f in in_order(FINDINGS)] == [
        Link.SERVER,
        Link.CLOCK,
        Link.API_KEY,
        Link.SIP_SOCKET,
        Link.BUS,
        Link.TRUNK,
    ]


def test_the_first_problem_is_the_first_broken_link_and_a_warning_still_works():
    assert first_broken(FINDINGS) is Link.SIP_SOCKET
    assert last_working(FINDINGS) is Link.CLOCK


def test_where_nothing_is_wrong_nothing_is_broken():
    fine = [ok(Link.SERVER, T), warning(Link.CLOCK, T)]

    assert not has_problem(fine)
    assert first_broken(fine) is None
    assert last_working(fine) is Link.CLOCK


def test_where_the_first_link_is_broken_none_was_seen_working():
    assert last_working([problem(Link.CONFIGURATION, T), ok(Link.SERVER, T)]) is None


@pytest.mark.parametrize(
    ("clause", "says", "mark"),
    [
        ("1.1-clock-agrees", Says.VIOLATED, LinkMark.PROBLEM),
        ("1.1-clock-is-exact", Says.VIOLATED, LinkMark.WARNING),
        ("1.1-clock-agrees", Says.SUSPICIOUS, LinkMark.WARNING),
        ("1.1-clock-agrees", Says.UNSEEN, LinkMark.NOT_CHECKED),
        ("1.1-clock-agrees", Says.HOLDS, LinkMark.OK),
    ],
)
def test_what_a_judge_found_is_as_bad_as_the_level_of_the_clause(clause, says, mark):
    (found,) = judged(clause, [Finding(Code("clock.differs"), "seen", says=says)], T)

    assert (found.link, found.mark, found.text.en) == (Link.CLOCK, mark, "seen")


def test_where_a_judge_finds_nothing_the_clause_holds():
    (elsewhere,) = judged("1.1-clock-agrees", [], T, link=Link.NODE)

    assert (elsewhere.link, elsewhere.mark) == (Link.NODE, LinkMark.OK)
    assert [*judged("1.1-clock-agrees", [])] == []


def test_advice_names_the_cause_that_the_verdict_on_the_clause_shows():
    (found,) = judged("1.3-endpoint-tls-is-trusted", [Finding(Code("new.kind"), "seen")])

    assert "certificate of the application" in found.remedy.en


@pytest.mark.parametrize(
    ("hosting", "named"),
    [
        (Hosting.SELF, "`keys` in livekit.yaml"),
        (Hosting.DOCKER, "`docker compose restart livekit`"),
        (Hosting.KUBERNETES, "`keys` in values.yaml of the Helm chart"),
        (Hosting.CLOUD, "dashboard of LiveKit Cloud (Settings, API keys)"),
    ],
)
def test_advice_fits_the_hosting(hosting, named):
    (found,) = judged("1.1-key-is-accepted", [Finding(UNKNOWN, "refused", data={"status": 401})])

    assert named in found.remedy_in(hosting).en


@pytest.mark.parametrize(
    ("hosting", "named"),
    [
        (Hosting.SELF, "`port` in livekit.yaml"),
        (Hosting.KUBERNETES, "`port` in values.yaml of the Helm chart"),
        (Hosting.CLOUD, "the dashboard of LiveKit Cloud (Settings) into `livekit.url`"),
    ],
)
def test_a_remedy_of_the_doctor_fits_the_hosting(hosting, named):
    found = problem(
        Link.SERVER, phrase("server.silent", url="ws://h", reason="no answer", waited=1.0)
    )

    assert named in found.remedy_in(hosting).en


def test_no_remedy_names_a_file_that_some_have_not():
    texts = {code: fix.en for code, fix in REMEDIES.items()}

    assert [code for code, fix in texts.items() if re.search(r"livekit(-sip)?\.yaml", fix)] == []
