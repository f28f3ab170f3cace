"""
What keeps the two services from finding each other in Redis.
"""

from __future__ import annotations

import signal
from typing import Any

import redis.asyncio

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.redaction import Redactor
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.stage import Scene

_OTHER_PORT = 6380
_PASSWORD = "redis-wants-this-password"


async def _kill_the_server(broken: Scene) -> None:
    await broken.stack.server.kill()


async def _freeze_the_server(broken: Scene) -> None:
    broken.stack.server.signal(signal.SIGSTOP)


async def _kill_livekit_sip(broken: Scene) -> None:
    await broken.stack.sip.kill()


async def _freeze_livekit_sip(broken: Scene) -> None:
    broken.stack.sip.signal(signal.SIGSTOP)


async def _stop_redis(broken: Scene) -> None:
    await broken.stack.redis.kill()


async def _freeze_redis(broken: Scene) -> None:
    broken.stack.redis.signal(signal.SIGSTOP)


async def _restart_redis(broken: Scene) -> None:
    await broken.stack.redis.kill()
    await broken.stack.start(broken.stack.redis)


async def _server_without_redis(broken: Scene) -> None:
    await broken.restart(broken.stack.server, redis=None)


async def _server_on_another_redis(broken: Scene) -> None:
    await broken.restart(broken.stack.server, redis=await _another_redis(broken))


async def _sip_on_another_redis(broken: Scene) -> None:
    await broken.restart(broken.stack.sip, redis=await _another_redis(broken))


async def _server_on_another_db(broken: Scene) -> None:
    await broken.restart(broken.stack.server, redis={**_redis_of(broken), "db": 1})


async def _sip_on_another_db(broken: Scene) -> None:
    await broken.restart(broken.stack.sip, redis={**_redis_of(broken), "db": 1})


async def _sip_with_wrong_password(broken: Scene) -> None:
    await _demand_password(broken)
    right = {**_redis_of(broken), "password": _PASSWORD}
    await broken.restart(broken.stack.server, redis=right)
    await broken.restart(broken.stack.sip, redis={**right, "password": "another-password"})


async def _redis_demands_a_password(broken: Scene) -> None:
    await _demand_password(broken)


async def _sip_with_cluster_id(broken: Scene) -> None:
    await broken.restart(broken.stack.sip, cluster_id="eu-1")


async def _demand_password(broken: Scene) -> None:
    async with redis.asyncio.Redis.from_url(broken.stack.redis_url, protocol=2) as client:
        await client.config_set("requirepass", _PASSWORD)
        await client.client_kill_filter(skipme=True)
    host = broken.stack.redis_url.removeprefix("redis://")
    broken.profile = broken.profile.model_copy(update={"redis": f"redis://:{_PASSWORD}@{host}"})


def _redis_of(broken: Scene) -> dict[str, Any]:
    return {"address": f"{broken.stack.address}:6379"}


async def _another_redis(broken: Scene) -> dict[str, Any]:
    address = broken.stack.address
    other = Process(
        "other-redis",
        ("redis-server", "--bind", address, "--port", str(_OTHER_PORT), "--save", ""),
        broken.stack.folder / "other-redis.log",
        Recorder(Redactor()),
    )

    async def why_not_ready() -> str | None:
        url = f"redis://{address}:{_OTHER_PORT}"
        async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
            try:
                await client.ping()
            except redis.RedisError as error:
                return str(error)
        return None

    await other.start(why_not_ready)
    broken.beside.push_async_callback(other.stop)
    return {"address": f"{address}:{_OTHER_PORT}"}


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "server-killed",
        "livekit-server has died; livekit-sip and Redis run.",
        "sip-bus-has-no-server",
        Link.TCP,
        act=_kill_the_server,
        also=frozenset({"server-unreachable"}),
        row=1,
    ),
    *(
        Scenario(name, name, "x", Link.BUS, act=act)
        for name, act in {
            "server-frozen": _freeze_the_server,
            "server-without-redis": _server_without_redis,
            "server-on-another-redis": _server_on_another_redis,
            "server-on-another-db": _server_on_another_db,
            "sip-on-another-redis": _sip_on_another_redis,
            "sip-on-another-db": _sip_on_another_db,
            "sip-with-wrong-redis-password": _sip_with_wrong_password,
            "redis-demands-a-password": _redis_demands_a_password,
            "sip-with-cluster-id": _sip_with_cluster_id,
            "sip-killed": _kill_livekit_sip,
            "sip-frozen": _freeze_livekit_sip,
            "redis-stopped": _stop_redis,
            "redis-frozen": _freeze_redis,
            "redis-lost-its-data": _restart_redis,
        }.items()
    ),
)
