"""
Waits of a caller: the marks of a call, and the order in which they were observed.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.timeline.call_durations import CallMoment, marks
from livekit_conformance.timeline.model import Step, Timeline
from livekit_conformance.timeline.story import timelines
from tests.timeline.witnesses import healthy

INVITE = Step(0.0, Lane.CALLER, Lane.SIP, "INVITE")


def call(*steps):
    return Timeline("call", "probe", "answered", 0.0, steps=steps)


def found(*steps):
    return {mark.name: mark.at_s for mark in marks(call(INVITE, *steps)) if mark.at_s is not None}


def test_a_good_call_has_all_five_in_the_order_of_their_time():
    (told,) = timelines(healthy())

    assert marks(told) == (
        CallMoment("100", 0.002),
        CallMoment("webhook", 0.026),
        CallMoment("180", 0.03),
        CallMoment("agent", 0.18),
        CallMoment("200", 0.19),
    )


def test_what_was_not_seen_comes_last():
    answered = call(INVITE, Step(1.0, Lane.SIP, Lane.CALLER, "200 OK"))

    assert [mark.name for mark in marks(answered)] == ["200", "100", "180", "webhook", "agent"]


def test_a_call_without_an_invite_of_ours_has_none():
    assert marks(call()) == ()
    assert marks(call(Step(0.0, Lane.SIP, Lane.CALLER, "INVITE"))) == ()


@pytest.mark.parametrize(
    "step",
    [
        Step(0.5, Lane.SIP, Lane.CALLER, "200 OK", "to BYE"),
        Step(0.5, Lane.CALLER, Lane.SIP, "200 OK"),
        Step(-0.5, Lane.SERVER, Lane.ENDPOINT, "room_started"),
        Step(0.5, Lane.SERVER, Lane.ENDPOINT, '"failed to send webhook"', is_problem=True),
        Step(0.5, Lane.AGENT, Lane.SERVER, "joined", is_problem=True),
        Step(0.5, Lane.AGENT, Lane.SERVER, "left"),
    ],
    ids=["bye", "ours", "before", "failed-webhook", "failed-agent", "agent-leaves"],
)
def test_other_things_are_no_marks(step):
    assert found(step) == {}


@pytest.mark.parametrize(
    "step",
    [
        Step(0.5, Lane.AGENT, Lane.SERVER, "joined"),
        Step(0.5, Lane.SIP, Lane.SIP, '"Accepting the call"'),
        Step(0.5, Lane.SERVER, Lane.SIP, '"track subscribed"'),
    ],
    ids=["agent", "sip", "track"],
)
def test_each_witness_of_the_agent_counts(step):
    assert found(step) == {"agent": 0.5}
