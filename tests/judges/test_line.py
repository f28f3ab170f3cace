"""
Trunks and rules that conflict, judged.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.findings import Says
from livekit_conformance.judges.line import (
    NO_ROOM,
    OTHER_ROOM,
    TWO_RULES,
    TWO_TRUNKS,
    judge_conflict,
    judge_room,
)
from livekit_conformance.protocol.dispatch import IncomingCall, Rule, Trunk, evaluate

NUMBER = "+15550123"
CALL = IncomingCall("+15550100", NUMBER)
ONE, TWO = (Trunk(name, numbers=(NUMBER,)) for name in ("ST_1", "ST_2"))
OTHERS = [
    Trunk(name, numbers=(NUMBER,), allowed_numbers=("+15550199",)) for name in ("ST_1", "ST_2")
]
BOUND = Trunk("ST_2", numbers=(NUMBER,), allowed_addresses=("192.0.2.1",))
RULE = Rule("SDR_1", "individual", "voice")


@pytest.mark.parametrize(
    ("trunks", "rules", "expected"),
    [
        ([ONE, TWO], [RULE], (TWO_TRUNKS, Says.VIOLATED, Link.TRUNK, ["ST_1", "ST_2"])),
        ([ONE], [RULE, RULE], (TWO_RULES, Says.VIOLATED, Link.DISPATCH, [])),
        (OTHERS, [RULE], (TWO_TRUNKS, Says.VIOLATED, Link.LINE, ["ST_1", "ST_2"])),
        # Only the source address, which is unknown, could tell these two apart.
        ([ONE, BOUND], [RULE], (TWO_TRUNKS, Says.UNSEEN, None, ["ST_1", "ST_2"])),
    ],
)
def test_a_conflict_is_found_at_the_link_that_it_breaks_for_our_call(trunks, rules, expected):
    (found,) = judge_conflict(trunks, rules, CALL)

    assert (found.code, found.says, found.link, found.data["trunks"]) == expected


def test_trunks_for_different_callers_are_in_no_conflict():
    other = Trunk("ST_2", numbers=(NUMBER,), allowed_numbers=("+15550199",))
    ours = Trunk("ST_1", numbers=(NUMBER,), allowed_numbers=(CALL.caller,))

    assert [*judge_conflict([ours, other], [RULE], CALL)] == []


@pytest.mark.parametrize(
    ("rules", "call_id", "expected"),
    [
        ([RULE], "any", []),
        ([RULE], "caller", []),
        ([RULE], "dialled", [(OTHER_ROOM, "room_prefix", "voice")]),
        ([Rule("SDR_1", "direct", "hall")], "any", [(OTHER_ROOM, "room_name", "hall")]),
        ([], "any", [(NO_ROOM, None, None)]),
    ],
)
def test_the_room_of_a_call_has_the_name_that_the_profile_asks_for(rules, call_id, expected):
    outcome = evaluate([ONE], rules, CALL)

    found = judge_room(outcome, CALL, "voice_{call_id}", call_id=call_id, story="")

    assert [(f.code, f.data.get("field"), f.data.get("value")) for f in found] == expected
