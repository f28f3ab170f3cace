"""
Causes that keep the two services apart in Redis, identified by their signs.
"""

import pytest

from livekit_conformance.catalogue.causes import BY_ID, CAUSES
from livekit_conformance.verdict import Verdict
from tests.diagnosis.signs import call, named, record, seen

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


@pytest.mark.parametrize(
    ("message", "listeners", "cause"),
    [
        ("udp:192.0.2.1:5060: ICMP: Connection refused", 0, ("sip-not-running", "certain")),
        (
            "over TCP the connection is accepted, and nothing is answered either",
            1,
            ("sip-hangs", "likely"),
        ),
    ],
)
def test_silence_on_the_sip_socket_is_told_with_what_the_bus_says(message, listeners, cause):
    silent = record("1.5-sip-answers-options", Verdict.BLOCKED, message=message)

    found = named([silent], bus(SIP, listeners))

    assert found[0] == cause
    assert {name for name, _ in found} <= {cause[0], "sip-unreachable"}


def test_silence_over_udp_alone_is_not_called_a_process_that_hangs():
    message = "no answer to OPTIONS; over TCP it is answered with 200"
    silent = record("1.5-sip-answers-options", Verdict.BLOCKED, message=message)

    assert "sip-hangs" not in {cause for cause, _ in named([silent], bus(SIP, 1))}


def test_the_general_cause_is_told_where_the_exact_one_is_not_known():
    causes = [cause for cause in CAUSES if cause.id != "server-on-another-redis"]

    found = named([NO_SERVER], bus(SERVER, 0), bus(SIP, 1), TRUNKS_LISTED, causes=causes)

    assert found == [("sip-bus-has-no-server", "certain")]


def test_who_yields_yields_to_causes_that_exist():
    assert {name for cause in CAUSES for name in cause.yields_to} <= BY_ID.keys()
