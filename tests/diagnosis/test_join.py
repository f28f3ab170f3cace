"""
Causes that keep livekit-sip from joining the room of a call, told apart by its log lines.
"""

import pytest

from livekit_conformance.diagnosis import diagnose
from livekit_conformance.observations import Observation
from livekit_conformance.verdict import CheckRecord, Verdict

DIALLING, AGAIN = "error establishing signal connection", "error getting validation"
NOT_JOINED = CheckRecord(
    id="1.1-sip-service-joins-the-server",
    node_id="",
    requirement="1.1",
    area="sip",
    level="MUST",
    statement="",
    verdict=Verdict.FAIL,
)
HANDSHAKE = "websocket: bad handshake"


def line(
    message: str, error: str, *, service: str = "livekit-sip", **fields: object
) -> Observation:
    details = {"service": service, "message": message, "error": error, **fields}
    return Observation(2.0, "log", f"{service}: {message} {error}", details)


def failed(error: str) -> Observation:
    return line("Cannot create LiveKit participant", error)


def call(outcome: str, status: int | None = None) -> Observation:
    details = {"purpose": "probe", "outcome": outcome, "final_status": status, "final_at_s": 0.03}
    return Observation(1.0, "sip-call", outcome, details)


REJECTED = call("refused", 486)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([failed("unauthorized: invalid API key: APIx")], "sip-service-key-refused"),
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
        ([line(DIALLING, "dial tcp: lookup x: no such host")], "sip-service-host-does-not-resolve"),
        (
            [line(DIALLING, "dial tcp 192.0.2.1:7880: i/o timeout")],
            "sip-service-cannot-reach-server",
        ),
        ([line(AGAIN, "connect: no route to host")], "sip-service-cannot-reach-server"),
        (
            [line(DIALLING, "tls: first record does not look like a TLS handshake")],
            "sip-service-url-scheme-is-wrong",
        ),
        (
            [
                line(
                    DIALLING,
                    HANDSHAKE,
                    status=400,
                    response="The plain HTTP request was sent to HTTPS port",
                )
            ],
            "sip-service-url-scheme-is-wrong",
        ),
        (
            [line(DIALLING, "x509: certificate has expired or is not yet valid")],
            "sip-service-distrusts-certificate",
        ),
        ([line(DIALLING, HANDSHAKE, status=404, response="no")], "sip-service-url-is-not-livekit"),
        ([line(DIALLING, HANDSHAKE, status=301, response="")], "sip-service-url-is-not-livekit"),
        ([line(DIALLING, HANDSHAKE, status=403, response="")], "sip-service-url-is-not-livekit"),
        (
            [line(DIALLING, HANDSHAKE, status=404, response="requested room does not exist")],
            "rooms-are-not-created-by-joining",
        ),
        ([failed("URL was not provided")], "sip-service-has-no-url"),
    ],
)
def test_the_log_of_livekit_sip_names_the_cause_for_certain(lines, cause):
    ending = failed("could not dial signal connection")
    seen = lines if lines[0].details["message"] == ending.details["message"] else [*lines, ending]

    found = diagnose([NOT_JOINED], [REJECTED, *seen])

    assert [(each.id, each.confidence) for each in found] == [(cause, "certain")]


def test_a_connection_that_is_dropped_is_likely_something_else():
    (found,) = diagnose([NOT_JOINED], [REJECTED, line(DIALLING, "unexpected EOF"), failed("dial")])

    assert (found.id, found.confidence) == ("sip-service-url-is-not-livekit", "likely")


def test_a_refusal_by_livekit_server_alone_may_be_of_another_participant():
    refused = line(
        "error handling request",
        "invalid API key: APIx",
        service="livekit-server",
        status=401,
        path="/rtc",
    )

    (found,) = diagnose([NOT_JOINED], [refused])

    assert (found.id, found.confidence) == ("sip-service-key-refused", "possible")


def test_a_caller_who_is_kept_ringing_outside_of_any_room_waits_for_ws_url():
    (found,) = diagnose([NOT_JOINED], [call("kept-ringing")])

    assert (found.id, found.confidence) == ("sip-service-gets-no-answer", "likely")


def test_a_join_that_failed_for_an_unknown_reason_blames_nobody():
    (found,) = diagnose([NOT_JOINED], [REJECTED, failed("something new")])

    assert (found.id, found.link) == ("cause-unknown", "sip-join")
