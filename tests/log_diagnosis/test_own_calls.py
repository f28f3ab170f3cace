"""
Calls of the suite itself: those that it makes fail are no fault while its others come through.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.causes import CAUSES
from tests.log_diagnosis.lines import WRAPPERS, in_console, in_json, scan_lines

OURS = {"callID": "SCL_ours", "sipCallID": "conformance-49a2dfd37aabfa3d8711969b"}
GOOD = {"callID": "SCL_good", "sipCallID": "conformance-82fee6af40cb897d4695a5ef"}
OTHERS = {"callID": "SCL_other", "sipCallID": "c343f847f10f@127.0.0.1"}


def refused(ids, write=in_json):
    return write("Authentication failed - response mismatch", error="response mismatch", **ids)


def invited(ids, write=in_json):
    return write("processing invite", level="info", **ids)


def dropped(ids, write=in_json):
    # This line names the call by livekit-sip's id alone.
    return write("SIP call ended", level="info", reason="flood", callID=ids["callID"])


def accepted(ids, write=in_json):
    return write("Accepting the call", level="info", **ids)


@pytest.mark.parametrize("wrapper", sorted(WRAPPERS))
@pytest.mark.parametrize("write", [in_json, in_console])
def test_refused_calls_of_a_run_whose_good_calls_came_through_are_no_cause(write, wrapper):
    lines = [
        invited(OURS, write),
        refused(OURS, write),
        dropped(OURS, write),
        invited(GOOD, write),
        accepted(GOOD, write),
    ]

    seen = scan_lines(*map(WRAPPERS[wrapper], lines), causes=CAUSES)

    assert list(seen.found) == []
    assert seen.set_apart == 2
    assert seen.unexplained.lines == 0


def test_a_run_that_is_refused_everywhere_shows_the_cause():
    seen = scan_lines(invited(OURS), refused(OURS), invited(GOOD), refused(GOOD), causes=CAUSES)

    assert seen.found["profile-has-another-password"].lines == 2
    assert seen.set_apart == 0


def test_the_refused_calls_of_others_count():
    lines = (refused(OURS), accepted(GOOD), refused(OTHERS))

    seen = scan_lines(*lines, causes=CAUSES)

    found = seen.found["profile-has-another-password"]
    assert (found.lines, len(found.calls.known)) == (1, 1)
    assert seen.set_apart == 1


def test_a_link_at_which_the_suite_makes_no_call_fail_is_judged_by_its_calls_too():
    failed = in_json(
        "Rejecting inbound, auth check failed", error="no response from servers", **OURS
    )

    assert "sip-bus-has-no-server" in scan_lines(failed, accepted(GOOD), causes=CAUSES).found


def test_outbound_calls_are_known_by_their_callee():
    def failed(name):
        return in_json(
            "cannot create sip participant",
            service="livekit-server",
            level="error",
            error="INVITE failed: sip status: 404: Not Found",
            room=f"voice-ai-call-{name}",
            participant=name,
            callID=f"SCL_{name}",
        )

    ours = failed("conformance-20b1d6e4b1f8")
    answered = in_json(
        "API SIP.CreateSIPParticipant",
        service="livekit-server",
        level="info",
        participant="conformance-9f6a41c1f296",
        status="200",
    )

    assert list(scan_lines(ours, answered, causes=CAUSES).found) == []
    assert list(scan_lines(ours, causes=CAUSES).found) == ["provider-knows-no-such-number"]
    assert list(scan_lines(failed("agent"), answered, causes=CAUSES).found) == [
        "provider-knows-no-such-number"
    ]
