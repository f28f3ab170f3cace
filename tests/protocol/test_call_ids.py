"""
All the ids of one call.
"""

from livekit_conformance.protocol.call_ids import CallIds, by_name

OWN = (False, {"sipCallID": "call-1", "callID": "SCL_1", "room": "room-1"})
JOINED = (
    True,
    {"sipCallID": "call-1", "callID": "SCL_1", "room": "room-1", "participantID": "PA_caller"},
)
# livekit-sip logs the agent's id too, in lines of several calls when a rule joins them.
AGENT = (False, {"sipCallID": "call-1", "callID": "SCL_1", "participantID": "PA_agent"})
OTHER = (False, {"sipCallID": "call-2", "callID": "SCL_2", "participantID": "PA_agent"})
SAME_ROOM = (False, {"sipCallID": "call-2", "callID": "SCL_2", "room": "room-1"})
LINES = (OWN, JOINED, AGENT, OTHER, SAME_ROOM)


def known(*ids):
    call = CallIds(set(ids))
    call.learn(by_name(LINES))
    return call


def test_the_call_id_leads_to_the_id_of_livekit_sip_the_room_and_the_participant():
    assert known("call-1") == CallIds({"call-1", "SCL_1", "PA_caller"}, {"room-1"})


def test_the_participant_leads_to_the_call_that_a_provider_made_of_ours():
    assert known("PA_caller").ids == {"call-1", "SCL_1", "PA_caller"}


def test_calls_that_share_a_room_and_an_agent_stay_two():
    assert known("call-2") == CallIds({"call-2", "SCL_2"}, {"room-1"})


def test_a_line_names_a_call_or_only_its_room():
    call = known("call-1")

    assert call.names({"callID": "SCL_1"})
    assert call.names({"participantID": "PA_caller"})
    assert not call.names({"callID": "SCL_2", "participantID": "PA_agent"})
    assert call.is_in_room({"room": "room-1"})
    assert not call.is_in_room({"room": ["room-1"]})
    assert not CallIds().is_in_room({})
