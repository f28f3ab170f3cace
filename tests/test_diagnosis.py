"""
Ranked causes, derived from signs.
"""

from dataclasses import replace

import pytest

from livekit_conformance.catalogue.cause import found
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.errors import Failure
from livekit_conformance.findings import Code, Finding
from livekit_conformance.judges.server import NOT_TRUSTED
from livekit_conformance.verdict import Verdict
from tests.diagnosis.signs import call, log, record, seen, unreached
from tests.observed import observed

REJECTED = record("1.5-invite-is-not-rejected", Verdict.FAIL, "bus")
NOT_JOINED = record("1.1-sip-service-joins-the-server")
BUS_FAIL = record("1.5-bus-has-a-server")
BUS_PASS = record("1.5-bus-has-a-server", Verdict.PASS)

EMPTY_BUS = observed(
    0.5,
    "bus",
    "0 listen on IOInfo|GetSIPTrunkAuthentication|REQ",
    {"channel": "IOInfo|GetSIPTrunkAuthentication|REQ", "subscribers": 0},
)
NO_RESPONSE = log("Rejecting inbound, auth check failed", "no response from servers")


def test_an_empty_bus_is_certain_and_its_evidence_is_complete():
    (found,) = diagnose(
        [BUS_FAIL, REJECTED], [EMPTY_BUS, call("refused", 503, at_s=1.02), NO_RESPONSE]
    )

    assert (found.id, found.confidence) == ("sip-bus-has-no-server", "certain")
    assert found.checks == ("1.5-bus-has-a-server", "1.5-invite-is-not-rejected")
    assert found.evidence == (
        "0 listen on IOInfo|GetSIPTrunkAuthentication|REQ",
        "livekit-sip: Rejecting inbound, auth check failed no response from servers",
        "refused: 503 at 1.02 s",
    )


def test_a_503_after_the_selection_time_alone_is_likely_only():
    (found,) = diagnose([REJECTED], [call("refused", 503, at_s=1.02)])

    assert (found.id, found.confidence) == ("sip-bus-has-no-server", "likely")


def test_a_503_at_once_is_not_the_empty_bus():
    (found,) = diagnose([REJECTED], [call("refused", 503, at_s=0.02)])

    assert (found.id, found.link, found.confidence) == ("cause-unknown", "bus", "unknown")


def test_an_unauthorized_join_is_certain_and_does_not_blame_the_bus():
    line = log("Cannot create LiveKit participant", "unauthorized: invalid token")

    (found,) = diagnose([BUS_PASS, NOT_JOINED], [call("refused", 486, at_s=0.03), line])

    assert (found.id, found.confidence) == ("sip-service-key-refused", "certain")


def test_a_486_without_logs_is_possible_only():
    (found,) = diagnose([NOT_JOINED], [call("refused", 486, at_s=0.03)])

    assert (found.id, found.confidence) == ("sip-service-cannot-join", "possible")


def test_a_refused_connection_excludes_a_refused_key():
    line = log("error getting validation", "connection refused")

    (found,) = diagnose([NOT_JOINED], [call("refused", 486, at_s=0.03), line])

    assert found.id == "sip-service-cannot-reach-server"


def test_a_server_on_the_bus_that_refuses_us_and_livekit_sip_listens_elsewhere():
    refused = unreached("1.1-server-answers", "tcp", "connect", Failure.REFUSED)
    on_bus = seen("bus", channel="IOInfo|GetSIPTrunkAuthentication|REQ", subscribers=1)
    line = log("error getting validation", "dial tcp 192.0.2.1:7880: connect: connection refused")

    (found,) = diagnose([refused, NOT_JOINED], [on_bus, call("refused", 486, at_s=0.03), line])

    assert (found.id, found.confidence) == ("server-listens-elsewhere", "certain")


def test_two_independent_faults_are_both_named():
    dropped = unreached("1.1-server-answers", "tcp", "connect", Failure.TIMED_OUT)

    found = diagnose([dropped, BUS_FAIL], [EMPTY_BUS])

    ids = {diagnosis.id for diagnosis in found}
    assert ids == {"sip-bus-has-no-server", "server-address-is-cut-off"}


@pytest.mark.parametrize("nobody", [EMPTY_BUS, call("refused", 503, at_s=1.0)], ids=["bus", "call"])
def test_a_server_that_neither_its_url_nor_the_bus_leads_to_is_not_running(nobody):
    refused = unreached("1.1-server-answers", "tcp", "connect", Failure.REFUSED)

    (found,) = diagnose([refused, BUS_FAIL], [nobody])

    assert (found.id, found.confidence) == ("server-not-running", "certain")
    assert set(found.checks) == {refused.id, BUS_FAIL.id}


def test_the_certain_cause_comes_before_the_likely_one():
    refused = call("refused", 486, at_s=0.03)
    dropped = log("error establishing signal connection", "unexpected EOF", level="warn")

    found = diagnose([BUS_FAIL, NOT_JOINED], [EMPTY_BUS, refused, dropped])

    assert [diagnosis.confidence for diagnosis in found] == ["certain", "possible"]


def test_a_negative_check_of_our_own_is_no_sign():
    trunk = record("1.1-trunk-accepts-right-password")

    (unknown,) = diagnose([trunk], [call("refused", 401, purpose="wrong password")])
    assert unknown.id == "cause-unknown"
    (found,) = diagnose([trunk], [call("refused", 401)])
    assert found.id == "trunk-refuses-credentials"


def test_signs_without_an_unhappy_check_are_no_diagnosis():
    assert diagnose([BUS_PASS], [EMPTY_BUS, NO_RESPONSE, call("refused", 503)]) == ()


def test_a_bus_without_a_sip_service_is_certain_and_explains_the_outbound_calls():
    no_sip = observed(
        0.5,
        "bus",
        "0 listen on SIPInternal|CreateSIPParticipant|REQ",
        {"channel": "SIPInternal|CreateSIPParticipant|REQ", "subscribers": 0},
    )
    records = [
        record("1.5-bus-has-a-sip-service"),
        record("1.5-outbound-call-is-answered", Verdict.BLOCKED),
    ]

    (found,) = diagnose(records, [no_sip])

    assert (found.id, found.confidence) == ("bus-has-no-sip-service", "certain")
    assert found.checks == ("1.5-bus-has-a-sip-service", "1.5-outbound-call-is-answered")


def test_without_redis_the_answer_of_the_api_makes_it_likely():
    answer = observed(
        1.0,
        "http",
        "POST /twirp/livekit.SIP/CreateSIPParticipant -> 503",
        {
            "url": "http://192.0.2.1:7880/twirp/livekit.SIP/CreateSIPParticipant",
            "status": 503,
            "body": '{"code":"unavailable","msg":"twirp error unknown: no response from servers"}',
        },
    )

    (found,) = diagnose([record("1.5-outbound-call-is-answered")], [answer])

    assert (found.id, found.confidence) == ("bus-has-no-sip-service", "likely")


@pytest.mark.parametrize(
    ("clause", "verdict", "cause"),
    [
        ("1.1-variables-are-sane[PORT]", Verdict.FAIL, "variable-holds-something-else"),
        ("1.1-server-is-ready", Verdict.FAIL, "server-not-ready"),
        ("1.1-clock-agrees", Verdict.FAIL, "clocks-disagree"),
        ("1.3-endpoint-resolves", Verdict.FAIL, "webhook-host-does-not-resolve"),
        ("1.3-endpoint-accepts-connections", Verdict.BLOCKED, "webhook-endpoint-unreachable"),
        ("1.3-endpoint-tls-is-trusted", Verdict.FAIL, "webhook-certificate-not-trusted"),
    ],
)
def test_a_check_that_names_its_cause_is_diagnosed(clause, verdict, cause):
    assert [found.id for found in diagnose([record(clause, verdict)], [])] == [cause]
    assert diagnose([record(clause, Verdict.PASS)], []) == ()


SILENT = Code("server.silent")
BY_FINDING = replace(
    CAUSES[0],
    shows=(found(SILENT, link=Link.SERVER, phase="answer"),),
    also=(),
    proofs=(),
    excludes=(),
    yields_to=(),
    link=Link.SERVER,
)


@pytest.mark.parametrize(
    ("verdict", "finding", "is_shown"),
    [
        (Verdict.FAIL, Finding(SILENT, "", "server", data={"phase": "answer"}), True),
        (Verdict.BLOCKED, Finding(SILENT, "", "server", data={"phase": "answer"}), True),
        # A known issue is accepted: it asks for no cause.
        (Verdict.KNOWN, Finding(SILENT, "", "server", data={"phase": "answer"}), False),
        (Verdict.FAIL, Finding(SILENT, "", "server", data={"phase": "connect"}), False),
        (Verdict.FAIL, Finding(SILENT, "", "tls", data={"phase": "answer"}), False),
        (Verdict.FAIL, Finding(Code("server.x"), "", "server", data={"phase": "answer"}), False),
    ],
)
def test_a_cause_is_shown_by_the_code_the_link_and_the_data_of_a_finding(
    verdict, finding, is_shown
):
    checked = replace(record("1.1-server-answers", verdict), findings=(finding,))

    ids = [each.id for each in diagnose([checked], (), [BY_FINDING])]
    assert (BY_FINDING.id in ids) is is_shown


def test_a_check_that_waits_for_another_shows_no_cause():
    silent = record("1.3-endpoint-resolves", Verdict.BLOCKED, Link.ENDPOINT_DNS)
    waiting = record("1.3-endpoint-accepts-connections", Verdict.BLOCKED, blocked_by=silent.id)
    unanswered = record("1.5-call-is-answered")

    found = diagnose([silent, waiting, unanswered], [])

    assert {cause.id for cause in found} == {"cause-unknown"}
    assert Link.ENDPOINT_DNS in {cause.link for cause in found}


def test_a_server_behind_an_untrusted_certificate_is_not_called_unreachable():
    blocked = record("1.1-server-answers", Verdict.BLOCKED, blocked_by="1.1-tls-is-trusted")

    untrusted = Finding(NOT_TRUSTED, "certificate has expired")
    found = diagnose([record("1.1-tls-is-trusted", findings=[untrusted]), blocked], [])

    assert [cause.id for cause in found] == ["certificate-not-trusted"]
    assert found[0].checks == ("1.1-tls-is-trusted", "1.1-server-answers")


def test_checks_that_the_run_had_no_time_for_need_no_cause():
    blocked = record("1.1-sip-service-joins-the-server", Verdict.BLOCKED)
    left = replace(blocked, broken_link=None, message="no time left")

    assert diagnose([blocked], [call("refused", 486, at_s=0.03)]) != ()
    assert diagnose([left], [call("refused", 486, at_s=0.03)]) == ()
