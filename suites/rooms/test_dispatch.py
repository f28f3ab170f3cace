"""
Room and room name that the configured trunks and dispatch rules give a call.
"""

import pytest

from livekit_conformance.drivers.api.trunks_and_rules import Telephony, describe_outcome
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked, require
from livekit_conformance.findings import Says
from livekit_conformance.judges.line import judge_conflict
from livekit_conformance.protocol.dispatch import IncomingCall
from livekit_conformance.protocol.room_name import is_named

# Example of the random characters in a room name.
_RANDOM = "AbCdEfGh2345"


@pytest.mark.clause("1.2-no-two-trunks-match")
def test_no_two_trunks_match_the_same_call(
    telephony: Telephony, call_to_number: IncomingCall
) -> None:
    """
    For any caller of the number, exactly one trunk and one rule match.
    """
    conflict = telephony.conflict_of(call_to_number)
    if conflict is None:
        return

    is_own = not telephony.is_unambiguous_for(call_to_number)
    found = judge_conflict(conflict, call_to_number, is_own=is_own)
    if found.says is Says.UNSEEN:
        raise Blocked(
            found.seen,
            remedy="Compare allowed_addresses of these trunks with the addresses of the provider",
            findings=[found],
        )
    require([found])


@pytest.mark.clause("1.2-dispatch-rules-produce-the-name")
def test_the_dispatch_rules_give_the_room_its_name(
    telephony: Telephony, call_to_number: IncomingCall, profile: Profile
) -> None:
    """
    Trunks and rules, evaluated as livekit-server does, yield a name that fits the pattern.
    """
    if not telephony.is_unambiguous_for(call_to_number):
        raise Blocked(
            f"the rule for the call cannot be predicted: {telephony.conflict_of(call_to_number)}",
            remedy="See 1.2-no-two-trunks-match",
        )
    outcome = telephony.predict(call_to_number)
    story = describe_outcome(outcome)
    if outcome.asks_for_pin and outcome.rule is not None:
        # The room for the PIN of this rule.
        outcome = telephony.predict(call_to_number, pin=outcome.rule.pin)
        story = "the caller must enter a PIN; with that of the first rule, "
        f"{describe_outcome(outcome)}"
    if not call_to_number.source_ip and any(t.allowed_addresses for t in telephony.trunks):
        story += "; the source address is unknown: every allowed_addresses is assumed to include it"

    name = outcome.room.make(_RANDOM) if outcome.room is not None else None

    assert name is not None and is_named(
        name,
        profile.rooms.name_pattern,
        call_id=profile.rooms.call_id,
        # No rule puts the SIP Call-ID into a room name.
        sip_call_id="",
        caller=profile.sip.caller,
        dialled=profile.sip.number,
    ), f"expected {profile.rooms.name_pattern} with call_id {profile.rooms.call_id}; {story}"
