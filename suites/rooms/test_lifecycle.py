"""
Are rooms created, listed and named as they must be?
"""

import uuid

import pytest

from livekit_conformance.drivers.livekit_api import LiveKitClient
from livekit_conformance.drivers.probe import ProbeCall
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.protocol.room_name import call_id_in, expected_call_id
from livekit_conformance.waiting import POLITE_S, wait_until

_LISTED_WITHIN_S = 2.0
# The room dies by itself should the run be killed.
_EMPTY_TIMEOUT_S = 30


@pytest.mark.clause("1.2-created-room-is-listed")
async def test_a_created_room_is_listed_with_its_sid(
    client: LiveKitClient, profile: Profile
) -> None:
    """
    ListRooms returns the room that CreateRoom made, by name and among all.
    """
    name = profile.rooms.name_pattern.format(call_id=f"conformance-{uuid.uuid4()}")
    created = await client.create_room(name, empty_timeout=_EMPTY_TIMEOUT_S)

    async def why_not_yet() -> str | None:
        by_name = [room.sid for room in await client.list_rooms(name)]
        among_all = [room.sid for room in await client.list_rooms() if room.name == name]
        if by_name == among_all == [created.sid]:
            return None
        return f"by name {by_name}, among all {among_all}, created {created.sid}"

    try:
        listed = await wait_until(why_not_yet, within=_LISTED_WITHIN_S, slowest=POLITE_S)
    finally:
        await client.delete_room(name)

    assert listed.came_true, f"ListRooms MUST return the room CreateRoom answered with; {listed}"


@pytest.mark.clause("1.2-call-lands-in-a-named-room")
async def test_the_room_of_a_call_has_the_right_name(
    probe_call: ProbeCall, profile: Profile
) -> None:
    """
    The room matches the pattern, and its call id is what the profile says it must be.
    """
    if probe_call.room is None:
        raise Blocked(
            f"the room of the call was not found ({probe_call.not_seen or probe_call.story})",
            remedy="See why livekit-sip did not join",
        )
    name, pattern = probe_call.room.name, profile.rooms.name_pattern
    wanted = expected_call_id(
        profile.rooms.call_id,
        sip_call_id=probe_call.call.call_id,
        caller=profile.sip.caller,
        dialled=profile.sip.number,
    )

    call_id = call_id_in(name, pattern)

    assert call_id is not None and wanted.fullmatch(call_id), (
        f"the room MUST be named {pattern} with call_id {profile.rooms.call_id}; it is {name!r}"
    )
