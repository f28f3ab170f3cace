"""
From signs to ranked causes.
"""

from livekit_conformance.diagnosis import diagnose
from livekit_conformance.observations import Observation
from livekit_conformance.verdict import CheckRecord, Verdict


def record(clause: str, verdict: Verdict, broken_link: str | None = None) -> CheckRecord:
    return CheckRecord(
        id=clause,
        node_id="",
        requirement=clause[:3],
        area="sip",
        level="MUST",
        statement="",
        verdict=verdict,
        broken_link=broken_link,
    )


REJECTED = record("1.5-invite-is-not-rejected", Verdict.FAIL, "bus")
NOT_JOINED = record("1.1-sip-service-joins-the-server", Verdict.FAIL)
BUS_FAIL = record("1.5-bus-has-a-server", Verdict.FAIL)
BUS_PASS = record("1.5-bus-has-a-server", Verdict.PASS)


def call(status: int | None, at_s: float, *, purpose: str = "probe", outcome: str = "refused"):
    details = {
        "purpose": purpose,
        "outcome": outcome,
        "final_status": status,
        "final_at_s": at_s,
    }
    return Observation(1.0, "sip-call", f"{status} at {at_s} s", details)


def log(service: str, message: str, error: str = "", **fields):
    details = {"service": service, "message": message, "error": error, **fields}
    return Observation(2.0, "log", f"{service}: {message} {error}", details)


EMPTY_BUS = Observation(
    0.5,
    "bus",
    "0 listen on IOInfo|GetSIPTrunkAuthentication|REQ",
    {"channel": "IOInfo|GetSIPTrunkAuthentication|REQ", "subscribers": 0},
)
NO_RESPONSE = log("livekit-sip", "Rejecting inbound, auth check failed", "no response from servers")


def test_an_empty_bus_is_certain_and_its_evidence_is_complete():
    (found,) = diagnose([BUS_FAIL, REJECTED], [EMPTY_BUS, call(503, 1.02), NO_RESPONSE])

    assert (found.id, found.confidence) == ("sip-bus-has-no-server", "certain")
    assert found.checks == ("1.5-bus-has-a-server", "1.5-invite-is-not-rejected")
    assert found.evidence == (
        "0 listen on IOInfo|GetSIPTrunkAuthentication|REQ",
        "livekit-sip: Rejecting inbound, auth check failed no response from servers",
        "503 at 1.02 s",
    )


def test_a_503_after_the_selection_time_alone_is_likely_only():
    (found,) = diagnose([REJECTED], [call(503, 1.02)])

    assert (found.id, found.confidence) == ("sip-bus-has-no-server", "likely")


def test_a_503_at_once_is_not_the_empty_bus():
    assert diagnose([REJECTED], [call(503, 0.02)]) == ()


def test_an_unauthorized_join_is_certain_and_does_not_blame_the_bus():
    line = log("livekit-sip", "Cannot create LiveKit participant", "unauthorized: invalid token")

    (found,) = diagnose([BUS_PASS, REJECTED, NOT_JOINED], [call(486, 0.03), line])

    assert (found.id, found.confidence) == ("sip-service-key-refused", "certain")


def test_a_486_without_logs_is_possible_only():
    (found,) = diagnose([NOT_JOINED], [call(486, 0.03)])

    assert (found.id, found.confidence) == ("sip-service-key-refused", "possible")


def test_a_refused_connection_excludes_a_refused_key():
    line = log("livekit-sip", "error getting validation", "connection refused")

    (found,) = diagnose([NOT_JOINED], [call(486, 0.03), line])

    assert found.id == "sip-service-cannot-reach-server"


def test_two_independent_faults_are_both_named():
    unreachable = record("1.1-server-answers", Verdict.BLOCKED)

    found = diagnose([unreachable, BUS_FAIL], [EMPTY_BUS])

    assert [diagnosis.id for diagnosis in found] == ["sip-bus-has-no-server", "server-unreachable"]


def test_the_certain_cause_comes_before_the_likely_one():
    found = diagnose([BUS_FAIL, NOT_JOINED], [EMPTY_BUS, call(486, 0.03)])

    assert [diagnosis.confidence for diagnosis in found] == ["certain", "possible"]


def test_a_negative_check_of_our_own_is_no_sign():
    trunk = record("1.1-trunk-accepts-right-password", Verdict.FAIL)

    assert diagnose([trunk], [call(401, 0.01, purpose="wrong password")]) == ()
    (found,) = diagnose([trunk], [call(401, 0.01)])
    assert found.id == "trunk-refuses-credentials"


def test_signs_without_an_unhappy_check_are_no_diagnosis():
    assert diagnose([BUS_PASS], [EMPTY_BUS, NO_RESPONSE, call(503, 1.0)]) == ()
