"""
Failures that keep the two services from finding each other in Redis.
"""

from __future__ import annotations

import signal
from typing import Any

import aiohttp
import redis.asyncio
from redis.exceptions import RedisError

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.bus import CREATE_PARTICIPANT
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.provisioners.local.stack import REDIS_PORT
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.faults.fault import Fault, Kind
from tests.faults.proxy import FaultProxy
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.real_stack import Scene

_OTHER_PORT = REDIS_PORT + 1
_PASSWORD = "redis-wants-this-password"
# How long the services may take to notice what became of Redis.
NOTICED_WITHIN_S = 20.0
_NOT_READY = 406


async def _kill_the_server(broken: Scene) -> None:
    await broken.stack.server.kill()


async def _freeze_the_server(broken: Scene) -> None:
    broken.stack.server.signal(signal.SIGSTOP)


async def _server_without_redis(broken: Scene) -> None:
    await broken.restart(broken.stack.server, redis=None)


async def _server_on_another_redis(broken: Scene) -> None:
    await broken.restart(broken.stack.server, redis=await _another_redis(broken))


async def _server_on_another_db(broken: Scene) -> None:
    await broken.restart(broken.stack.server, redis={**_redis_of(broken), "db": 1})


async def _kill_livekit_sip(broken: Scene) -> None:
    await broken.stack.sip.kill()


async def _freeze_livekit_sip(broken: Scene) -> None:
    broken.stack.sip.signal(signal.SIGSTOP)


async def _sip_on_another_redis(broken: Scene) -> None:
    await broken.restart(broken.stack.sip, redis=await _another_redis(broken))


async def _sip_with_a_cluster_id(broken: Scene) -> None:
    await broken.restart(broken.stack.sip, cluster_id="eu-1")


async def _sip_with_a_wrong_password(broken: Scene) -> None:
    await _demand_a_password(broken)
    right = _redis_of(broken) | {"password": _PASSWORD}
    await broken.restart(broken.stack.server, redis=right)
    await broken.restart(broken.stack.sip, redis=right | {"password": "another-password"})


async def _redis_demands_a_password(broken: Scene) -> None:
    await _demand_a_password(broken)
    # Open connections stay authenticated until they end.
    async with client_of(broken, password=_PASSWORD) as client:
        await client.client_kill_filter(skipme=True)
    await until_not_ready(broken)


async def _redis_is_far_from_sip(broken: Scene) -> None:
    proxy = await broken.beside.enter_async_context(
        FaultProxy((broken.stack.address, REDIS_PORT)),
    )
    host, port = proxy.address
    await broken.restart(broken.stack.sip, redis={"address": f"{host}:{port}"})
    # livekit-sip waits a second for the claim of its request, which crosses this path twice.
    await proxy.switch(Fault(Kind.LATENCY, seconds=0.6))
    async with client_of(broken) as client:

        async def why_not_yet() -> str | None:
            ((_, listening),) = await client.pubsub_numsub(CREATE_PARTICIPANT)
            return None if listening else "livekit-sip is not subscribed"

        subscribed = await wait_until(why_not_yet, within=NOTICED_WITHIN_S)
    assert subscribed.came_true, str(subscribed)


async def _stop_redis(broken: Scene) -> None:
    await broken.stack.redis.kill()
    await until_not_ready(broken)


async def _freeze_redis(broken: Scene) -> None:
    broken.stack.redis.signal(signal.SIGSTOP)
    await until_not_ready(broken)


async def _restart_an_empty_redis(broken: Scene) -> None:
    await broken.stack.redis.kill()
    await broken.stack.start(broken.stack.redis)

    async def why_not_yet() -> str | None:
        async with client_of(broken) as client:
            return None if await client.hlen("nodes") else "livekit-server is not registered"

    noticed = await wait_until(why_not_yet, within=NOTICED_WITHIN_S)
    assert noticed.came_true, str(noticed)


async def until_not_ready(broken: Scene) -> None:
    """
    Wait until livekit-server has noticed that Redis is gone, as it has by the time of a real call.
    """
    url = broken.stack.url.replace("ws", "http", 1)

    async def why_not_yet() -> str | None:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return None if answer.status == _NOT_READY else f"GET / answers {answer.status}"

    noticed = await wait_until(why_not_yet, within=NOTICED_WITHIN_S)
    assert noticed.came_true, str(noticed)


async def _demand_a_password(broken: Scene) -> None:
    async with client_of(broken) as client:
        await client.config_set("requirepass", _PASSWORD)
    url = broken.stack.redis_url.replace("//", f"//:{_PASSWORD}@")
    broken.profile = broken.profile.model_copy(update={"redis": url})


async def _another_redis(broken: Scene) -> dict[str, Any]:
    """
    Start a second Redis and return the section `redis` that points to it.
    """
    address = broken.stack.address
    other = Process(
        "another-redis",
        ("redis-server", "--bind", address, "--port", str(_OTHER_PORT), "--save", ""),
        broken.stack.folder / "another-redis.log",
        Recorder(Redactor()),
    )

    async def why_not_ready() -> str | None:
        try:
            async with client_of(broken, port=_OTHER_PORT) as client:
                await client.ping()
        except RedisError as error:
            return str(error)
        return None

    broken.beside.push_async_callback(other.stop)
    await other.start(why_not_ready)
    return {"address": f"{address}:{_OTHER_PORT}"}


def _redis_of(broken: Scene) -> dict[str, Any]:
    return {"address": f"{broken.stack.address}:{REDIS_PORT}"}


def client_of(
    broken: Scene, *, port: int = REDIS_PORT, password: str | None = None
) -> redis.asyncio.Redis:
    return redis.asyncio.Redis(host=broken.stack.address, port=port, password=password, protocol=2)


# Said by the same fault, in a more general way.
_NO_SERVER = frozenset({"sip-bus-has-no-server"})
_NO_SIP = frozenset({"bus-has-no-sip-service"})
_FILES = frozenset({"service-files-disagree"})
_NOT_MATCHED = frozenset({"no-trunk-or-rule-matches"})
_REDIS_GONE = frozenset({"server-not-ready"}) | _NO_SERVER

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "server-killed",
        "livekit-server has died; livekit-sip and Redis run.",
        "server-not-running",
        Link.TCP,
        act=_kill_the_server,
        also=_NO_SERVER | {"server-unreachable"},
        row=1,
    ),
    Scenario(
        "server-frozen",
        "livekit-server hangs (SIGSTOP); its port and its subscriptions in Redis stay.",
        "server-hangs",
        Link.SERVER,
        act=_freeze_the_server,
        also=frozenset({"server-does-not-answer"}) | _NO_SERVER,
        row=1,
    ),
    Scenario(
        "server-without-redis",
        "livekit.yaml has no section `redis`.",
        "server-has-no-redis",
        Link.BUS,
        act=_server_without_redis,
        also=_NO_SERVER | _FILES,
        row=1,
    ),
    Scenario(
        "server-on-another-redis",
        "livekit.yaml names another Redis than livekit-sip.yaml and the profile.",
        "server-on-another-redis",
        Link.BUS,
        act=_server_on_another_redis,
        also=_NO_SERVER | _FILES | {"no-trunks-and-no-rules"},
        row=1,
    ),
    Scenario(
        "sip-on-another-redis",
        "livekit-sip.yaml names another Redis than livekit.yaml and the profile.",
        "sip-on-another-redis",
        Link.BUS,
        act=_sip_on_another_redis,
        also=_NO_SERVER | _NO_SIP | _FILES,
        row=2,
    ),
    Scenario(
        "server-on-another-redis-db",
        "livekit.yaml has another `redis.db` than before: the trunks stayed in the old one.",
        "server-on-another-redis-db",
        Link.TRUNK,
        act=_server_on_another_db,
        also=_NOT_MATCHED | {"no-trunks-and-no-rules"},
        row=21,
    ),
    Scenario(
        "redis-lost-its-data",
        "Redis was restarted without persistence; trunks and rules are gone.",
        "no-trunks-and-no-rules",
        Link.TRUNK,
        act=_restart_an_empty_redis,
        also=_NOT_MATCHED,
        row=22,
    ),
    Scenario(
        "redis-is-far-from-sip",
        "Each packet between livekit-sip and Redis takes 0.6 s.",
        "server-answers-late-on-bus",
        Link.BUS,
        act=_redis_is_far_from_sip,
        also=_NO_SERVER | _FILES,
    ),
    Scenario(
        "redis-stopped",
        "Redis has died under running services.",
        "redis-unreachable",
        Link.NODE,
        act=_stop_redis,
        also=_REDIS_GONE,
        row=22,
    ),
    Scenario(
        "redis-frozen",
        "Redis hangs (SIGSTOP): it accepts connections and answers nobody.",
        "redis-unreachable",
        Link.NODE,
        act=_freeze_redis,
        also=_REDIS_GONE,
        row=22,
    ),
    Scenario(
        "redis-demands-a-password",
        "Redis got a password that neither service knows, and all had to connect again.",
        "redis-refuses-login",
        Link.NODE,
        act=_redis_demands_a_password,
        also=_REDIS_GONE | _NO_SIP,
    ),
    Scenario(
        "sip-with-a-wrong-redis-password",
        "livekit-sip.yaml has a wrong `redis.password`: livekit-sip ends when it starts.",
        "redis-refuses-login",
        Link.SIP_SOCKET,
        act=_sip_with_a_wrong_password,
        also=_NO_SIP | {"sip-not-running", "sip-unreachable"},
        row=2,
    ),
    Scenario(
        "sip-with-a-wrong-redis-password-by-its-log",
        "The same, told from the logs alone.",
        "redis-refuses-login",
        Link.BUS,
        act=_sip_with_a_wrong_password,
        by="diagnose",
        row=2,
    ),
    Scenario(
        "sip-killed",
        "livekit-sip has died.",
        "sip-not-running",
        Link.SIP_SOCKET,
        act=_kill_livekit_sip,
        also=_NO_SIP | {"sip-unreachable"},
        row=2,
    ),
    Scenario(
        "sip-frozen",
        "livekit-sip hangs (SIGSTOP); its ports and its subscription in Redis stay.",
        "sip-hangs",
        Link.SIP_SOCKET,
        act=_freeze_livekit_sip,
        also=frozenset({"sip-unreachable"}),
        row=2,
    ),
    Scenario(
        "sip-with-a-cluster-id",
        "livekit-sip.yaml has a `cluster_id`: inbound calls work, outbound ones do not.",
        "sip-has-a-cluster-id",
        Link.BUS_SIP,
        act=_sip_with_a_cluster_id,
        also=_NO_SIP,
        row=2,
    ),
)
