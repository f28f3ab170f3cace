"""
Judge the webhooks that arrived: those of a room, and those of a call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from livekit_conformance.findings import Code, Finding, Json
from livekit_conformance.protocol import webhook
from livekit_conformance.protocol.webhook_arrival import Arrival

# Events are missing, or in another order. Data: expected, received.
WRONG_EVENTS: Final = Code("webhook.wrong-events")
# As before, and the end of the room is one of those that are missing.
NO_ROOM_END: Final = Code("webhook.room-end-missing")
# One event came more than once. Data: ids.
DELIVERED_TWICE: Final = Code("webhook.delivered-twice")
# Different events have one id. Data: ids.
ID_REPEATED: Final = Code("webhook.id-repeated")
# Content type, time or host. Data: event, received.
WRONG_FORM: Final = Code("webhook.wrong-form")
# participant_joined does not describe a SIP caller. Data: lacks.
WRONG_CALLER: Final = Code("webhook.wrong-caller")
# What the log of livekit-server has of a delivery. Data: url, delivery, detail.
NOT_LOGGED_AS_DELIVERED: Final = Code("webhook.not-logged-as-delivered")
# Data: host.
NO_ADDRESS: Final = Code("webhook.no-address")
# Data: seconds, of each answer.
SLOW_ENDPOINT: Final = Code("webhook.slow-endpoint")
# Data: large and after, statuses.
BODY_NOT_LIMITED: Final = Code("webhook.body-not-limited")
# Data of the first: effects; of the second: status.
REPLAY_TAKEN: Final = Code("webhook.replay-taken")
REPLAY_NOT_NOTICED: Final = Code("webhook.replay-not-noticed")
# Data: deliveries, bodies (how many different ones).
NOT_RETRIED: Final = Code("webhook.not-retried")
# Data: deliveries.
REFUSAL_RETRIED: Final = Code("webhook.refusal-retried")

_OF_A_ROOM: Final = ["room_started", "room_finished", "room_started"]
_OF_A_CALL: Final = [
    "room_started",
    "participant_joined",
    "track_published",
    "participant_left",
    "room_finished",
]
# livekit-server sends joins and published tracks from two goroutines: under load the track may
# come first.
_ORDERS: Final = (_OF_A_CALL, [_OF_A_CALL[number] for number in (0, 2, 1, 3, 4)])
# The first are always present, the others unless the dispatch rule hides the phone number.
# Attributes that livekit-sip adds when it joins, such as sip.callIDFull, may come later with
# servers up to 1.8.
_ATTRIBUTES: Final = ("sip.callID", "sip.ruleID", "sip.trunkID")
_NUMBERS: Final = ("sip.phoneNumber", "sip.trunkPhoneNumber")
# createdAt is in whole seconds, of a clock that may differ within the tokens' leeway.
_CLOCK_LEEWAY_S: Final = 60.0


def judge_room_events(
    arrived: Sequence[Arrival], *, hosts: Collection[str], since: float, within: float
) -> Iterator[Finding]:
    """
    Yield what is wrong with the events of one room that was created, deleted and created again.

    They must be sent to one of `hosts`. Each had `within` seconds to arrive; the first request was
    sent at `since`.
    """
    order = [seen.event for seen in arrived]
    if order != _OF_A_ROOM:
        yield Finding(
            WRONG_EVENTS,
            f"create, delete and create again brought {order or 'nothing'} within "
            f"{within:g} s each, expected {_OF_A_ROOM}",
            data={"expected": list(_OF_A_ROOM), "received": list(order)},
        )
    if len(ids := [seen.id for seen in arrived]) != len(set(ids)):
        yield Finding(DELIVERED_TWICE, f"the ids are not unique: {ids}", data={"ids": list(ids)})
    for seen in arrived:
        yield from _of_its_form(seen, {_host(host) for host in hosts}, since)


def _of_its_form(seen: Arrival, hosts: Collection[str], since: float) -> Iterator[Finding]:
    def wrong(words: str, received: Json) -> Finding:
        data = {"event": seen.event, "received": received}
        return Finding(WRONG_FORM, f"{seen.event} {words}", data=data)

    if seen.content_type != webhook.CONTENT_TYPE:
        yield wrong(f"has the content type {seen.content_type}", seen.content_type)
    age = seen.at - seen.created_at
    if not -_CLOCK_LEEWAY_S <= age <= seen.at - since + _CLOCK_LEEWAY_S:
        yield wrong(f"has a createdAt of {age:.0f} s before its arrival", seen.created_at)
    if _host(seen.host) not in hosts:
        yield wrong(f"was sent to the host {seen.host}, not to {' or '.join(hosts)}", seen.host)


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].lower().removesuffix(":443").removesuffix(":80")


def judge_call_events(
    events: Sequence[Arrival], *, caller: str, staying: str = ""
) -> Sequence[Finding]:
    """
    Return the first thing that is wrong with the events of a room in which a call was.

    `caller` is the sid of the caller, empty if it is not known; `staying` describes the company
    that kept the room open.
    """
    own = [seen for seen in events if sid(seen.body, "participant") in {"", caller}]
    order = tuple(_wrong_order(own))
    # Without participant_joined there is no caller to look at.
    found = order or tuple(_wrong_ids(events)) or tuple(_wrong_caller(own))
    return [
        replace(each, seen=f"{staying}; {each.seen}" if staying else each.seen) for each in found
    ]


def sid(body: Mapping[str, Any], what: str) -> str:
    """
    Return the sid of the room or the participant of an event; empty when the event has none.
    """
    about = body.get(what)
    return str(about.get("sid", "")) if isinstance(about, dict) else ""


def _wrong_order(events: Sequence[Arrival]) -> Iterator[Finding]:
    arrived = [event.event for event in _once_each(events)]
    if [event for event in arrived if event in _OF_A_CALL] not in _ORDERS:
        yield Finding(
            WRONG_EVENTS if "room_finished" in arrived else NO_ROOM_END,
            f"wanted {_OF_A_CALL}, arrived {arrived}",
            data={"expected": list(_OF_A_CALL), "received": list(arrived)},
        )


def _wrong_ids(events: Sequence[Arrival]) -> Iterator[Finding]:
    distinct = _once_each(events)
    ids = [event.id for event in distinct]
    shared = [f"{event.event} {event.id}" for event in distinct if ids.count(event.id) > 1]
    if shared:
        seen = f"different events have the same id: {shared}"
        yield Finding(ID_REPEATED, seen, data={"ids": list(shared)})


def _once_each(events: Sequence[Arrival]) -> list[Arrival]:
    """
    Return each event once, although livekit-server may have delivered it again.
    """
    return [
        event
        for number, event in enumerate(events)
        if all(event.body != earlier.body for earlier in events[:number])
    ]


def _wrong_caller(events: Sequence[Arrival]) -> Iterator[Finding]:
    caller = next(event.participant for event in events if event.event == "participant_joined")
    if caller.get("kind") != "SIP":
        seen = f"the caller has the kind {caller.get('kind', 'STANDARD')}, not SIP"
        yield Finding(WRONG_CALLER, seen, data={"lacks": ["kind"]})
        return
    attributes = caller.get("attributes", {})
    shown = [name for name in _NUMBERS if name in attributes]
    missing = [name for name in _ATTRIBUTES if name not in attributes]
    missing += [name for name in _NUMBERS if shown and name not in attributes]
    if missing:
        seen = f"the caller lacks {missing}; it has {sorted(attributes)}"
        yield Finding(WRONG_CALLER, seen, data={"lacks": list(missing)})
