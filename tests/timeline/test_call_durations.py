"""
Waits of a caller: the marks of a call, and the order in which they were observed.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.observations import AgentAction
from livekit_conformance.timeline import events
from livekit_conformance.timeline.call_durations import CallMoment, marks
from livekit_conformance.timeline.model import Moment, Step, Timeline
from livekit_conformance.timeline.story import timelines
from tests.timeline.witnesses import BEGAN, healthy, of_sip, sip

INVITE = Step(0.0, Lane.CALLER, Lane.SIP, "INVITE", moment=Moment.INVITED)


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
    answered = call(INVITE, Step(1.0, Lane.SIP, Lane.CALLER, "200 OK", moment=Moment.ANSWERED))

    assert [mark.name for mark in marks(answered)] == ["200", "100", "180", "webhook", "agent"]


def test_a_call_without_an_invite_of_ours_has_none():
    assert marks(call()) == ()
    assert marks(call(Step(0.0, Lane.SIP, Lane.CALLER, "INVITE"))) == ()


@pytest.mark.parametrize(
    "step",
    [
        Step(-0.5, Lane.SERVER, Lane.ENDPOINT, "room_started"),
        Step(0.5, Lane.SERVER, Lane.ENDPOINT, '"failed to send webhook"', is_problem=True),
    ],
    ids=["before", "failed-webhook"],
)
def test_other_things_are_no_marks(step):
    assert found(step) == {}


def agent(action=None, error=None, summary=""):
    return events.of_agent(AgentAction(BEGAN, summary, action=action, error=error), BEGAN)


@pytest.mark.parametrize(
    ("event", "moment"),
    [
        (events.of_sip(sip(0.5, "<100 Trying"), BEGAN, is_outbound=False), Moment.TRYING),
        (events.of_sip(sip(0.5, "<180 Ringing"), BEGAN, is_outbound=False), Moment.RINGING),
        (events.of_sip(sip(0.5, "<200 OK"), BEGAN, is_outbound=False), Moment.ANSWERED),
        (events.of_sip(sip(0.5, "<200 OK", method="BYE"), BEGAN, is_outbound=False), None),
        (events.of_sip(sip(0.5, ">200 OK"), BEGAN, is_outbound=False), None),
        (events.of_sip(sip(0.5, "<INVITE"), BEGAN, is_outbound=True), None),
        (agent("joined"), Moment.AGENT),
        (agent("left"), None),
        (agent(summary="agent joined a-room and speaks (took 0.10 s)"), Moment.AGENT),
        (agent(summary="agent left a-room"), None),
        (agent(error="no such room"), None),
        (events.of_log(of_sip(0.5, "Accepting the call"), BEGAN, ()), Moment.AGENT),
        (events.of_log(of_sip(0.5, "track subscribed"), BEGAN, ()), Moment.AGENT),
        (events.of_log(of_sip(0.5, "Joining room"), BEGAN, ()), None),
    ],
    ids=[
        "trying",
        "ringing",
        "answer",
        "answer-to-bye",
        "our-answer",
        "invite-to-us",
        "agent",
        "agent-leaves",
        "agent-of-0.2.0",
        "agent-of-0.2.0-leaves",
        "agent-fails",
        "accepting",
        "track",
        "another-line",
    ],
)
def test_each_event_has_the_moment_that_callers_wait_for(event, moment):
    assert event.moment is moment
