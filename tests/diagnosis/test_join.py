"""
Causes that keep livekit-sip from joining the room of a call, told apart by its log lines.
"""

import pytest

from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.observations import Observation
from tests.diagnosis.signs import call, log, named, record, seen

DIALLING, AGAIN = "error establishing signal connection", "error getting validation"
NOT_JOINED = record("1.1-sip-service-joins-the-server")
HANDSHAKE = "websocket: bad handshake"


def failed(error: str) -> Observation:
    return log("Cannot create LiveKit participant", error)


REJECTED = call("refused", 486, at_s=0.03)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([failed("unauthorized: invalid API key: APIx")], "sip-service-key-refused"),
        ([failed("missing API key or secret key")], "sip-service-key-refused"),
        (
            [failed("unauthorized: invalid token: <token>, error: token signature is invalid")],
            "sip-service-key-refused",
        ),
        (
            [failed("unauthorized: invalid token: <token>, error: token is not valid yet")],
            "sip-service-clock-is-off",
        ),
        (
            [failed("unauthorized: validation failed, token is expired (exp)")],
            "sip-service-clock-is-off",
        ),
        ([log(DIALLING, "dial tcp: lookup x: no such host")], "sip-service-host-does-not-resolve"),
        (
            [log(DIALLING, "dial tcp 192.0.2.1:7880: i/o timeout")],
            "sip-service-cannot-reach-server",
        ),
        ([log(AGAIN, "connect: no route to host")], "sip-service-cannot-reach-server"),
        (
            [log(DIALLING, "tls: first record does not look like a TLS handshake")],
            "sip-service-url-scheme-is-wrong",
        ),
        (
            [
                log(
                    DIALLING,
                    HANDSHAKE,
                    status=400,
                    response="The plain HTTP request was sent to HTTPS port",
                )
            ],
            "sip-service-url-scheme-is-wrong",
        ),
        (
            [log(DIALLING, "x509: certificate has expired or is not yet valid")],
            "sip-service-distrusts-certificate",
        ),
        ([log(DIALLING, HANDSHAKE, status=404, response="no")], "sip-service-url-is-not-livekit"),
        ([log(DIALLING, HANDSHAKE, status=301, response="")], "sip-service-url-is-not-livekit"),
        ([log(DIALLING, HANDSHAKE, status=403, response="")], "sip-service-url-is-not-livekit"),
        (
            [log(DIALLING, HANDSHAKE, status=404, response="requested room does not exist")],
            "rooms-are-not-created-by-joining",
        ),
        ([failed("URL was not provided")], "sip-service-has-no-url"),
        (
            [failed("participant identity length exceeds limits: max length 5")],
            "limit-keeps-participants-out",
        ),
        (
            [
                log(
                    DIALLING,
                    HANDSHAKE,
                    status=400,
                    response="room name length exceeds limits: max length 5",
                )
            ],
            "limit-keeps-participants-out",
        ),
        (
            [log("could not set remote description", "codec is not supported by remote")],
            "opus-is-not-enabled",
        ),
    ],
)
def test_the_log_of_livekit_sip_names_the_cause_for_certain(lines, cause):
    ending = failed("could not dial signal connection")
    seen = lines if lines[0].message == ending.message else [*lines, ending]

    assert named([NOT_JOINED], REJECTED, *seen) == [(cause, "certain")]


def test_a_connection_that_is_dropped_is_likely_something_else():
    found = named([NOT_JOINED], REJECTED, log(DIALLING, "unexpected EOF"), failed("dial"))

    assert found == [("sip-service-url-is-not-livekit", "likely")]


def test_a_refusal_by_livekit_server_alone_may_be_of_another_participant():
    refused = log(
        "error handling request",
        "invalid API key: APIx",
        service="livekit-server",
        status=401,
        path="/rtc",
    )

    assert named([NOT_JOINED], refused) == [("sip-service-key-refused", "possible")]


def test_a_caller_who_is_kept_ringing_outside_of_any_room_waits_for_ws_url():
    found = named([NOT_JOINED], call("kept-ringing"))

    assert found == [("sip-service-gets-no-answer", "likely")]


def test_a_join_that_failed_for_an_unknown_reason_blames_nobody():
    (found,) = diagnose([NOT_JOINED], [REJECTED, failed("something new")])

    assert (found.id, found.link) == ("cause-unknown", "sip-join")


def test_a_caller_in_its_room_shows_that_livekit_sip_had_an_answer():
    in_room = seen("caller", room="voice-ai-call-1", identity="sip_+15550100")

    assert named([NOT_JOINED], call("kept-ringing"), in_room) == [("cause-unknown", "unknown")]
