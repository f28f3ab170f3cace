"""
Redis that closes each new connection with an error, before anything was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from livekit_conformance.drivers.bus import Bus
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import BusAnswer, Recorder
from livekit_conformance.secrets.patterns import Redactor

NO_CLIENT_MORE = "ERR max number of clients reached"


@asynccontextmanager
async def closing_server(words: bytes) -> AsyncIterator[str]:
    """
    Run a server that says `words` to each connection and closes it; yield its URL.
    """

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        # Closed with a reset: what a client sends meanwhile is not read.
        await writer.drain()
        writer.transport.abort() if not words else writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"redis://{host}:{port}"


@pytest.mark.parametrize(
    ("words", "told"), [(f"-{NO_CLIENT_MORE}\r\n", True), ("", False), ("hello\r\n", False)]
)
async def test_the_error_of_a_closed_connection_is_told(words, told):
    recorder = Recorder(Redactor())
    async with closing_server(words.encode()) as url:
        with pytest.raises(Unreachable) as lost:
            await Bus(url, recorder, timeout=2).listeners()

    (answer,) = [seen for seen in recorder.observations if isinstance(seen, BusAnswer)]
    assert (NO_CLIENT_MORE in lost.value.detail, answer.refusal == NO_CLIENT_MORE) == (told, told)
