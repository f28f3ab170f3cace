"""
Findings along the chain.
"""

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import (
    first_broken,
    has_problem,
    in_order,
    last_working,
    not_checked,
    ok,
    problem,
    warning,
)
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
