"""
Names of the rooms of calls.
"""

import pytest

from livekit_conformance.drivers.api.trunks_and_rules import Telephony
from livekit_conformance.drivers.calls.inbound_probe import ProbeCall
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked, violated
from livekit_conformance.judges.preconditions import room_not_found
from livekit_conformance.judges.rooms import NOT_FORETOLD, OTHER_NAME
from livekit_conformance.protocol.room_name import is_named


@pytest.mark.clause("1.2-call-lands-in-a-named-room")
async def test_the_room_of_a_call_has_the_right_name(
    probe_call: ProbeCall, profile: Profile, listed_telephony: Telephony | Blocked
) -> None:
    """
    The room matches the pattern, and its call id is the one that the profile requires.

    Trunk, rule and name are as predicted, where the trunks and rules can be read.
    """
    if probe_call.room is None or probe_call.participant is None:
        reason = f"the room of the call was not found ({probe_call.not_seen or probe_call.story})"
        raise room_not_found(reason, probe_call.statuses)
    name, pattern = probe_call.room.name, profile.rooms.name_pattern
    attributes = probe_call.participant.attributes
    rightly_named = is_named(
        name,
        pattern,
        call_id=profile.rooms.call_id,
        # As livekit-sip received it; a provider may have changed it on the way.
        sip_call_id=attributes.get("sip.callIDFull", probe_call.call.call_id),
        caller=attributes.get("sip.phoneNumber", profile.sip.caller),
        dialled=attributes.get("sip.trunkPhoneNumber", profile.sip.number),
    )
    predicted = None
    if isinstance(listed_telephony, Telephony):
        predicted = listed_telephony.unforeseen(
            name, probe_call.participant, caller=profile.sip.caller, called=profile.sip.number
        )

    seen = f"it is {name!r}, expected {pattern} with call_id {profile.rooms.call_id}"
    if predicted is not None:
        seen += f"; the trunks and dispatch rules predict: {predicted}"
    if not rightly_named:
        raise violated(OTHER_NAME, seen, room=name, pattern=pattern, call_id=profile.rooms.call_id)
    if predicted is not None:
        raise violated(NOT_FORETOLD, seen, room=name)
