"""
Failures in which Redis runs and answers, but not as the services need it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import trustme

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.provisioners.local.stack import REDIS_PORT
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.scenarios.failures.bus import NOTICED_WITHIN_S, client_of
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.failures.server import until_not_ready
from tests.scenarios.real_stack import Scene

_SECOND_PORT = REDIS_PORT + 2
_SENTINEL_PORT = 26379
# Less than an empty Redis uses.
_TOO_LITTLE = "500kb"
_SLOTS = 16384


async def _make_a_replica(broken: Scene) -> None:
    async with client_of(broken) as client:
        await client.replicaof("127.0.0.1", "1")


async def _fill_the_memory(broken: Scene) -> None:
    async with client_of(broken) as client:
        await client.config_set("maxmemory", _TOO_LITTLE)


async def _let_saving_fail(broken: Scene) -> None:
    # Redis renames its finished snapshot to this name.
    (broken.stack.folder / "dump.rdb").mkdir()
    async with client_of(broken) as client:
        await client.config_set("save", "1 1")

        async def why_not_yet() -> str | None:
            status = (await client.info("persistence"))["rdb_last_bgsave_status"]
            return None if status == "err" else f"the last snapshot: {status}"

        failed = await wait_until(why_not_yet, within=NOTICED_WITHIN_S)
    assert failed.came_true, str(failed)


async def _forbid_channels(broken: Scene) -> None:
    async with client_of(broken) as client:
        await client.execute_command("ACL SETUSER", "default", "resetchannels")
    await until_not_ready(broken)


async def _forbid_subscribing(broken: Scene) -> None:
    async with client_of(broken) as client:
        await client.execute_command("ACL SETUSER", "default", "-@pubsub")


async def _forbid_unknown_keys(broken: Scene) -> None:
    named = ("nodes", "room*", "sip_*", "agent_*", "livekit_version")
    async with client_of(broken) as client:
        rules = (f"~{key}" for key in named)
        await client.execute_command("ACL SETUSER", "default", "resetkeys", *rules)


async def _make_a_cluster(broken: Scene) -> None:
    await broken.stack.redis.kill()
    ports = (REDIS_PORT, _SECOND_PORT)
    of_cluster = ("--cluster-enabled", "yes", "--cluster-announce-ip", broken.stack.address)
    for port in ports:
        files = ("--save", "", "--cluster-config-file", f"nodes-{port}.conf")
        await _start_redis(broken, port, "--port", str(port), *of_cluster, *files)
    half = _SLOTS // 2
    for port, first in zip(ports, (0, half), strict=True):
        async with client_of(broken, port=port) as client:
            await client.execute_command("CLUSTER ADDSLOTSRANGE", first, first + half - 1)
            await client.execute_command("CLUSTER MEET", broken.stack.address, REDIS_PORT)

    async def why_not_yet() -> str | None:
        for port in ports:
            async with client_of(broken, port=port) as client:
                if (await client.cluster("INFO"))["cluster_state"] != "ok":
                    return f"the cluster is not complete at {port}"
        return None

    complete = await wait_until(why_not_yet, within=NOTICED_WITHIN_S)
    assert complete.came_true, str(complete)


async def _lose_a_slot(broken: Scene) -> None:
    await broken.stack.redis.kill()
    alone = ("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--save", "")
    await _start_redis(broken, REDIS_PORT, "--port", str(REDIS_PORT), *alone)
    async with client_of(broken) as client:
        await client.execute_command("CLUSTER ADDSLOTSRANGE", 0, _SLOTS - 2)


async def _use_up_the_connections(broken: Scene) -> None:
    async with client_of(broken) as client:
        # Only this connection and those of livekit-server stay.
        await client.config_set("maxclients", 1)
    await broken.restart(broken.stack.sip)


async def _restart_with_much_data(broken: Scene) -> None:
    async with client_of(broken) as client:
        # Redis looks at requests after each kilobyte: it answers at once, and refuses.
        kilobyte = "x" * 1024
        await client.mset({f"another-application-{number}": kilobyte for number in range(6000)})
        await client.save()
    await broken.stack.redis.kill()
    # Microseconds for each key: Redis is busy for two minutes.
    slowly = ("--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024")
    await _start_redis(broken, REDIS_PORT, "--port", str(REDIS_PORT), *slowly)


async def _let_redis_demand_tls(broken: Scene) -> None:
    await broken.stack.redis.kill()
    folder = broken.stack.folder
    authority = trustme.CA()
    certificate = authority.issue_cert(broken.stack.address)
    paths = {part: folder / f"redis-{part}.pem" for part in ("cert", "key", "ca")}
    certificate.cert_chain_pems[0].write_to_path(paths["cert"])
    certificate.private_key_pem.write_to_path(paths["key"])
    authority.cert_pem.write_to_path(paths["ca"])
    files = (
        *("--tls-cert-file", str(paths["cert"]), "--tls-key-file", str(paths["key"])),
        *("--tls-ca-cert-file", str(paths["ca"]), "--tls-auth-clients", "no"),
    )
    only_tls = ("--port", "0", "--tls-port", str(REDIS_PORT))
    await _start_redis(broken, REDIS_PORT, *only_tls, *files, "--save", "")
    await until_not_ready(broken)


async def _sip_with_tls(broken: Scene) -> None:
    await _restart_sip(broken, {"address": _redis_at(broken), "tls": {"enabled": True}})


async def _sip_for_a_cluster(broken: Scene) -> None:
    await _restart_sip(broken, {"cluster_addresses": [_redis_at(broken)]})


async def _sip_at_a_sentinel(broken: Scene) -> None:
    address, folder = broken.stack.address, broken.stack.folder
    watched = f"sentinel monitor main {address} {REDIS_PORT} 1"
    path = folder / "sentinel.conf"
    path.write_text(f"bind {address}\nport {_SENTINEL_PORT}\ndir {folder}\n{watched}\n")
    await _start(broken, _SENTINEL_PORT, "redis-server", str(path), "--sentinel")
    await _restart_sip(broken, {"address": f"{address}:{_SENTINEL_PORT}"})
    url = f"redis://{address}:{_SENTINEL_PORT}"
    broken.profile = broken.profile.model_copy(update={"redis": url})


async def _restart_sip(broken: Scene, redis: Mapping[str, Any]) -> None:
    await broken.restart(broken.stack.sip, redis=dict(redis))


async def _start_redis(broken: Scene, port: int, *arguments: str) -> None:
    address, folder = broken.stack.address, broken.stack.folder
    await _start(broken, port, "redis-server", "--bind", address, "--dir", str(folder), *arguments)


async def _start(broken: Scene, port: int, *command: str) -> None:
    """
    Start another Redis, or a Sentinel, and return when it listens on `port`.
    """
    name = f"redis-at-{port}"
    log = broken.stack.folder / f"{name}.log"
    process = Process(name, command, log, Recorder(Redactor()))

    async def why_not_ready() -> str | None:
        try:
            _, writer = await asyncio.open_connection(broken.stack.address, port)
        except OSError as error:
            return str(error)
        writer.close()
        return None

    broken.beside.push_async_callback(process.stop)
    await process.start(why_not_ready)


def _redis_at(broken: Scene) -> str:
    return f"{broken.stack.address}:{REDIS_PORT}"


# Said by the same fault, in a more general way.
_NOBODY = frozenset({"no-node-takes-rooms", "sip-bus-has-no-server"})
_NOT_READY = _NOBODY | {"server-not-ready", "bus-has-no-sip-service"}
_GONE = _NOT_READY | {"redis-unreachable"}
_ELSEWHERE = frozenset({"sip-on-another-redis", "sip-bus-has-no-server", "bus-has-no-sip-service"})
_NOT_STARTED = frozenset(
    {"sip-not-running", "sip-unreachable", "bus-has-no-sip-service", "sip-service-has-ended"}
)
_FILES = frozenset({"service-files-disagree"})

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "redis-became-a-replica",
        "Redis was made a replica of another one under running services.",
        "redis-is-a-replica",
        Link.ROOMS,
        act=_make_a_replica,
        also=_NOBODY,
    ),
    Scenario(
        "redis-is-full",
        "Redis has reached `maxmemory` and may delete nothing.",
        "redis-is-full",
        Link.ROOMS,
        act=_fill_the_memory,
        also=_NOBODY,
    ),
    Scenario(
        "redis-cannot-save",
        "Redis cannot write its snapshot, so it accepts no more writes.",
        "redis-cannot-save",
        Link.ROOMS,
        act=_let_saving_fail,
        also=_NOBODY,
    ),
    Scenario(
        "redis-account-without-channels",
        "The account of the services may use no channel, as a new user of Redis 7.",
        "redis-limits-the-account",
        Link.NODE,
        act=_forbid_channels,
        also=_NOT_READY,
    ),
    Scenario(
        "redis-account-without-subscribing",
        "The account of the services, which is the profile's too, may neither subscribe nor ask.",
        "redis-limits-the-account",
        Link.NODE,
        act=_forbid_subscribing,
        also=_NOT_READY,
    ),
    Scenario(
        "redis-account-without-request-keys",
        "The account of the services may use the keys of LiveKit that have names, and no others.",
        "redis-limits-the-account",
        Link.ROOMS,
        act=_forbid_unknown_keys,
        also=_NOBODY,
    ),
    Scenario(
        "redis-became-a-cluster",
        "Redis is a cluster of two masters, and both files have `redis.address`.",
        "redis-is-a-cluster",
        Link.ROOMS,
        act=_make_a_cluster,
        also=_GONE,
    ),
    Scenario(
        "redis-is-loading",
        "Redis was restarted and still reads a large file.",
        "redis-is-loading",
        Link.ROOMS,
        act=_restart_with_much_data,
        also=_GONE,
    ),
    Scenario(
        "redis-cluster-lost-a-slot",
        "The last slot of a Redis cluster has no node.",
        "redis-cluster-is-down",
        Link.ROOMS,
        act=_lose_a_slot,
        also=_GONE,
    ),
    Scenario(
        "redis-has-too-many-clients",
        "Redis has reached `maxclients` when livekit-sip connects.",
        "redis-has-no-connection-left",
        Link.SIP_SOCKET,
        act=_use_up_the_connections,
        also=_NOT_STARTED,
    ),
    Scenario(
        "redis-demands-tls",
        "Redis was restarted with TLS only; neither service has `redis.tls`.",
        "redis-speaks-tls",
        Link.NODE,
        act=_let_redis_demand_tls,
        also=_GONE,
    ),
    Scenario(
        "sip-demands-tls-of-redis",
        "livekit-sip.yaml has `redis.tls`, but Redis speaks none.",
        "redis-speaks-no-tls",
        Link.SIP_SOCKET,
        act=_sip_with_tls,
        also=_NOT_STARTED | _FILES,
    ),
    Scenario(
        "sip-looks-for-a-redis-cluster",
        "livekit-sip.yaml has `redis.cluster_addresses`, but Redis is a single instance.",
        "redis-is-a-single-instance",
        Link.SIP_SOCKET,
        act=_sip_for_a_cluster,
        also=_NOT_STARTED | _FILES,
    ),
    Scenario(
        "sip-on-a-sentinel",
        "livekit-sip.yaml has the address of a Sentinel as `redis.address`.",
        "redis-is-a-sentinel",
        Link.BUS,
        act=_sip_at_a_sentinel,
        also=_FILES | _ELSEWHERE,
    ),
)
