"""
Causes that keep the two services apart in Redis, identified by their signs.
"""

import pytest

from livekit_conformance.catalogue.causes import BY_ID, CAUSES
from livekit_conformance.errors import Failure, Phase, Unreachable
from livekit_conformance.judges.sip_socket import judge_silence
from livekit_conformance.protocol.sip.message import Response
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.diagnosis.signs import call, named, record, seen, unreached

TIMED_OUT = Failure.TIMED_OUT

SERVER, SIP = "IOInfo|GetSIPTrunkAuthentication|REQ", "SIPInternal|CreateSIPParticipant|REQ"


def bus(channel, subscribers):
    return seen("bus", channel=channel, subscribers=subscribers)


def http(path, status, body="", error=None):
    return seen("http", url=f"http://192.0.2.1:7880{path}", status=status, body=body, error=error)


REFUSED = record("1.5-invite-is-not-rejected", link="bus")
NO_SERVER = record("1.5-bus-has-a-server")
NO_SIP = record("1.5-bus-has-a-sip-service")
NO_ROOMS = record("1.1-key-is-accepted", link="rooms")
PROBE = call("refused", 503)
TRUNKS_LISTED = http("/twirp/livekit.SIP/ListSIPInboundTrunk", 200)
NO_TRUNKS = seen("dispatch", trunks=0, rules=0)
LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"


@pytest.mark.parametrize(
    "error",
    ["NOAUTH Authentication required.", "WRONGPASS invalid username-password pair"],
)
def test_a_login_that_redis_refuses_is_certain_and_said_alone(error):
    body = f'{{"code":"unknown","msg":"could not get rooms by names: {error}"}}'

    found = named([NO_ROOMS, NO_SERVER, NO_SIP], http(LIST_ROOMS, 500, body), bus(SERVER, 0))

    assert found == [("redis-refuses-login", "certain")]


@pytest.mark.parametrize(
    "error",
    [
        "dial tcp 192.0.2.2:6379: connect: connection refused",
        "dial tcp: lookup redis.internal: no such host",
        "i/o timeout",
    ],
)
def test_a_redis_that_is_not_reached_explains_rooms_and_both_sides_of_the_bus(error):
    body = f'{{"code":"unknown","msg":"could not get rooms: {error}"}}'
    records = [NO_ROOMS, REFUSED, record("1.5-bus-has-a-sip-service", Verdict.BLOCKED)]

    assert named(records, http(LIST_ROOMS, 500, body), PROBE) == [("redis-unreachable", "certain")]


def test_another_error_of_the_rooms_is_not_laid_at_the_door_of_redis():
    body = '{"code":"unknown","msg":"could not find any available nodes"}'

    found = named([NO_ROOMS], http(LIST_ROOMS, 500, body))

    assert not {cause for cause, _ in found} & {"redis-unreachable", "redis-refuses-login"}


def test_an_empty_side_of_the_bus_with_trunks_listed_is_a_server_on_another_redis():
    found = named([NO_SERVER, REFUSED], bus(SERVER, 0), bus(SIP, 1), TRUNKS_LISTED, NO_TRUNKS)

    assert found == [("server-on-another-redis", "certain")]


def test_an_empty_side_of_the_bus_alone_does_not_say_where_the_server_is():
    assert named([NO_SERVER], bus(SERVER, 0), bus(SIP, 1)) == [("sip-bus-has-no-server", "certain")]


def test_a_call_refused_after_a_second_and_a_missing_sip_is_a_sip_on_another_redis():
    found = named([NO_SIP, REFUSED], bus(SERVER, 1), bus(SIP, 0), PROBE)

    assert found == [("sip-on-another-redis", "certain")]


def test_a_call_refused_after_a_second_with_both_services_on_the_bus_was_answered_too_late():
    assert named([REFUSED], bus(SERVER, 1), bus(SIP, 1), PROBE) == [
        ("server-answers-late-on-bus", "likely")
    ]
    assert named([REFUSED], PROBE) == [("sip-bus-has-no-server", "likely")]
    no_rooms = record("1.2-created-room-is-listed")
    found = named([REFUSED, no_rooms], bus(SERVER, 1), bus(SIP, 1), PROBE)
    assert "server-answers-late-on-bus" not in dict(found)


def test_inbound_calls_that_work_make_a_cluster_id_likely():
    assert named([NO_SIP], bus(SIP, 0), call("answered", 200)) == [
        ("sip-has-a-cluster-id", "likely")
    ]


def test_no_trunks_on_a_bus_where_no_node_is_registered_are_in_another_database():
    nobody = seen("bus", nodes=[], registered=0)
    line = record("1.2-dispatch-rules-produce-the-name")

    assert named([line], bus(SERVER, 1), NO_TRUNKS, nobody) == [
        ("server-on-another-redis-db", "certain")
    ]
    assert named([line], bus(SERVER, 1), NO_TRUNKS) == [("no-trunks-and-no-rules", "certain")]


OPTIONS = "1.5-sip-answers-options"
SILENCE = Unreachable(
    "udp:h:1", phase="answer", detail="no answer to OPTIONS", waited=3, remedy="", failure=TIMED_OUT
)


def over_tcp(outcome: Response | Unreachable) -> CheckRecord:
    """
    Return the check that got no answer over UDP, with this outcome over TCP.
    """
    return record(OPTIONS, Verdict.BLOCKED, findings=[judge_silence(SILENCE, outcome)])


def failed(phase: Phase, failure: Failure) -> Unreachable:
    return Unreachable("tcp:h:1", phase=phase, detail="", waited=0, remedy="", failure=failure)


@pytest.mark.parametrize(
    ("silent", "listeners", "cause"),
    [
        (
            unreached(OPTIONS, "sip-socket", "connect", Failure.REFUSED),
            0,
            ("sip-not-running", "certain"),
        ),
        (over_tcp(failed("connect", Failure.REFUSED)), 0, ("sip-not-running", "certain")),
        (over_tcp(failed("connect", Failure.REFUSED)), 1, ("sip-listens-elsewhere", "likely")),
        (over_tcp(failed("answer", TIMED_OUT)), 1, ("sip-hangs", "likely")),
        (over_tcp(Response(200, "OK")), 1, ("udp-does-not-reach-sip", "certain")),
        (over_tcp(failed("connect", TIMED_OUT)), 1, ("sip-unreachable", "likely")),
        (
            unreached(OPTIONS, "sip-socket", "resolve", Failure.NO_SUCH_NAME),
            1,
            ("sip-host-unknown", "certain"),
        ),
        (
            unreached(OPTIONS, "sip-socket", "resolve", Failure.RESOLVER_SILENT),
            1,
            ("resolver-does-not-answer", "certain"),
        ),
        (
            unreached(OPTIONS, "sip-socket", "tls", Failure.TLS),
            1,
            ("sip-speaks-no-tls", "certain"),
        ),
    ],
)
def test_silence_on_the_sip_socket_is_told_with_what_the_bus_says(silent, listeners, cause):
    assert named([silent], bus(SIP, listeners))[0] == cause


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Response(200, "OK"), "over TCP it is answered with 200"),
        (
            failed("answer", TIMED_OUT),
            "over TCP the connection is accepted, and nothing is answered either",
        ),
        (
            Unreachable("tcp:h:1", phase="connect", detail="refused", waited=0, remedy=""),
            "over TCP: refused",
        ),
    ],
)
def test_the_finding_of_a_silence_tells_what_happened_over_tcp(outcome, words):
    assert judge_silence(SILENCE, outcome).seen == f"{SILENCE.reason}; {words}"


def test_the_general_cause_is_told_where_the_exact_one_is_not_known():
    causes = [cause for cause in CAUSES if cause.id != "server-on-another-redis"]

    found = named([NO_SERVER], bus(SERVER, 0), bus(SIP, 1), TRUNKS_LISTED, causes=causes)

    assert found == [("sip-bus-has-no-server", "certain")]


def test_who_yields_yields_to_causes_that_exist():
    assert {name for cause in CAUSES for name in cause.yields_to} <= BY_ID.keys()
