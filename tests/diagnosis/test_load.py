"""
Overload is told from a broken bus, and lines that may be about others prove nothing.
"""

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import of_both
from livekit_conformance.verdict import Verdict
from tests.diagnosis.signs import call, log, named, record, seen

SERVER, SIP = "IOInfo|GetSIPTrunkAuthentication|REQ", "SIPInternal|CreateSIPParticipant|REQ"
REPEATED = record("1.5-repeated-calls-succeed[in-a-row]")
GRANTS = record("1.1-missing-room-grant-is-refused[CreateRoom]", Verdict.BLOCKED, "grants")
LASTING_TOKEN = record("1.1-token-without-exp-is-refused", Verdict.WARN)
HIGH_LOAD = log(of_both.HIGH_CPU_LOAD.message, level="info")
NOBODY = log("Rejecting inbound, auth check failed", "no response from servers", level="warn")
DIALLED = seen(
    "http",
    url="http://192.0.2.1:7880/twirp/livekit.SIP/CreateSIPParticipant",
    status=503,
    body="no response from servers",
)
ANSWERED, REFUSED = call("answered", 200), call("refused", 503)
OVERLOADED = [("deployment-is-overloaded", "certain")]
NO_SERVER = ("sip-bus-has-no-server", "certain")


def ids(records, *observations):
    return [found for found, _ in named(records, *observations)]


def test_an_overloaded_deployment_comes_alone():
    records = [REPEATED, GRANTS, record("1.5-outbound-failure-is-mapped[declined]")]

    assert named(records, ANSWERED, REFUSED, NOBODY, DIALLED, HIGH_LOAD) == OVERLOADED


@pytest.mark.parametrize(
    "without",
    [
        pytest.param((REFUSED, NOBODY, HIGH_LOAD), id="no-call-was-answered"),
        pytest.param((ANSWERED, REFUSED, NOBODY), id="no-service-says-so"),
        pytest.param(
            (ANSWERED, NOBODY, HIGH_LOAD, seen("bus", channel=SERVER, subscribers=0)),
            id="no-server-on-the-bus",
        ),
    ],
)
def test_a_loaded_machine_hides_no_missing_server(without):
    assert named([REPEATED], *without)[0] == NO_SERVER


def test_a_loaded_machine_explains_no_failure_of_another_kind():
    assert "deployment-is-overloaded" not in ids([REPEATED], ANSWERED, HIGH_LOAD)


def test_a_check_with_a_warning_came_through():
    assert ids([LASTING_TOKEN], ANSWERED, NOBODY, HIGH_LOAD) == []


@pytest.mark.parametrize(
    ("unclear", "confidence"), [({}, "certain"), ({"unclear": True}, "possible")]
)
def test_a_line_that_may_be_about_others_makes_no_cause_certain(unclear, confidence):
    line = log("Rejecting inbound, auth check failed", "no response from servers", **unclear)

    assert named([REPEATED], line) == [("sip-bus-has-no-server", confidence)]


def test_a_clear_line_beside_an_unclear_one_is_a_proof():
    unclear = log("Rejecting inbound, auth check failed", "no response from servers", unclear=True)

    assert named([REPEATED], unclear, NOBODY) == [NO_SERVER]


def test_a_used_up_quota_is_no_fault_of_the_bus():
    refused = call("refused", 503, at_s=0.004, reason="Service temporarily unavailable")

    assert named([record("1.5-invite-is-not-rejected", link=Link.TRUNK)], refused) == [
        ("call-quota-exceeded", "certain")
    ]
