"""
Causes of failed outbound calls, identified by the API's answer and the logs.
"""

import pytest

from livekit_conformance.diagnosis import diagnose
from livekit_conformance.observations import Observation
from livekit_conformance.verdict import CheckRecord, Verdict


def failed(clause):
    return CheckRecord(
        id=clause,
        node_id="",
        requirement="1.5",
        area="sip",
        level="MUST",
        statement="",
        verdict=Verdict.FAIL,
    )


NOT_ANSWERED = failed("1.5-outbound-call-is-answered")
NOT_MAPPED = failed("1.5-outbound-failure-is-mapped[busy]")


def dialled(outcome, said=None):
    details = {"purpose": "outbound, answered", "outcome": outcome, "said": said}
    return Observation(1.0, "sip-call", f"CreateSIPParticipant: {said}", details)


def timestamps(**answers):
    details = {
        "service": "livekit-sip",
        "level": "info",
        "message": "signaling timestamps",
        "direction": "outbound",
        "reason": "no-answer",
        **answers,
    }
    return Observation(1.0, "log", "signaling timestamps", details)


def told(record, *seen):
    return [(found.id, found.confidence) for found in diagnose([record], seen)]


# Messages of livekit-server 1.13.5 with livekit-sip 1.8.0.
@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("requested sip trunk does not exist", "outbound-trunk-unknown"),
        (
            "sip server required auth, but no username or password was provided",
            "provider-wants-other-credentials",
        ),
        (
            "twirp error unknown: max auth retry attempts reached for SIP invite",
            "provider-wants-other-credentials",
        ),
        ("INVITE failed: sip status: 404: Not Found", "provider-knows-no-such-number"),
        ("INVITE failed: sip status: 486: Busy Here", "callee-does-not-take-the-call"),
        (
            "unexpected status from INVITE response: sip status: 603: Decline",
            "callee-does-not-take-the-call",
        ),
        (
            "unexpected status from INVITE response: sip status: 503: Service Unavailable",
            "provider-fails",
        ),
        (
            "transport<TCP> dial err=dial tcp :0->192.0.2.1:5060: connect: connection refused",
            "provider-refuses-connection",
        ),
        ('fail to resolve target for "sip.example.invalid"', "provider-host-unknown"),
        ("twirp error unknown: cpu exhausted", "sip-cpu-exhausted"),
    ],
)
def test_what_the_api_says_names_the_cause_for_certain(said, cause):
    assert told(NOT_ANSWERED, dialled("unavailable", said)) == [(cause, "certain")]


def test_why_a_provider_forbids_a_call_is_likely_only():
    said = "unexpected status from INVITE response: sip status: 403: Forbidden"

    assert told(NOT_ANSWERED, dialled("permission_denied", said)) == [
        ("provider-forbids-the-call", "likely")
    ]


def test_a_call_that_was_not_even_tried_is_told_apart_from_one_that_rang():
    timed_out = dialled("canceled", "twirp error unknown: sip request timed out")

    assert told(NOT_ANSWERED, timed_out, timestamps()) == [("provider-is-silent", "certain")]
    assert told(NOT_ANSWERED, timed_out, timestamps(inviteToRingingMs=5)) == [
        ("callee-does-not-take-the-call", "certain")
    ]
    assert told(NOT_ANSWERED, timed_out) == [("callee-does-not-take-the-call", "possible")]


def test_where_the_good_call_was_answered_the_failures_on_purpose_are_no_signs():
    line = {"service": "livekit-server", "message": "cannot create sip participant"}
    busy = Observation(
        2.0, "log", "busy", {**line, "error": "INVITE failed: sip status: 486: Busy Here"}
    )

    assert told(NOT_MAPPED, dialled("answered"), busy) == [("cause-unknown", "unknown")]
