"""
Causes that keep the two services apart in Redis, identified by their signs.
"""

import pytest

from livekit_conformance.catalogue.causes import BY_ID, CAUSES
from livekit_conformance.diagnosis import diagnose
from livekit_conformance.observations import Observation
from livekit_conformance.verdict import CheckRecord, Verdict

SERVER, SIP = "IOInfo|GetSIPTrunkAuthentication|REQ", "SIPInternal|CreateSIPParticipant|REQ"


def failed(clause, link=None, *, verdict=Verdict.FAIL, message=None):
    return CheckRecord(
        id=clause,
        node_id="",
        requirement=clause[:3],
        area="sip",
        level="MUST",
        statement="",
        verdict=verdict,
        message=message,
        broken_link=link,
    )


def bus(channel, subscribers):
    details = {"channel": channel, "subscribers": subscribers}
    return Observation(1.0, "bus", f"{subscribers} listen on {channel}", details)


def http(path, status, body="", error=None):
    details = {"url": f"http://192.0.2.1:7880{path}", "status": status, "body": body}
    return Observation(1.0, "http", f"{path} -> {status}", {**details, "error": error})


def told(records, *seen, causes=CAUSES):
    return [(found.id, found.confidence) for found in diagnose(records, seen, causes)]


REFUSED = failed("1.5-invite-is-not-rejected", "bus")
NO_SERVER = failed("1.5-bus-has-a-server", "bus")
NO_SIP = failed("1.5-bus-has-a-sip-service", "bus-sip")
NO_ROOMS = failed("1.1-key-is-accepted", "rooms")
PROBE = Observation(
    1.0, "sip-call", "503", {"purpose": "probe", "final_status": 503, "final_at_s": 1.0}
)
TRUNKS_LISTED = http("/twirp/livekit.SIP/ListSIPInboundTrunk", 200)
NO_TRUNKS = Observation(1.0, "dispatch", "no trunk", {"trunks": 0, "rules": 0})
LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"


@pytest.mark.parametrize(
    "error",
    ["NOAUTH Authentication required.", "WRONGPASS invalid username-password pair"],
)
def test_a_login_that_redis_refuses_is_certain_and_said_alone(error):
    body = f'{{"code":"unknown","msg":"could not get rooms by names: {error}"}}'

    found = told([NO_ROOMS, NO_SERVER, NO_SIP], http(LIST_ROOMS, 500, body), bus(SERVER, 0))

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
    records = [NO_ROOMS, REFUSED, failed("1.5-bus-has-a-sip-service", verdict=Verdict.BLOCKED)]

    assert told(records, http(LIST_ROOMS, 500, body), PROBE) == [("redis-unreachable", "certain")]


def test_another_error_of_the_rooms_is_not_laid_at_the_door_of_redis():
    body = '{"code":"unknown","msg":"could not find any available nodes"}'

    found = told([NO_ROOMS], http(LIST_ROOMS, 500, body))

    assert not {cause for cause, _ in found} & {"redis-unreachable", "redis-refuses-login"}


def test_an_empty_side_of_the_bus_with_trunks_listed_is_a_server_on_another_redis():
    seen = (bus(SERVER, 0), bus(SIP, 1), TRUNKS_LISTED, NO_TRUNKS)

    assert told([NO_SERVER, REFUSED], *seen) == [("server-on-another-redis", "certain")]


def test_an_empty_side_of_the_bus_alone_does_not_say_where_the_server_is():
    assert told([NO_SERVER], bus(SERVER, 0), bus(SIP, 1)) == [("sip-bus-has-no-server", "certain")]


def test_a_call_refused_after_a_second_and_a_missing_sip_is_a_sip_on_another_redis():
    seen = (bus(SERVER, 1), bus(SIP, 0), PROBE)

    assert told([NO_SIP, REFUSED], *seen) == [("sip-on-another-redis", "certain")]


def test_inbound_calls_that_work_make_a_cluster_id_likely():
    answered = Observation(1.0, "sip-call", "200", {"purpose": "probe", "outcome": "answered"})

    assert told([NO_SIP], bus(SIP, 0), answered) == [("sip-has-a-cluster-id", "likely")]


def test_no_trunks_on_a_bus_where_no_node_is_registered_are_in_another_database():
    nobody = Observation(1.0, "bus", "registered nodes: none", {"nodes": [], "registered": 0})
    line = failed("1.2-dispatch-rules-produce-the-name")

    assert told([line], bus(SERVER, 1), NO_TRUNKS, nobody) == [
        ("server-on-another-redis-db", "certain")
    ]
    assert told([line], bus(SERVER, 1), NO_TRUNKS) == [("no-trunks-and-no-rules", "certain")]


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
    silent = failed("1.5-sip-answers-options", verdict=Verdict.BLOCKED, message=message)

    found = told([silent], bus(SIP, listeners))

    assert found[0] == cause
    assert {name for name, _ in found} <= {cause[0], "sip-unreachable"}


def test_silence_over_udp_alone_is_not_called_a_process_that_hangs():
    message = "no answer to OPTIONS; over TCP it is answered with 200"
    silent = failed("1.5-sip-answers-options", verdict=Verdict.BLOCKED, message=message)

    assert "sip-hangs" not in {cause for cause, _ in told([silent], bus(SIP, 1))}


def test_the_general_cause_is_told_where_the_exact_one_is_not_known():
    causes = [cause for cause in CAUSES if cause.id != "server-on-another-redis"]

    found = told([NO_SERVER], bus(SERVER, 0), bus(SIP, 1), TRUNKS_LISTED, causes=causes)

    assert found == [("sip-bus-has-no-server", "certain")]


def test_who_yields_yields_to_causes_that_exist():
    assert {name for cause in CAUSES for name in cause.yields_to} <= BY_ID.keys()
