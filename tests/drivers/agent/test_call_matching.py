"""
The agent stand-in joins our own calls, also behind a provider, and never guesses.
"""

from __future__ import annotations

from typing import Any

import pytest

from livekit_conformance.drivers.agent.call_matching import Attendance, attended
from livekit_conformance.protocol.caller import DialledCall

OWN = ("+15550100", "+15550101")
STRANGER = "+15550177"


def call(number: int = 0, *, provider: bool = True) -> Attendance:
    dialled = DialledCall(f"ours-{number}", OWN[number], "+15550123", through_provider=provider)
    return Attendance(dialled)


def joined(sid: str, caller: str, *, kind: str = "SIP", call_id: str = "other") -> dict[str, Any]:
    numbers = {"sip.phoneNumber": caller, "sip.trunkPhoneNumber": "+15550123"}
    return {"sid": sid, "kind": kind, "attributes": numbers | {"sip.callIDFull": call_id}}


def test_without_a_provider_only_the_call_id_calls_the_agent():
    ours = call(provider=False)

    assert attended([ours], joined("PA_1", OWN[0]), own_callers=OWN) is None
    assert attended([ours], joined("PA_2", OWN[0], call_id="ours-0"), own_callers=OWN) is ours
    assert (ours.caller, ours.problem) == ("PA_2", None)


def test_a_tag_of_an_answer_calls_the_agent_too():
    ours = call(provider=False)
    ours.call = DialledCall("ours-0", OWN[0], "+15550123", tag="SCL_1")
    told = {"sid": "PA_1", "kind": "SIP", "attributes": {"sip.callID": "SCL_1"}}

    assert attended([ours], told, own_callers=OWN) is ours


@pytest.mark.parametrize("arriving", [(0, 1), (1, 0)], ids=str)
def test_behind_a_provider_each_call_gets_the_caller_with_its_number(arriving):
    calls = [call(0), call(1)]

    got = [attended(calls, joined(f"PA_{n}", OWN[n]), own_callers=OWN) for n in arriving]

    assert [calls.index(one) for one in got if one] == [*arriving]


def test_where_the_provider_changes_the_caller_each_call_gets_one_of_those_that_came():
    calls = [call(0), call(1)]

    got = [attended(calls, joined(sid, STRANGER), own_callers=OWN) for sid in ("PA_1", "PA_2")]

    assert got == calls
    assert [one.caller for one in calls] == ["PA_1", "PA_2"]
    assert [one.problem for one in calls] == [None, None]


def test_one_caller_too_many_is_nobodys_and_is_told():
    ours = call()

    assert attended([ours], joined("PA_1", STRANGER), own_callers=OWN) is ours
    assert attended([ours], joined("PA_2", STRANGER), own_callers=OWN) is None
    assert attended([ours], joined("PA_1", STRANGER), own_callers=OWN) is ours  # delivered again
    assert "2 SIP participants" in (ours.problem or "")


def test_an_event_that_is_delivered_again_is_no_other_caller():
    calls = [call(0), call(1)]
    first = attended(calls, joined("PA_1", STRANGER), own_callers=OWN)

    assert attended(calls, joined("PA_1", STRANGER), own_callers=OWN) is first
    assert calls[1].caller is None


def test_who_is_no_sip_participant_is_no_caller():
    ours = call()

    assert attended([ours], joined("PA_1", OWN[0], kind="STANDARD"), own_callers=OWN) is None
    assert ours.newcomers == {}


@pytest.mark.parametrize(
    ("called_at", "joined_at", "now", "words"),
    [
        (None, None, 100.0, None),
        (1.0, 1.4, 100.0, None),
        (1.0, None, 2.0, None),
        (1.0, 7.27, 9.0, "needed 6.3 s to join some-room"),
        (1.0, None, 9.0, "needed 8.0 s to join some-room"),
    ],
)
def test_an_agent_that_joins_late_says_so(called_at, joined_at, now, words):
    attendance = Attendance(
        DialledCall("call", "+15550100", "+15550123"),
        room="some-room",
        called_at=called_at,
        joined_at=joined_at,
    )

    late = attendance.lateness(now)

    assert late is None if words is None else words in late
