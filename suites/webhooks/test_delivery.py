"""
Do signed webhooks arrive where they must, and in order?
"""

import time
import uuid

import pytest

from livekit_conformance.drivers.livekit_api import LiveKitClient
from livekit_conformance.drivers.permit import Permit
from livekit_conformance.drivers.probe import ProbeCall
from livekit_conformance.drivers.webhook import Arrival, WebhookReceiver, send_event
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked

_DELIVERED_WITHIN_S = 5.0
# livekit-server closes a room 20 s after the last leave unless it is told otherwise.
_FINISHED_WITHIN_S = 25.0
# createdAt is in whole seconds, of a clock that may differ within the tokens' leeway.
_CLOCK_LEEWAY_S = 60.0
_CONTENT_TYPE = "application/webhook+json"


@pytest.mark.clause("1.3-endpoint-accepts-signed-event")
async def test_the_endpoint_accepts_a_signed_event(
    client: LiveKitClient,
    receiver: WebhookReceiver | None,
    profile: Profile,
    permit: Permit,
) -> None:
    """
    A correctly signed room_started gets 2xx within the time-out.
    """
    del receiver  # ours must be up before it can be asked
    event = {
        "event": "room_started",
        "id": f"EV_{uuid.uuid4().hex[:12]}",
        "createdAt": str(int(time.time())),
        "room": {"sid": "RM_conformance", "name": "livekit-conformance-probe"},
    }

    answer = await send_event(
        client.session,
        permit,
        profile.webhook.url,
        event,
        api_key=profile.livekit.api_key,
        api_secret=profile.livekit.api_secret.get_secret_value(),
        within=profile.webhook.timeout,
    )

    assert 200 <= answer.status < 300, (
        f"the endpoint MUST answer a signed event with 2xx; received {answer.status}: "
        f"{answer.text[:200]!r}"
    )


@pytest.mark.clause("1.3-server-delivers-room-events")
async def test_the_server_delivers_the_events_of_a_room(
    client: LiveKitClient, receiver: WebhookReceiver
) -> None:
    """
    room_started and room_finished of one room arrive once each, signed, with the right type.
    """
    name = f"livekit-conformance-{uuid.uuid4()}"
    since = time.time()
    await client.create_room(name, empty_timeout=30)
    started = await receiver.wait_for(
        lambda seen: (seen.event, seen.room) == ("room_started", name),
        within=_DELIVERED_WITHIN_S,
        since=since,
    )
    await client.delete_room(name)
    finished = await receiver.wait_for(
        lambda seen: (seen.event, seen.room) == ("room_finished", name),
        within=_DELIVERED_WITHIN_S,
        since=since,
    )

    problem = _problem(started, "room_started", since) or _problem(finished, "room_finished", since)
    if started and finished and started.id == finished.id:
        problem = f"both events have the id {started.id}"
    assert problem is None, (
        f"livekit-server MUST deliver signed room events; {problem}; "
        f"arrived: {_told(receiver, since)}"
    )


@pytest.mark.clause("1.3-call-events-arrive-in-order")
async def test_the_events_of_a_call_arrive_in_order(
    probe_call: ProbeCall, receiver: WebhookReceiver
) -> None:
    """
    The caller's events come between room_started and room_finished, in the order of the call.
    """
    if probe_call.room is None:
        raise Blocked(
            "the room of the call was not found", remedy="See why livekit-sip did not join"
        )
    room = probe_call.room.name
    await receiver.wait_for(
        lambda seen: (seen.event, seen.room) == ("room_finished", room),
        within=_FINISHED_WITHIN_S,
        since=probe_call.started,
    )
    caller = probe_call.participant.identity if probe_call.participant else ""

    arrived = [
        seen.event
        for seen in receiver.arrivals
        if seen.problem is None
        and seen.room == room
        and seen.at >= probe_call.started
        and seen.participant.get("identity", caller) == caller
    ]

    wanted = [
        "room_started",
        "participant_joined",
        "track_published",
        "participant_left",
        "room_finished",
    ]
    assert [event for event in arrived if event in wanted] == wanted, (
        f"the events of a call MUST arrive as {wanted}; arrived: {arrived}"
    )


def _problem(arrival: Arrival | None, event: str, since: float) -> str | None:
    if arrival is None:
        return f"{event} did not arrive within {_DELIVERED_WITHIN_S:g} s"
    if arrival.content_type != _CONTENT_TYPE:
        return f"{event} came as {arrival.content_type}"
    age = arrival.at - arrival.created_at
    if not -_CLOCK_LEEWAY_S <= age <= arrival.at - since + _CLOCK_LEEWAY_S:
        return f"{event} says that it was created {age:.0f} s before it came"
    return None


def _told(receiver: WebhookReceiver, since: float) -> list[str]:
    return [
        f"{seen.event or 'unreadable'} {seen.room} ({seen.problem or 'signed'})"
        for seen in receiver.arrivals
        if seen.at >= since
    ]
