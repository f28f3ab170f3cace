from __future__ import annotations

import pytest
import redis.asyncio
from redis.exceptions import ResponseError

from livekit_conformance.mock import Faults, Mock
from livekit_conformance.mock.bus import SERVER_CHANNELS, SIP_CHANNELS
from tests.mock.conftest import StartMock


def _connect(mock: Mock) -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(mock.redis_url, protocol=2, decode_responses=True)


async def test_each_service_listens_on_its_channels(mock: Mock) -> None:
    """
    A healthy bus has one subscriber for each request, and none for anything else.
    """
    async with _connect(mock) as client:
        counts = dict(await client.pubsub_numsub(*SERVER_CHANNELS, *SIP_CHANNELS, "other"))

    assert counts == dict.fromkeys((*SERVER_CHANNELS, *SIP_CHANNELS), 1) | {"other": 0}


async def test_a_bus_that_is_down_has_no_server(start_mock: StartMock) -> None:
    """
    With bus_down only livekit-sip still listens.
    """
    mock = await start_mock(faults=Faults(bus_down=True))
    async with _connect(mock) as client:
        counts = await client.pubsub_numsub(*SERVER_CHANNELS, *SIP_CHANNELS)

    assert [count for _, count in counts] == [0, 0, 1]


async def test_one_node_is_registered(mock: Mock) -> None:
    """
    The hash of nodes reads the same in its three ways.
    """
    async with _connect(mock) as client:
        assert await client.ping()
        nodes = await client.hgetall("nodes")
        assert await client.hkeys("nodes") == list(nodes)
        assert await client.hlen("nodes") == len(nodes) == 1


async def test_the_version_of_the_server_is_written_there(mock: Mock) -> None:
    """
    livekit-server writes it at start; any other key is absent.
    """
    async with _connect(mock) as client:
        assert await client.get("livekit_version") == "1.13.5"
        assert await client.get("other") is None


async def test_unknown_commands_are_errors(mock: Mock) -> None:
    """
    The bus answers commands outside its set with an error.
    """
    async with _connect(mock) as client:
        with pytest.raises(ResponseError, match="unknown command 'SET'"):
            await client.set("a", "b")
