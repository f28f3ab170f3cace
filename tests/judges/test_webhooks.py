"""
Webhooks that arrived, judged: those of a room, and those of a call.
"""

from __future__ import annotations

from typing import Any

import pytest

from livekit_conformance.judges.webhooks import (
    DELIVERED_TWICE,
    ID_REPEATED,
    NO_ROOM_END,
    WRONG_CALLER,
    WRONG_EVENTS,
    WRONG_FORM,
    judge_call_events,
    judge_room_events,
)
from livekit_conformance.protocol.webhook_arrival import Arrival

HOSTS = ("hooks.example:443", "127.0.0.1:8080")
ROOM = ("room_started", "room_finished", "room_started")
CALL = ("room_started", "participant_joined", "track_published", "participant_left")
NAMES = ("sip.callID", "sip.ruleID", "sip.trunkID")
CALLER = {"kind": "SIP", "attributes": dict.fromkeys(NAMES, "x")}


def arrival(event: str, number: object, **fields: Any) -> Arrival:
    body = {"event": event, "id": f"EV_{number}", "createdAt": "100", "participant": CALLER}
    form = {"content_type": "application/webhook+json", "host": "hooks.example", "at": 101.0}
    about = {name: fields.pop(name) for name in [*fields] if name not in {*form, "host"}}
    return Arrival(body={**body, **about}, problem=None, **{**form, **fields})


def room(*events: str, **fields: Any) -> list[Arrival]:
    return [arrival(event, number, **fields) for number, event in enumerate(events)]


def of_a_room(arrived: list[Arrival]) -> list[str]:
    return [each.code for each in judge_room_events(arrived, hosts=HOSTS, since=100.0, within=5.0)]


def of_a_call(arrived: list[Arrival]) -> list[str]:
    return [each.code for each in judge_call_events(arrived, caller="")]


@pytest.mark.parametrize(
    ("arrived", "codes"),
    [
        (room(*ROOM), []),
        (room(*ROOM, host="127.0.0.1:8080"), []),
        (room(*ROOM[:2]), [WRONG_EVENTS]),
        ([], [WRONG_EVENTS]),
        ([*room(*ROOM[:2]), arrival(ROOM[2], 0)], [DELIVERED_TWICE]),
        ([*room(*ROOM), arrival(ROOM[2], 2)], [WRONG_EVENTS, DELIVERED_TWICE]),
        ([*room(*ROOM[:2]), arrival(ROOM[2], 2, content_type="text/plain")], [WRONG_FORM]),
        ([*room(*ROOM[:2]), arrival(ROOM[2], 2, host="elsewhere")], [WRONG_FORM]),
        ([*room(*ROOM[:2]), arrival(ROOM[2], 2, createdAt="1")], [WRONG_FORM]),
    ],
)
def test_the_events_of_a_room_come_once_in_order_and_in_form(arrived, codes):
    assert of_a_room(arrived) == codes


@pytest.mark.parametrize(
    ("arrived", "codes"),
    [
        (room(*CALL, "room_finished"), []),
        ([*room(*CALL, "room_finished"), arrival(CALL[0], 0)], []),
        (room(*CALL), [NO_ROOM_END]),
        (room(*CALL[1:], "room_finished"), [WRONG_EVENTS]),
        ([*room(*CALL), arrival("room_finished", 0)], [ID_REPEATED]),
        (room(*CALL, "room_finished", participant={"kind": "STANDARD"}), [WRONG_CALLER]),
        (room(*CALL, "room_finished", participant={"kind": "SIP"}), [WRONG_CALLER]),
    ],
)
def test_of_the_events_of_a_call_the_first_thing_wrong_is_told(arrived, codes):
    assert of_a_call(arrived) == codes


def test_a_room_that_company_keeps_open_is_told_with_it():
    (found,) = judge_call_events(room(*CALL), caller="", staying="1 stays")

    assert found.seen.startswith("1 stays; wanted [")
    assert found.data["received"] == [*CALL]
