"""
Wrong peers at the address of livekit-server, or in front of it.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

Address = tuple[str, int]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# More than the queue of a listener with a backlog of 0 can hold.
_MOST_WAITING = 8
_BEARER = re.compile(rb"(?<=Authorization: Bearer )\S+")


@dataclass
class Place:
    """
    A port and its open connections.
    """

    port: int
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def hang_up(self) -> None:
        for writer in list(self.writers):
            writer.close()


@contextmanager
def closed_port(host: str) -> Iterator[int]:
    """
    Yield a port that refuses connections and stays reserved.
    """
    with socket.socket() as held:
        held.bind((host, 0))
        yield held.getsockname()[1]


@contextmanager
def black_hole(host: str) -> Iterator[int]:
    """
    Yield a port that does not answer SYN, as behind a firewall: its accept queue is full.
    """
    with ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind((host, 0))
        listener.listen(0)
        for _ in range(_MOST_WAITING):
            waiting = held.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def mute(host: str) -> Iterator[int]:
    """
    Yield a port that accepts connections and never sends anything, like a process that hangs.
    """
    with socket.create_server((host, 0)) as listener:
        yield listener.getsockname()[1]


@asynccontextmanager
async def web_server(host: str, status: str, body: str) -> AsyncIterator[int]:
    """
    Yield the port of a web server that sends the same answer to every request.
    """
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write((head + body).encode())
            await writer.drain()

    async with _served(host, serve) as place:
        yield place.port


@asynccontextmanager
async def in_turn(host: str, *backends: Address) -> AsyncIterator[int]:
    """
    Yield the port of a load balancer that sends connections to the backends in turn.
    """
    turns = itertools.cycle(backends)
    async with relay(host, lambda: next(turns)) as place:
        yield place.port


@asynccontextmanager
async def relay(
    host: str,
    backend: Callable[[], Address | None],
    *,
    bearer: Callable[[str], str] = lambda token: token,
) -> AsyncIterator[Place]:
    """
    Forward connections to the current value of `backend`; None drops them.

    `bearer` changes the token of a connection's first request.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (target := backend()) is None:
            return
        first = await reader.read(65536)
        changed = _BEARER.sub(lambda found: bearer(found[0].decode()).encode(), first)
        inner_reader, inner_writer = await asyncio.open_connection(*target)
        inner_writer.write(changed)
        await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))

    async with _served(host, serve) as place:
        yield place


@asynccontextmanager
async def _served(host: str, serve: Serve) -> AsyncIterator[Place]:
    place = Place(0)

    async def noted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place.writers.add(writer)
        with suppress(OSError):
            await serve(reader, writer)
        writer.close()
        place.writers.discard(writer)

    server = await asyncio.start_server(noted, host, 0)
    place.port = server.sockets[0].getsockname()[1]
    try:
        yield place
    finally:
        server.close()
        place.hang_up()
        await server.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
