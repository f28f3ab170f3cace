"""
Judge of the bus: what is wrong with Redis is found, and what is only unusual is not.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from livekit_conformance.catalogue.causes import redis_state
from livekit_conformance.catalogue.hosting import fitting
from livekit_conformance.diagnosis.advice import advice_on
from livekit_conformance.findings import Says
from livekit_conformance.judges import bus
from livekit_conformance.judges.bus import RedisUse, judge_redis, judge_server, judge_sip_service
from livekit_conformance.observations import RedisAccount, RedisState

MIB = 1024 * 1024
HEALTHY = RedisState(1.0, "", redis="192.0.2.1:6379", ports=(6379,), mode="alone", listening=3)
REPLICA = replace(HEALTHY, is_replica=True, master="192.0.2.9:6379")
SENTINEL = replace(HEALTHY, ports=(26379,), mode="sentinel")
CLUSTER = replace(HEALTHY, ports=(6379, 6380), mode="cluster", masters=2)
SERVER = RedisUse(
    service="livekit-server", mode="alone", ports=frozenset({6379}), user="default", tls=False
)
BY_SENTINEL = replace(SERVER, mode="sentinel", ports=frozenset({26379}))
BY_CLUSTER = replace(SERVER, mode="cluster")


def found(state, *uses, accounts=()):
    return [(each.code, each.says) for each in judge_redis(state, uses, accounts)]


def violated(*codes):
    return [(code, Says.VIOLATED) for code in codes]


@pytest.mark.parametrize(
    ("state", "uses"),
    [
        (HEALTHY, [SERVER]),
        (HEALTHY, []),
        # Nothing is known beside the address: the account may ask for nothing.
        (RedisState(1.0, "", redis="192.0.2.1:6379", ports=(6379,)), [SERVER]),
        # A view of the replica; the services are at its master, or find it by a Sentinel.
        (replace(REPLICA, listening=0, listening_at_master=3), [SERVER]),
        (replace(REPLICA, listening=0, listening_at_master=0), [BY_SENTINEL]),
        (replace(REPLICA, listening=0, listening_at_master=0), []),
        (replace(REPLICA, listening=0), [BY_SENTINEL]),
        (SENTINEL, [BY_SENTINEL]),
        # Its own address is not that of the services.
        (SENTINEL, [SERVER]),
        (CLUSTER, [BY_CLUSTER]),
        (replace(CLUSTER, masters=1), [SERVER]),
        (replace(HEALTHY, speaks_tls=True), [replace(SERVER, tls=True)]),
        # Another Redis than that of the profile.
        (replace(HEALTHY, speaks_tls=True), [replace(SERVER, ports=frozenset({6390}))]),
        (replace(HEALTHY, used=2 * MIB, limit=100 * MIB, policy="noeviction"), [SERVER]),
        (replace(HEALTHY, used=100 * MIB, limit=100 * MIB, policy="allkeys-lru"), [SERVER]),
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(state, uses):
    assert found(state, *uses) == []


@pytest.mark.parametrize(
    ("state", "uses", "code"),
    [
        (REPLICA, [SERVER], bus.REPLICA),
        (REPLICA, [], bus.REPLICA),
        (replace(REPLICA, listening=0), [], bus.REPLICA),
        # Connected to the replica all the same.
        (replace(REPLICA, listening_at_master=0), [BY_SENTINEL], bus.REPLICA),
        (replace(REPLICA, listening=0, listening_at_master=0), [SERVER], bus.REPLICA),
        (replace(HEALTHY, used=MIB, limit=MIB, policy="noeviction"), [], bus.FULL),
        (replace(HEALTHY, used=MIB, limit=MIB, policy="volatile-lru"), [], bus.FULL),
        (
            replace(HEALTHY, save_failed=True, stops_when_save_fails=True),
            [],
            bus.CANNOT_SAVE,
        ),
        (replace(HEALTHY, is_loading=True), [], bus.LOADING),
        (replace(CLUSTER, cluster_is_down=True), [], bus.CLUSTER_IS_DOWN),
        (CLUSTER, [SERVER], bus.OTHER_MODE),
        (HEALTHY, [BY_CLUSTER], bus.OTHER_MODE),
        (SENTINEL, [replace(SERVER, ports=frozenset({26379}))], bus.OTHER_MODE),
        (HEALTHY, [replace(SERVER, tls=True)], bus.OTHER_TLS),
        (replace(HEALTHY, speaks_tls=True), [SERVER], bus.OTHER_TLS),
    ],
)
def test_what_is_wrong_with_redis_is_a_violation(state, uses, code):
    assert found(state, *uses) == violated(code)


def test_what_may_go_wrong_is_suspicious():
    filling = replace(HEALTHY, used=98 * MIB, limit=100 * MIB, policy="noeviction")
    may_go_on = replace(HEALTHY, save_failed=True)

    assert found(filling) == [(bus.FULL, Says.SUSPICIOUS)]
    assert found(may_go_on) == [(bus.CANNOT_SAVE, Says.SUSPICIOUS)]


def test_an_account_is_named_with_the_rules_that_it_is_missing():
    limited = RedisAccount(
        1.0, "", service="livekit-sip", user="voice", missing=("&*", "~*"), refused="PUBLISH x"
    )
    healthy = RedisAccount(1.0, "", service="livekit-server", user="server")

    (finding,) = judge_redis(HEALTHY, [], [healthy, limited])

    assert finding.code == bus.LIMITED_ACCOUNT
    assert finding.data["rules"] == ["&*", "~*"]
    assert "voice (livekit-sip)" in finding.seen and "&* ~*" in finding.seen


def test_the_master_of_a_replica_is_named():
    (finding,) = judge_redis(REPLICA, [], [])

    assert finding.data["master"] == "192.0.2.9:6379" in finding.seen


def test_both_sides_of_the_bus_must_listen():
    assert not [*judge_server("redis", 1, []), *judge_sip_service("redis", 1)]

    (server,) = judge_server("redis", 0, ["ND_a"])
    (sip,) = judge_sip_service("redis", 0)

    assert (server.code, server.link) == (bus.NO_SERVER, "bus")
    assert (sip.code, sip.link) == (bus.NO_SIP_SERVICE, "bus-sip")
    assert "ND_a" in server.seen


def test_each_finding_has_the_advice_of_its_own_cause():
    states = [
        (REPLICA, []),
        (replace(HEALTHY, used=MIB, limit=MIB, policy="noeviction"), []),
        (replace(HEALTHY, save_failed=True, stops_when_save_fails=True), []),
        (replace(HEALTHY, is_loading=True), []),
        (replace(CLUSTER, cluster_is_down=True), [BY_CLUSTER]),
        (CLUSTER, [SERVER]),
        (SENTINEL, [replace(SERVER, ports=frozenset({26379}))]),
        (HEALTHY, [BY_CLUSTER]),
        (replace(HEALTHY, speaks_tls=True), [SERVER]),
        (HEALTHY, [replace(SERVER, tls=True)]),
    ]
    limited = RedisAccount(1.0, "", service="livekit-sip", user="a", missing=("&*",), refused="b")
    findings = [each for state, uses in states for each in judge_redis(state, uses, [])]

    advice = {advice_on(each) for each in (*findings, *judge_redis(HEALTHY, [], [limited]))}

    # Redis closes the connection before a judge could see its state.
    unseen = "redis-has-no-connection-left"
    assert advice == {
        fitting(cause.fix, cause.link) for cause in redis_state.CAUSES if cause.id != unseen
    }
