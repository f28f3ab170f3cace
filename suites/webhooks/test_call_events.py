"""
Webhooks of a call: content and order.
"""

import pytest

from livekit_conformance import run_clock
from livekit_conformance.drivers.calls.inbound_probe import ProbeCall, Prober
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.errors import require
from livekit_conformance.judges.preconditions import room_not_found
from livekit_conformance.judges.webhooks import judge_call_events, sid

_AT_LEAST_S = 1.0


@pytest.mark.clause("1.3-call-events-arrive-in-order")
async def test_the_events_of_a_call_arrive_in_order(
    probe_call: ProbeCall, prober: Prober, receiver: WebhookReceiver
) -> None:
    """
    The caller's events come between room_started and room_finished, in the order of the call.
    """
    if probe_call.room is None:
        raise room_not_found("the room of the call was not found", probe_call.statuses)
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
    company = probe_call.company
    staying = str(company) if company is not None and company.staying else ""

    require(judge_call_events(events, caller=caller, staying=staying))
