"""
Webhooks of a call: content and order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from livekit_conformance import run_clock
from livekit_conformance.drivers.calls.inbound_probe import ProbeCall, Prober
from livekit_conformance.drivers.webhooks.receiver import Arrival, WebhookReceiver
from livekit_conformance.errors import Blocked

# The first are always present, the others unless the dispatch rule hides the phone number.
# Attributes that livekit-sip adds when it joins, such as sip.callIDFull, may come later with
# servers up to 1.8.
_ATTRIBUTES = ("sip.callID", "sip.ruleID", "sip.trunkID")
_NUMBERS = ("sip.phoneNumber", "sip.trunkPhoneNumber")
_WANTED = [
    "room_started",
    "participant_joined",
    "track_published",
    "participant_left",
    "room_finished",
]
# livekit-server sends joins and published tracks from two goroutines: under load the track may
# come first.
_ORDERS = (_WANTED, [_WANTED[number] for number in (0, 2, 1, 3, 4)])
_AT_LEAST_S = 1.0


@pytest.mark.clause("1.3-call-events-arrive-in-order")
async def test_the_events_of_a_call_arrive_in_order(
    probe_call: ProbeCall, prober: Prober, receiver: WebhookReceiver
) -> None:
    """
    The caller's events come between room_started and room_finished, in the order of the call.
    """
    if probe_call.room is None:
        raise Blocked(
            "the room of the call was not found", remedy="See 1.1-sip-service-joins-the-server"
        )
    room = probe_call.room.sid
    await receiver.wait_for(
        lambda seen: seen.event == "room_finished" and sid(seen.body, "room") == room,
        within=max(prober.room_ends_by(probe_call) - run_clock.now(), _AT_LEAST_S),
        since=probe_call.started,
    )
    caller = probe_call.participant.sid if probe_call.participant else ""
    events = [
        seen
        for seen in receiver.arrivals
        if seen.problem is None and sid(seen.body, "room") == room
    ]
    own = [seen for seen in events if sid(seen.body, "participant") in {"", caller}]

    problem = wrong_order(own) or wrong_ids(events) or wrong_caller(own)
    company = probe_call.company
    if problem is not None and company is not None and company.staying:
        problem = f"{company}; {problem}"

    assert problem is None, problem


def wrong_order(events: Sequence[Arrival]) -> str | None:
    """
    Return the events that arrived if they are not the five wanted ones in order; else None.
    """
    arrived = [event.event for event in once_each(events)]
    wanted = [event for event in arrived if event in _WANTED]
    return None if wanted in _ORDERS else f"wanted {_WANTED}, arrived {arrived}"


def wrong_ids(events: Sequence[Arrival]) -> str | None:
    """
    Return the different events that share an id; None if there are none.
    """
    distinct = once_each(events)
    ids = [event.id for event in distinct]
    shared = [f"{event.event} {event.id}" for event in distinct if ids.count(event.id) > 1]
    return f"different events have the same id: {shared}" if shared else None


def once_each(events: Sequence[Arrival]) -> list[Arrival]:
    """
    Return each event once, although livekit-server may have delivered it again.
    """
    return [
        event
        for number, event in enumerate(events)
        if all(event.body != earlier.body for earlier in events[:number])
    ]


def sid(body: Mapping[str, Any], what: str) -> str:
    """
    Return the sid of the room or the participant of an event; empty when the event has none.
    """
    about = body.get(what)
    return str(about.get("sid", "")) if isinstance(about, dict) else ""


def wrong_caller(events: Sequence[Arrival]) -> str | None:
    """
    Return the attributes of the caller that participant_joined lacks; None if it is complete.
    """
    caller = next(event.participant for event in events if event.event == "participant_joined")
    if caller.get("kind") != "SIP":
        return f"the caller has the kind {caller.get('kind', 'STANDARD')}, not SIP"
    attributes = caller.get("attributes", {})
    shown = [name for name in _NUMBERS if name in attributes]
    missing = [name for name in _ATTRIBUTES if name not in attributes]
    missing += [name for name in _NUMBERS if shown and name not in attributes]
    return f"the caller lacks {missing}; it has {sorted(attributes)}" if missing else None
