"""
Rooms of calls: one for each call, for as long as it lasts.
"""

import pytest

from livekit_conformance import run_clock
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.calls.call_problems import sharing_findings
from livekit_conformance.drivers.calls.caller_search import present
from livekit_conformance.drivers.calls.inbound_probe import ProbeCall, Prober, callers_at_once
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import NotConfigured, require
from livekit_conformance.judges.preconditions import agent_failed, room_not_found
from livekit_conformance.judges.waits import Awaited, judge_wait
from livekit_conformance.waiting import POLITE_S, wait_until

# A check that runs late still sends a last request for the room.
_AT_LEAST_S = 1.0


@pytest.mark.clause("1.2-concurrent-calls-get-own-rooms")
async def test_two_calls_at_once_get_a_room_each(
    prober: Prober, client: LiveKitClient, profile: Profile
) -> None:
    """
    Both callers are in a room at the same time, and in different ones.
    """
    if profile.limits.calls < 2:
        raise NotConfigured("limits: {calls: 2}")
    callers = callers_at_once(profile, 2)

    calls = await prober.ring(*callers, purpose="two at once")
    require(await sharing_findings(calls, client))


@pytest.mark.clause("1.2-room-ends-after-hang-up")
async def test_the_room_of_a_call_ends_after_the_call(
    probe_call: ProbeCall, prober: Prober, client: LiveKitClient
) -> None:
    """
    The room is gone when its own departure timeout has passed since the last participant left.
    """
    room = probe_call.room
    if room is None:
        reason = f"the room of the call was not found ({probe_call.not_seen or probe_call.story})"
        raise room_not_found(reason, probe_call.statuses)
    if probe_call.agent_problem is not None:
        raise agent_failed(probe_call.agent_problem)

    async def why_not_yet() -> str | None:
        is_open = any(other.sid == room.sid for other in await client.list_rooms(room.name))
        inside = [participant.identity for participant in await present(client, room.name)]
        return f"{room.name} is open; in it: {inside or 'nobody'}" if is_open else None

    left = prober.room_ends_by(probe_call) - run_clock.now()
    ended = await wait_until(why_not_yet, within=max(left, _AT_LEAST_S), slowest=POLITE_S)

    seen = f"its departure time-out is {room.departure_timeout} s; its end was {ended}"
    require(judge_wait(Awaited.ROOM_ENDED, ended, seen=seen), otherwise="See 1.1-server-answers")
