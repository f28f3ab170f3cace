"""
Facts upstream come before guesses downstream, and what follows from them is no unknown.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from livekit_conformance.catalogue.chain import ALTERNATIVES, NEEDS, Link, upstream
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.diagnosis.explanation import explained
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.verdict import Verdict
from tests.diagnosis.signs import log, record, seen

DELIVERED_ELSEWHERE = record("1.3-delivery-log-shows-success", message="it went elsewhere")
NOT_ANSWERED = record("1.5-call-is-answered", link=Link.AGENT)
NOBODY = seen("room", others=0, here=0, gone=0, audio=0, jobs=0, elsewhere=0, sent_for=[])
RANG_OUT = log("SIP call ended", reason="cannot-subscribe", level="info")


def certain(link: Link) -> Diagnosis:
    return Diagnosis(f"cause-at-{link}", link, "", "", "", "certain", (), (), ())


def test_an_upstream_fact_comes_before_a_downstream_guess():
    found = diagnose([DELIVERED_ELSEWHERE, NOT_ANSWERED], [NOBODY, RANG_OUT])

    assert [(each.id, each.link) for each in found] == [
        ("cause-unknown", Link.DELIVERY),
        ("agent-does-not-come", Link.AGENT),
    ]


def test_of_two_that_are_certain_the_upstream_one_comes_first():
    known = [certain(Link.JOIN), certain(Link.DELIVERY), certain(Link.BUS)]

    found = explained([], [], known)

    assert [each.link for each in found] == [Link.DELIVERY, Link.BUS, Link.JOIN]


def test_what_a_service_takes_with_it_when_it_ends_comes_after_it():
    ended = replace(certain(Link.SERVER), id="server-does-not-start")

    found = explained([], [], [ended, certain(Link.TCP), certain(Link.DNS)])

    assert [each.link for each in found] == [Link.DNS, Link.SERVER, Link.TCP]


def test_the_guess_alone_stays_what_it_is():
    (found,) = diagnose([NOT_ANSWERED], [NOBODY, RANG_OUT])

    assert (found.id, found.confidence) == ("agent-does-not-come", "likely")


def test_a_link_below_a_broken_one_is_no_unknown_of_its_own():
    (found,) = diagnose([DELIVERED_ELSEWHERE, NOT_ANSWERED], [])

    assert (found.id, found.link) == ("cause-unknown", Link.DELIVERY)
    assert found.checks == (DELIVERED_ELSEWHERE.id, NOT_ANSWERED.id)
    assert found.requirements == ("1.3", "1.5")


def test_a_guess_is_only_possible_where_every_way_leads_through_a_broken_link():
    found = diagnose([record("1.1-sip-service-joins-the-server"), NOT_ANSWERED], [NOBODY, RANG_OUT])

    assert [(each.link, each.confidence) for each in found] == [
        (Link.JOIN, "unknown"),
        (Link.AGENT, "possible"),
    ]


def test_links_that_do_not_need_each_other_are_both_named():
    found = diagnose([record("1.2-created-room-is-listed"), DELIVERED_ELSEWHERE], [])

    assert {each.link for each in found} == {Link.ROOMS, Link.DELIVERY}


@pytest.mark.parametrize("link", Link)
def test_no_link_needs_itself(link):
    assert link not in upstream(link)


def test_an_alternative_is_on_some_way_only():
    assert Link.DELIVERY in upstream(Link.ANSWER)
    assert Link.DELIVERY not in upstream(Link.ANSWER, on_every_way=True)
    assert not any(set(NEEDS[link]) & set(others) for link, others in ALTERNATIVES.items())


def test_what_a_service_said_of_the_broken_link_is_evidence_of_an_unknown_cause():
    joined = record("1.1-sip-service-joins-the-server")
    here = log("new failure", "seven", link="sip-join", level="warn")
    gravely = log("another failure", "eight", link="sip-join", level="error")
    below = log("a third failure", "nine", link="agent", level="error")
    nowhere = log("a fourth failure", "ten", level="error")

    (found,) = diagnose([joined], [here, gravely, below, nowhere])

    assert found.evidence[1:] == (gravely.summary, here.summary)


def test_a_failure_that_a_service_reports_upstream_comes_before_the_guess():
    exceeded = log("could not join room", "too many", link="sip-join", level="error")

    found = diagnose([NOT_ANSWERED], [NOBODY, RANG_OUT, exceeded])

    assert [(each.id, each.link, each.confidence) for each in found] == [
        ("cause-unknown", Link.JOIN, "unknown"),
        ("agent-does-not-come", Link.AGENT, "possible"),
    ]
    assert found[0].evidence == (exceeded.summary,)
    assert found[0].checks == (NOT_ANSWERED.id,)


def test_a_failure_that_a_service_reports_upstream_takes_the_place_of_an_unknown_one():
    exceeded = log("could not join room", "too many", link="sip-join", level="error")

    (found,) = diagnose([NOT_ANSWERED], [exceeded])

    assert (found.id, found.link, found.checks) == ("cause-unknown", "sip-join", (NOT_ANSWERED.id,))


def test_a_link_that_a_check_saw_working_is_not_broken_by_a_line():
    joined = record("1.1-sip-service-joins-the-server", Verdict.PASS)
    closing = log("Closing inbound call with error", "486", link="sip-join", level="warn")

    (found,) = diagnose([joined, NOT_ANSWERED], [closing])

    assert (found.link, found.evidence[1:]) == (Link.AGENT, (closing.summary,))
