"""
The view of the bus on a real Redis: its contents, and its error without permission.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import redis.asyncio

from livekit_conformance.drivers.bus import CHANNELS, Bus
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.binaries import REDIS, find
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.secrets.patterns import Redactor

PASSWORD = "made-up-redis-password"


@pytest_asyncio.fixture
async def redis_address(real_services: None, tmp_path: Path) -> AsyncIterator[str]:
    with own_loopback_address() as address:
        command = (
            *(str(find(REDIS, os.environ).path), "--bind", address),
            *("--port", "6379", "--save", "", "--requirepass", PASSWORD),
        )
        process = Process("redis-server", command, tmp_path / "redis.log", Recorder(Redactor()))

        async def accepts() -> str | None:
            try:
                socket.create_connection((address, 6379), timeout=1).close()
            except OSError as error:
                return str(error)
            return None

        await process.start(accepts)
        yield address
        await process.stop()


async def test_an_idle_redis_has_no_listeners_and_no_nodes(redis_address):
    bus = Bus(f"redis://:{PASSWORD}@{redis_address}", Recorder(Redactor([PASSWORD])))

    assert await bus.listeners() == dict.fromkeys(CHANNELS, 0)
    assert await bus.nodes() == []
    assert await bus.server_version() is None
    assert PASSWORD not in bus.endpoint


async def test_a_node_that_no_longer_listens_is_not_registered(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    bus = Bus(url, Recorder(Redactor([PASSWORD])))

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client, client.pubsub() as alive:
        await client.hset("nodes", mapping={"ND_alive": "1", "ND_killed": "1"})
        await alive.subscribe("Keepalive|Ping|ND_alive|REQ")
        assert await alive.get_message(timeout=5)

        assert await bus.nodes() == ["ND_alive"]


async def test_a_missing_password_is_told_with_the_remedy(redis_address):
    recorder = Recorder(Redactor())
    bus = Bus(f"redis://{redis_address}", recorder)

    with pytest.raises(Unreachable) as failure:
        await bus.listeners()

    assert "redis://:PASSWORD@host" in failure.value.remedy
    # It does answer.
    assert recorder.observations == []


async def test_the_instance_is_told_where_the_account_may_ask_for_it(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    recorder = Recorder(Redactor([PASSWORD]))
    bus = Bus(url, recorder)
    found = await bus.instance()

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
        info = await client.info("server")
        await client.acl_setuser("default", enabled=True, commands=["-info"])
    hidden = await bus.instance()

    assert (found, hidden) == (info["run_id"], None)
    assert [seen.run_id for seen in recorder.observations] == [found, None]


async def test_a_missing_redis_is_told_with_the_remedy():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        recorder = Recorder(Redactor())
        bus = Bus(f"redis://127.0.0.1:{closed.getsockname()[1]}", recorder)
        with pytest.raises(Unreachable) as failure:
            await bus.listeners()

    assert "Check that Redis runs" in failure.value.remedy
    assert "connecting to 127.0.0.1" in recorder.observations[-1].error
