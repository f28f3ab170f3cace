"""
Marks: what a run says against what is true.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.blind.about import about, names
from tests.blind.fault import Deployment, Fault, Thing
from tests.blind.marks import Answer, Mark, Said, mark, named
from tests.blind.space import by_id
from tests.blind.table import lines, summary

_FAULT = by_id("livekit-server/room.max_participants/one@stand-in")
_HURT = ("not answered",)


def _diagnosis(**fields):
    return {
        "id": "no-agent",
        "link": "agent",
        "title": "No agent comes",
        "cause": "Nobody joins the room.",
        "fix": "Look at the log of the application.",
        "confidence": "likely",
        "evidence": ["nobody came in 5 s"],
    } | fields


def _said(*diagnoses, verdict="NOT CONFORMANT", first_broken=None):
    return Said(verdict, diagnoses, (), first_broken)


@pytest.mark.parametrize(
    ("hurts", "said", "expected"),
    [
        (_HURT, _said(_diagnosis(fix="Raise room.max_participants.")), Mark.NAMED),
        (_HURT, _said(_diagnosis(id="room-max-participants-reached")), Mark.NAMED),
        (_HURT, _said(_diagnosis(evidence=["a", "room.max_participants is 1"])), Mark.WRONG),
        (_HURT, _said(_diagnosis()), Mark.WRONG),
        (_HURT, _said(_diagnosis(), _diagnosis(fix="room.max_participants")), Mark.WRONG),
        (_HURT, _said(_diagnosis(id="cause-unknown")), Mark.UNKNOWN),
        (_HURT, _said(_diagnosis(id="cause-unknown", link="hang-up")), Mark.WRONG),
        (
            _HURT,
            _said(_diagnosis(id="cause-unknown", link="x", fix="room.max_participants")),
            Mark.WRONG,
        ),
        (_HURT, _said(verdict="CONFORMANT"), Mark.MISSED),
        (_HURT, _said(verdict="PARTIALLY CONFORMANT"), Mark.MISSED),
        (_HURT, _said(first_broken="agent"), Mark.UNKNOWN),
        (_HURT, _said(first_broken="hang-up"), Mark.WRONG),
        (_HURT, Said.of({}), Mark.WRONG),
        ((), _said(verdict="PARTIALLY CONFORMANT"), Mark.OK),
        ((), _said(verdict="INCOMPLETE"), Mark.FALSE),
        ((), _said(_diagnosis(), verdict="CONFORMANT"), Mark.FALSE),
    ],
)
def test_mark(hurts, said, expected):
    assert mark(_FAULT, hurts, said) is expected


@pytest.mark.parametrize("cause", ["server-unreachable", "server-not-running"])
def test_from_outside_a_service_that_does_not_start_is_only_seen_to_be_gone(cause):
    said = _said(_diagnosis(id=cause, link="tcp"))
    notes = ["livekit-server does not start"]

    assert mark(_FAULT, _HURT, said, notes=notes, bare=True) is Mark.UNKNOWN
    assert mark(_FAULT, _HURT, said, notes=notes) is Mark.WRONG
    assert mark(_FAULT, _HURT, said, bare=True) is Mark.WRONG


def test_one_of_two_at_once_is_enough_to_be_named():
    pair = Fault(
        (*_FAULT.changes, *by_id("livekit-sip/ws_url/another@stand-in").changes),
        Deployment.STAND_IN,
    )
    said = _said(_diagnosis(fix="Correct ws_url of livekit-sip."))

    assert mark(pair, _HURT, said) is Mark.NAMED
    assert named(pair, said) == 1


@pytest.mark.parametrize(
    ("thing", "path", "text", "is_named"),
    [
        (Thing.SERVER, "webhook.urls", "webhook.urls leads elsewhere", True),
        (Thing.SERVER, "webhook.urls", "The webhook goes to another URL", True),
        (Thing.SERVER, "webhook.urls", "No webhook arrives", False),
        (Thing.APPLICATION, "comes_after_s", "The agent is late", True),
        (Thing.APPLICATION, "comes_after_s", "The latest line of the log", False),
        (Thing.APPLICATION, "stays", "The agent stays", True),
        (Thing.DISPATCH_RULE, "numbers", "The rule has it. The number of guests is 2.", False),
        (Thing.SERVER, "port", "livekit-server listens on another port", True),
        (Thing.SERVER, "port", "no RTP port is free", False),
        (Thing.SIP, "redis.address", "livekit-sip is on another Redis", True),
        (Thing.SIP, "redis.address", "No livekit-server answers on the bus", False),
        (Thing.INBOUND_TRUNK, "allowed_addresses", "its allowed_addresses lack it", True),
        (Thing.INBOUND_TRUNK, "auth_password", "another password", True),
        (Thing.APPLICATION, "clock_s", "The clock of the application is behind", True),
    ],
)
def test_names(thing, path, text, is_named):
    assert names(about(thing, path), [text]) is is_named


def test_rows_are_narrow_and_a_wrong_answer_is_shown():
    said = _said(_diagnosis())
    answer = Answer(_FAULT, _HURT, said, Mark.WRONG, seconds=3)

    row, seen, *rest = lines(answer)

    assert max(map(len, (row, seen))) <= 80
    assert row.startswith("C  livekit-server/room.max_participants/one")
    assert "not answered" in row
    assert "no-agent likely" in seen
    assert any("No agent comes" in line for line in rest)
    assert len([*lines(replace(answer, mark=Mark.NAMED))]) == 2


def test_summary_counts_hurt_and_harmless_apart():
    said = _said()
    answers = [
        Answer(_FAULT, _HURT, said, Mark.NAMED),
        Answer(_FAULT, _HURT, said, Mark.WRONG),
        Answer(_FAULT, (), said, Mark.OK),
    ]

    text = summary(answers)
    assert "2 hurt: A=1 B=0 C=1 M=0 (A 50 %)" in text
    assert "1 harmless: ok=1 false=0" in text
