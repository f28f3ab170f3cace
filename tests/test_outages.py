"""
Outages, derived from what each service answered and what it did not.
"""

from __future__ import annotations

import pytest

from livekit_conformance.observations import Observation
from livekit_conformance.outages import outages_of, silent_services
from tests.observed import observed

SERVER = "http://server.example:7880"
# 14:03:00 UTC on some day.
START = 1796047380.0


def http(at: float, **details: object) -> Observation:
    url = f"{SERVER}/twirp/livekit.SIP/ListSIPInboundTrunk"
    return observed(START + at, "http", "http", {"url": url, "status": 200, "body": "", **details})


def lost(
    at: float,
    error: str = "Connection refused",
    phase: str = "connect",
    failure: str = "refused",
) -> Observation:
    return http(at, status=None, error=error, phase=phase, failure=failure)


def sip(at: float, **details: object) -> Observation:
    return observed(START + at, "sip", "sip", {"direction": "received", "status": 200, **details})


def refused(at: float, **details: object) -> Observation:
    lost = {"lost": "Connection refused", "failure": "refused"}
    return observed(START + at, "sip", "sip", {**lost, **details})


def silent(at: float, **details: object) -> Observation:
    lost = {"lost": "no answer to OPTIONS", "failure": "timed-out"}
    return observed(START + at, "sip", "sip", {**lost, **details})


def redis(at: float, **details: object) -> Observation:
    return observed(START + at, "bus", "bus", details)


def started(at: float) -> Observation:
    return observed(START + at, "start", "start", {"service": "livekit-sip"})


def seen(*observations: Observation) -> list[str]:
    return [str(outage) for outage in outages_of(observations)]


def test_what_answers_to_the_end_is_no_outage():
    assert seen(http(0), sip(1), redis(2), http(3), sip(4), redis(5)) == []


def test_what_never_answered_has_not_stopped():
    assert seen(lost(0), silent(1), redis(2, error="refused"), lost(3)) == []


def test_the_last_answer_and_the_first_failure_bound_the_end():
    (said,) = seen(
        http(0), http(5.2), lost(6.1, "no answer in time", "answer", "timed-out"), lost(7)
    )

    assert said == (
        "livekit-server answered until 14:03:05.2 UTC, not at 14:03:06.1 UTC (no answer in time), "
        "and not since"
    )


@pytest.mark.parametrize(
    "other",
    [
        # The resolver of this machine, and its own shortage, are not the server's.
        lost(1, phase="resolve"),
        lost(1, phase="request"),
        http(1, status=None, error="Too many open files", phase="connect", is_local=True),
        # The webhook endpoint is no service of the deployment.
        http(1, url="http://hooks.example/webhooks", status=None, error="x", phase="connect"),
    ],
)
def test_what_does_not_concern_the_service_is_no_failure_of_it(other):
    assert seen(http(0), other) == []


def test_a_request_that_was_slow_is_no_outage():
    assert seen(http(0), lost(5, "no answer in time", "answer", "timed-out"), http(6)) == []
    assert seen(sip(0), silent(2), sip(3)) == []


def test_a_service_that_was_refused_once_and_answers_again_was_away():
    (outage,) = outages_of([sip(0), sip(1), refused(2), sip(4)])

    assert (outage.until, outage.back, outage.is_new) == (START + 1, START + 4, False)
    assert str(outage).endswith("(Connection refused), and again from 14:03:04.0 UTC on")


@pytest.mark.parametrize("failing", [refused, silent])
def test_a_transport_that_never_worked_is_no_outage_of_the_service(failing):
    over_tcp, over_udp = sip(1, transport="tcp"), failing(2, transport="udp")

    assert seen(failing(0, transport="udp"), over_tcp, over_udp) == []
    assert seen(over_tcp, over_udp, sip(3, transport="tcp"), failing(4, transport="udp")) == []


@pytest.mark.parametrize("failing", [refused, silent])
def test_a_transport_that_stops_alone_is_no_outage_of_the_service(failing):
    before, after = sip(0, transport="udp"), sip(2, transport="tcp")
    stopped = [failing(1, transport="udp"), failing(3, transport="udp")]

    assert seen(before, stopped[0], after, stopped[1]) == []
    assert len(seen(before, *stopped)) == 1


def test_a_call_without_answer_belongs_to_the_transport_of_its_invite():
    sent = observed(START, "sip", "sip", {"call": "a@b", "transport": "udp"})
    silence = observed(START + 9, "sip-call", "call", {"call": "a@b", "outcome": "silence"})

    assert seen(sent, sip(1, transport="tcp"), silence) == []
    assert len(seen(sent, sip(1, transport="udp"), silence)) == 1


def test_one_of_two_addresses_that_is_dead_is_no_restart():
    assert seen(http(0), lost(1), http(2), lost(3), http(4)) == []


def test_another_run_id_is_a_restart_whose_times_others_narrow():
    through = {"url": f"{SERVER}/twirp/livekit.RoomService/ListRooms"}
    failing = {"status": 500, "body": '{"msg":"dial tcp 192.0.2.1:6379: connection refused"}'}

    (outage,) = outages_of(
        [
            redis(0, run_id="a"),
            http(3, **through),
            http(4, **through | failing),
            http(6, **through),
            redis(9, run_id="b"),
        ]
    )

    assert (outage.service, outage.until, outage.back) == ("redis", START + 3, START + 6)
    assert outage.failed is not None
    assert outage.failed.problem == "livekit-server: dial tcp"


def test_another_run_id_alone_is_a_restart_too():
    # What answers without its id may be either process.
    (outage,) = outages_of([redis(0, run_id="a"), redis(5), redis(9, run_id="b")])

    assert (outage.until, outage.back, outage.is_new) == (START, START + 9, True)
    assert str(outage) == (
        "redis answered until 14:03:00.0 UTC, and again from 14:03:09.0 UTC on, as a new process"
    )


def test_what_livekit_server_says_of_redis_proves_nothing_alone():
    failing = http(2, status=500, body="dial tcp: i/o timeout")

    assert seen(redis(0), failing, redis(1)) == []


def test_a_line_of_the_log_shows_a_restart():
    assert seen(started(-1), sip(0), sip(5)) == []

    (outage,) = outages_of([sip(0), refused(2), started(3), sip(5)])

    assert (outage.until, outage.back, outage.is_new) == (START, START + 3, True)


def test_the_outages_come_in_order():
    both = outages_of([http(0), sip(1), lost(2), silent(3)])

    assert [outage.service for outage in both] == ["livekit-server", "livekit-sip"]


@pytest.mark.parametrize(
    ("seen", "services"),
    [
        ([], set()),
        ([http(0)], set()),
        ([lost(0)], {"livekit-server"}),
        ([http(0), lost(1)], {"livekit-server"}),
        ([lost(0), http(1)], set()),
        # A proxy in front of it.
        ([http(0, status=502)], {"livekit-server"}),
        # Our own machine.
        ([lost(0, phase="request")], set()),
        ([sip(0)], set()),
        ([sip(0, direction="sent", status=None)], {"livekit-sip"}),
        ([sip(0, direction="sent", status=None), sip(1)], set()),
        ([sip(0), sip(1, direction="sent", status=None)], set()),
        ([sip(0), refused(1)], {"livekit-sip"}),
    ],
)
def test_a_service_is_silent_while_its_last_question_has_no_answer(seen, services):
    assert silent_services(seen, SERVER) == services
