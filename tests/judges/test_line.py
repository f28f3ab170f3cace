"""
Trunks and rules that conflict, judged.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.api.trunks_and_rules import Telephony
from livekit_conformance.findings import Says
from livekit_conformance.judges.line import TWO_RULES, TWO_TRUNKS, judge_conflict
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.dispatch import IncomingCall, Rule, Trunk
from livekit_conformance.secrets.patterns import Redactor

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
    telephony = Telephony(tuple(trunks), tuple(rules), Recorder(Redactor()))
    conflict = telephony.conflict_of(CALL)
    assert conflict is not None

    found = judge_conflict(conflict, CALL, is_own=not telephony.is_unambiguous_for(CALL))

    assert (found.code, found.says, found.link, found.data["trunks"]) == expected
