"""
The prediction made from the listed trunks and rules, compared with the outcome.
"""

from __future__ import annotations

import pytest
from livekit import api
from livekit.protocol.models import ParticipantInfo

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.api.trunks_and_rules import (
    Telephony,
    describe_outcome,
    read_telephony,
)
from livekit_conformance.errors import Blocked
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.dispatch import IncomingCall, Rule, Trunk
from livekit_conformance.secrets.patterns import Redactor

CALL = IncomingCall("+15550100", "+15550123")
TRUNK = Trunk("ST_1", "provider", numbers=("+15550123",))
RULE = Rule("SDR_1", "individual", "voice", trunk_ids=("ST_1",), random_suffix=True, pin="")
OTHER = Rule("SDR_2", "direct", "lobby", trunk_ids=("ST_2",))
ROOM = "voice_+15550100_AbCdEfGh2345"
KEYS = {"api_key": "APIconformance", "api_secret": "a-secret-of-more-than-32-characters"}


def telephony(*trunks: Trunk, rules: tuple[Rule, ...] = (RULE, OTHER)) -> Telephony:
    return Telephony(trunks, rules, Recorder(Redactor()))


def caller(trunk: str = "ST_1", rule: str = "SDR_1", **more: str) -> ParticipantInfo:
    return ParticipantInfo(attributes={"sip.trunkID": trunk, "sip.ruleID": rule, **more})


def unforeseen(listed: Telephony, room: str, participant: ParticipantInfo) -> str | None:
    return listed.unforeseen(room, participant, caller=CALL.caller, called=CALL.called)


def test_the_story_names_the_winner_and_says_why_not_of_the_others():
    listed = telephony(TRUNK, Trunk("ST_3", numbers=("+15550124",)))

    story = describe_outcome(listed.predict(CALL))

    assert story == (
        "trunk ST_1 'provider' and rule SDR_1 take the call; "
        "the room is 'voice_+15550100_<12 random characters>'; "
        "SDR_2: is for other trunks; ST_3: dialled number +15550123 is not in numbers"
    )
    assert listed.recorder.observations[-1].summary == story


def test_the_story_says_that_a_pin_is_asked_for_and_not_which():
    listed = telephony(rules=(Rule("SDR_1", "direct", "r", pin="4711"),))

    story = describe_outcome(listed.predict(CALL))

    assert story == "no trunk and rule SDR_1 take the call; the caller must enter a PIN"


@pytest.mark.parametrize(
    ("room", "participant"),
    [
        ("voice_+15550100", caller()),
        (ROOM, caller(trunk="ST_2")),
        (ROOM, caller(rule="SDR_2")),
        ("voice_+15550101_AbCdEfGh2345", caller()),
    ],
)
def test_another_room_trunk_or_rule_was_not_foretold(room, participant):
    listed = telephony(TRUNK)

    assert unforeseen(listed, ROOM, caller()) is None
    assert "trunk ST_1 'provider' and rule SDR_1" in (unforeseen(listed, room, participant) or "")


def test_what_arrived_counts_not_what_was_sent():
    changed = caller(**{"sip.phoneNumber": "15550100", "sip.trunkPhoneNumber": "15550123"})

    assert unforeseen(telephony(TRUNK), "voice_15550100_AbCdEfGh2345", changed) is None


def test_a_trunk_for_another_source_does_not_count_against_the_call():
    elsewhere = Trunk("ST_0", numbers=TRUNK.numbers, allowed_addresses=("192.0.2.1",))

    assert unforeseen(telephony(elsewhere, TRUNK), ROOM, caller()) is None
    assert "Multiple SIP Trunks" in (unforeseen(telephony(elsewhere, TRUNK), "x", caller()) or "")


def test_a_conflict_of_other_callers_leaves_this_call_unambiguous():
    listed = telephony(TRUNK, Trunk("ST_4", numbers=TRUNK.numbers, allowed_numbers=("+15550177",)))

    assert listed.own_conflict_of(CALL) is None
    assert telephony(TRUNK, Trunk("ST_4", numbers=TRUNK.numbers)).own_conflict_of(CALL) is not None


async def test_trunks_and_rules_are_read_from_the_api(tmp_path):
    async with (
        Mock(MockConfig(**KEYS, log_dir=tmp_path)) as mock,
        api.LiveKitAPI(mock.url.replace("ws", "http", 1), **KEYS) as server,
        LiveKitClient(
            mock.url, **KEYS, permit=Permit.everything(), recorder=Recorder(Redactor())
        ) as client,
    ):
        trunk = await server.sip.create_inbound_trunk(
            api.CreateSIPInboundTrunkRequest(trunk=api.SIPInboundTrunkInfo(numbers=["1"]))
        )
        callee = api.SIPDispatchRuleCallee(room_prefix="p", pin="1")
        rule = await server.sip.create_dispatch_rule(
            api.CreateSIPDispatchRuleRequest(
                dispatch_rule=api.SIPDispatchRuleInfo(
                    rule=api.SIPDispatchRule(dispatch_rule_callee=callee)
                )
            )
        )
        listed = await read_telephony(client)

    assert listed.trunks == (Trunk(trunk.sip_trunk_id, numbers=("1",)),)
    assert listed.rules == (Rule(rule.sip_dispatch_rule_id, "callee", "p", "1"),)


async def test_a_server_that_lists_nothing_blocks(tmp_path):
    async with (
        Mock(MockConfig(**KEYS, log_dir=tmp_path)) as mock,
        LiveKitClient(
            mock.url,
            api_key=KEYS["api_key"],
            api_secret="another-secret-of-more-than-32-characters",
            permit=Permit.everything(),
            recorder=Recorder(Redactor()),
        ) as client,
    ):
        with pytest.raises(Blocked, match="cannot be listed: ListSIPInboundTrunk answered 401"):
            await read_telephony(client)
