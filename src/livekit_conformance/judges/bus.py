"""
Judge of the bus: Redis as it is, how the services use it, and who listens there.

Both services take a request from the bus by writing a key (psrpc internal/bus/bus_redis.go), so a
Redis that refuses to write is a bus on which nobody answers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from livekit_conformance.findings import Code, Finding, Json, Says
from livekit_conformance.observations import RedisAccount, RedisState

# -- Redis itself. Data: redis (the address that was asked), and those named here.
REPLICA: Final = Code("redis.is-a-replica")  # master
FULL: Final = Code("redis.is-full")  # used, limit, policy
CANNOT_SAVE: Final = Code("redis.cannot-save")
LOADING: Final = Code("redis.is-loading")
CLUSTER_IS_DOWN: Final = Code("redis.cluster-is-down")
# -- Redis and the configuration of a service. Data: redis, service, and those named here.
OTHER_MODE: Final = Code("redis.other-mode")  # mode (of Redis), used_as (by the service)
OTHER_TLS: Final = Code("redis.other-tls")  # speaks_tls
LIMITED_ACCOUNT: Final = Code("redis.limited-account")  # user, rules, refused
# -- the services on the bus. Data: redis, nodes (registered ones).
NO_SERVER: Final = Code("bus.no-server")
NO_SIP_SERVICE: Final = Code("bus.no-sip-service")

Mode = Literal["alone", "cluster", "sentinel"]

# A share of the memory that is soon used, and bytes that the next calls may use.
_LITTLE: Final = 0.05
_NOTHING: Final = 64 * 1024
# Policies under which Redis deletes other keys instead of refusing.
_EVICTS: Final = "allkeys-"


@dataclass(frozen=True, slots=True)
class RedisUse:
    """
    Use of Redis by a service, as its configuration file describes it.
    """

    service: str
    mode: Mode
    ports: frozenset[int]
    user: str
    tls: bool


def judge_redis(
    seen: RedisState, uses: Collection[RedisUse], accounts: Iterable[RedisAccount]
) -> Iterator[Finding]:
    """
    Check that Redis accepts what the services write, in the way in which they use it.
    """
    yield from _instance(seen, uses)
    # The services may reach another Redis than the profile names, perhaps at another address.
    for use in uses:
        if not use.ports.isdisjoint(seen.ports):
            yield from _use(seen, use)
    yield from _accounts(seen, accounts)


def judge_server(redis: str, listening: int, nodes: Collection[str]) -> Iterator[Finding]:
    """
    Check that a livekit-server listens to livekit-sip; `nodes` are those registered in Redis.
    """
    if not listening:
        yield Finding(
            NO_SERVER,
            f"no livekit-server listens on the bus at {redis}; registered nodes: "
            f"{', '.join(nodes) or 'none'}",
            "bus",
            data={"redis": redis, "nodes": [*nodes]},
        )


def judge_sip_service(redis: str, listening: int) -> Iterator[Finding]:
    """
    Check that a livekit-sip listens for outbound calls.
    """
    if not listening:
        yield Finding(
            NO_SIP_SERVICE,
            f"no livekit-sip listens on the bus at {redis}",
            "bus-sip",
            data={"redis": redis},
        )


def other_tls(redis: str, service: str, *, speaks_tls: bool, says: Says = Says.VIOLATED) -> Finding:
    """
    Return the finding that `service` connects with TLS to a Redis without it, or the reverse.
    """
    return _found(
        OTHER_TLS,
        f"{service} connects to Redis {'without' if speaks_tls else 'with'} TLS, but {redis} "
        f"speaks {'TLS only' if speaks_tls else 'no TLS'}",
        says=says,
        redis=redis,
        service=service,
        speaks_tls=speaks_tls,
    )


def _instance(seen: RedisState, uses: Collection[RedisUse]) -> Iterator[Finding]:
    at = seen.redis
    if seen.is_replica and _is_used_as_master(seen, uses):
        yield _found(
            REPLICA,
            f"Redis at {at} is a read-only replica of {seen.master}: it refuses what the services "
            "write",
            redis=at,
            master=seen.master,
        )
    if seen.limit and not seen.policy.startswith(_EVICTS) and seen.left < seen.limit * _LITTLE:
        is_full = seen.left < _NOTHING
        yield _found(
            FULL,
            f"Redis at {at} uses {seen.used} of {seen.limit} bytes (maxmemory), and its policy is "
            f"{seen.policy}: {'it refuses' if is_full else 'when full it will refuse'} what the "
            "services write",
            says=Says.VIOLATED if is_full else Says.SUSPICIOUS,
            redis=at,
            used=seen.used,
            limit=seen.limit,
            policy=seen.policy,
        )
    if seen.save_failed:
        yield _found(
            CANNOT_SAVE,
            f"Redis at {at} could not write its data to disk, so it refuses what the services "
            "write",
            says=Says.VIOLATED if seen.stops_when_save_fails else Says.SUSPICIOUS,
            redis=at,
        )
    if seen.is_loading:
        yield _found(LOADING, f"Redis at {at} has not read its data from disk yet", redis=at)
    if seen.cluster_is_down:
        yield _found(
            CLUSTER_IS_DOWN,
            f"the Redis cluster of {at} is down: it refuses what the services write",
            redis=at,
        )


def _is_used_as_master(seen: RedisState, uses: Collection[RedisUse]) -> bool:
    """
    Return whether the services have this replica where they need a master.

    The profile may name a replica on purpose: then they listen at its master, or ask a Sentinel.
    """
    if seen.listening_at_master:
        return False
    is_theirs = any(use.mode == "alone" and use.ports & {*seen.ports} for use in uses)
    # Where its master could not be asked, nothing else is known.
    return bool(seen.listening) or is_theirs or not (uses or seen.listening_at_master == 0)


def _use(seen: RedisState, use: RedisUse) -> Iterator[Finding]:
    if (
        seen.mode is not None
        and use.mode != seen.mode
        and not (
            # One node with all keys serves a client that knows no clusters.
            seen.mode == "cluster" and use.mode == "alone" and seen.masters == 1
        )
    ):
        yield _found(
            OTHER_MODE,
            f"{use.service} uses Redis at {seen.redis} as {_AS[use.mode]}, but it is "
            f"{_AS[seen.mode]}",
            redis=seen.redis,
            service=use.service,
            mode=seen.mode,
            used_as=use.mode,
        )
    if use.tls != seen.speaks_tls:
        yield other_tls(seen.redis, use.service, speaks_tls=seen.speaks_tls)


_AS: Final[Mapping[Mode, str]] = {
    "alone": "a single instance",
    "cluster": "a cluster",
    "sentinel": "a Sentinel",
}


def _accounts(seen: RedisState, accounts: Iterable[RedisAccount]) -> Iterator[Finding]:
    for account in accounts:
        if account.missing:
            yield _found(
                LIMITED_ACCOUNT,
                f"Redis at {seen.redis} refuses `{account.refused}` to its user {account.user} "
                f"({account.service}): the rules {' '.join(account.missing)} are missing",
                redis=seen.redis,
                service=account.service,
                user=account.user,
                rules=[*account.missing],
                refused=account.refused,
            )


def _found(code: Code, text: str, *, says: Says = Says.VIOLATED, **data: Json) -> Finding:
    return Finding(code, text, "bus", says, data=data)
