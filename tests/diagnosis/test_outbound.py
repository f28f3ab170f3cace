"""
Causes of failed outbound calls, identified by the API's answer and the logs.
"""

import pytest

from tests.diagnosis.signs import log, named, record, seen

NOT_ANSWERED = record("1.5-outbound-call-is-answered")
NOT_MAPPED = record("1.5-outbound-failure-is-mapped[busy]")


def dialled(outcome, said=None):
    return seen("sip-call", is_outbound=True, outcome=outcome, said=said)


def timestamps(**answers):
    call = {"level": "info", "direction": "outbound", "reason": "no-answer"}
    return log("signaling timestamps", **call, **answers)


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
    assert named([NOT_ANSWERED], dialled("unavailable", said)) == [(cause, "certain")]


def test_why_a_provider_forbids_a_call_is_likely_only():
    said = "unexpected status from INVITE response: sip status: 403: Forbidden"

    assert named([NOT_ANSWERED], dialled("permission_denied", said)) == [
        ("provider-forbids-the-call", "likely")
    ]


def test_a_call_that_was_not_even_tried_is_told_apart_from_one_that_rang():
    timed_out = dialled("canceled", "twirp error unknown: sip request timed out")

    assert named([NOT_ANSWERED], timed_out, timestamps()) == [("provider-is-silent", "certain")]
    assert named([NOT_ANSWERED], timed_out, timestamps(inviteToRingingMs=5)) == [
        ("callee-does-not-take-the-call", "certain")
    ]
    assert named([NOT_ANSWERED], timed_out) == [("callee-does-not-take-the-call", "possible")]


def test_where_the_good_call_was_answered_the_failures_on_purpose_are_no_signs():
    error = "INVITE failed: sip status: 486: Busy Here"
    busy = log("cannot create sip participant", error, service="livekit-server")

    assert named([NOT_MAPPED], dialled("answered"), busy) == [("cause-unknown", "unknown")]
