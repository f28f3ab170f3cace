"""
A clock that is set during a run explains what fails afterwards: key and secret are not at fault.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.causes import BY_ID, clock_jumps
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.findings import Finding
from livekit_conformance.judges.api_key import OTHER_CLOCK
from livekit_conformance.verdict import Verdict
from tests.diagnosis.test_outages import START, check
from tests.test_clock_jumps import answer, ours

REFUSED = (Finding(OTHER_CLOCK, "", "api-key"),)
JUMPS = {
    "clock-of-this-machine-set-during-the-run": [answer(0), answer(4), ours(5, 3600), answer(6)],
    "clock-of-livekit-server-set-during-the-run": [answer(0), answer(4), answer(6, 3600)],
}


@pytest.mark.parametrize("cause", clock_jumps.CAUSES, ids=lambda cause: cause.id)
def test_what_fails_after_a_jump_has_one_cause_with_its_time(cause):
    assert answer(0).at == START
    records = [
        check(1, "1.1-server-answers", Verdict.PASS),
        check(5.8, "1.1-key-is-accepted", findings=REFUSED),
        check(7, "1.1-clock-agrees"),
        check(8, "1.2-created-room-is-listed", Verdict.BLOCKED, blocked_by="1.1-key-is-accepted"),
    ]

    (found,) = diagnose(records, JUMPS[cause.id])

    assert BY_ID[found.id] is cause
    assert (found.link, found.confidence) == (cause.link, "certain")
    assert found.checks == tuple(each.id for each in records[1:])
    (said,) = found.evidence
    assert "was set forward by 3600 s between 14:03:04.0 UTC and 14:03:06.0 UTC" in said


def test_clocks_that_never_agreed_keep_their_own_cause():
    records = [check(1, "1.1-clock-agrees"), check(2, "1.1-key-is-accepted", findings=REFUSED)]

    (found,) = diagnose(records, [answer(0, 3600), answer(3, 3600)])

    assert found.id == "clocks-disagree"
