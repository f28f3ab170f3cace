"""
Room and room name that the configured trunks and dispatch rules give a call.
"""

import pytest

from livekit_conformance.drivers.api.trunks_and_rules import Telephony, describe_outcome
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import require
from livekit_conformance.judges.line import judge_conflict, judge_room
from livekit_conformance.judges.preconditions import not_predictable
from livekit_conformance.protocol.dispatch import IncomingCall


@pytest.mark.clause("1.2-no-two-trunks-match")
def test_no_two_trunks_match_the_same_call(
    telephony: Telephony, call_to_number: IncomingCall
) -> None:
    """
    For any caller of the number, exactly one trunk and one rule match.
    """
    found = judge_conflict(telephony.trunks, telephony.rules, call_to_number)

    require(
        found,
        otherwise="Compare allowed_addresses of these trunks with the addresses of the provider",
    )


@pytest.mark.clause("1.2-dispatch-rules-produce-the-name")
def test_the_dispatch_rules_give_the_room_its_name(
    telephony: Telephony, call_to_number: IncomingCall, profile: Profile
) -> None:
    """
    Trunks and rules, evaluated as livekit-server does, yield a name that fits the pattern.
    """
    if (conflict := telephony.own_conflict_of(call_to_number)) is not None:
        raise not_predictable("rule", conflict)
    outcome = telephony.predict(call_to_number)
    story = describe_outcome(outcome)
    if outcome.asks_for_pin and outcome.rule is not None:
        # The room for the PIN of this rule.
        outcome = telephony.predict(call_to_number, pin=outcome.rule.pin)
        story = "the caller must enter a PIN; with that of the first rule, "
        f"{describe_outcome(outcome)}"
    if not call_to_number.source_ip and any(t.allowed_addresses for t in telephony.trunks):
        story += "; the source address is unknown: every allowed_addresses is assumed to include it"

    rooms = profile.rooms
    require(
        judge_room(outcome, call_to_number, rooms.name_pattern, call_id=rooms.call_id, story=story)
    )
