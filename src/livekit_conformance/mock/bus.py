"""
The bus between livekit-server and livekit-sip, limited to what read-only Redis commands show.

Speaks RESP 2. All answers are constant while the mock runs; any other command is an error.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from livekit_conformance.mock import identifiers
from livekit_conformance.mock.config import SERVER_VERSION, Faults

# psrpc subscribes to one channel for each request; these two are livekit-server's.
SERVER_CHANNELS: Final = (
    "IOInfo|GetSIPTrunkAuthentication|REQ",
    "IOInfo|EvaluateSIPDispatchRules|REQ",
)
SIP_CHANNELS: Final = ("SIPInternal|CreateSIPParticipant|REQ",)

# Where the answer to INFO is, beside the values of keys.
_INFO: Final = "# INFO"
# No client of the mock sends longer lines or bulks.
_MAX_BULK: Final = 64 * 1024


class MockBus:
    """
    A Redis server on loopback; `url` is set on entering the context.
    """

    def __init__(self, faults: Faults) -> None:
        self.url = ""
        server_is_there = 0 if faults.bus_down else 1
        self._subscribers = dict.fromkeys(SERVER_CHANNELS, server_is_there)
        self._subscribers |= dict.fromkeys(SIP_CHANNELS, 0 if faults.outbound_no_sip_service else 1)
        node = identifiers.new(identifiers.NODE)
        self._subscribers[f"Keepalive|Ping|{node}|REQ"] = server_is_there
        facts = ("redis_mode:standalone", f"run_id:{secrets.token_hex(20)}", "role:master")
        self._texts = {
            "livekit_version": SERVER_VERSION,
            _INFO: "".join(f"{fact}\r\n" for fact in facts),
        }
        self._hashes: Mapping[str, Mapping[str, str]] = {"nodes": {node: "127.0.0.1"}}
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_MAX_BULK)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"redis://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while command := await _command(reader):
                writer.write(self._answer(command))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # A client may disconnect at any time.
        except ValueError as problem:
            writer.write(_error(f"Protocol error: {problem}"))
        finally:
            writer.close()

    def _answer(self, command: Sequence[str]) -> bytes:
        name, *arguments = command
        match [name.upper(), *arguments]:
            case ["PING"]:
                return b"+PONG\r\n"
            case ["SELECT", _] | ["QUIT"] | ["CLIENT", "SETINFO" | "SETNAME", *_]:
                return b"+OK\r\n"
            case ["PUBSUB", "NUMSUB", *channels]:
                counts = ((_bulk(c), _integer(self._subscribers.get(c, 0))) for c in channels)
                return _array(list(itertools.chain.from_iterable(counts)))
            case ["INFO", *_] | ["GET", _]:
                about = _INFO if name.upper() == "INFO" else arguments[0]
                return _bulk(self._texts.get(about))
            case ["HGETALL" | "HKEYS" | "HLEN" as question, key]:
                return _about_hash(question, self._hashes.get(key, {}))
            case _:
                return _error(f"unknown command '{name}'")


def _about_hash(question: str, fields: Mapping[str, str]) -> bytes:
    match question:
        case "HLEN":
            return _integer(len(fields))
        case "HKEYS":
            return _array([_bulk(field) for field in fields])
        case _:
            return _array([_bulk(part) for field in fields.items() for part in field])


async def _command(reader: asyncio.StreamReader) -> list[str]:
    """
    Return the next command, an array of bulk strings; empty at the end of the connection.
    """
    if not (line := await reader.readline()):
        return []
    return [await _string(reader) for _ in range(_length(line, b"*"))]


async def _string(reader: asyncio.StreamReader) -> str:
    length = _length(await reader.readline(), b"$")
    raw = await reader.readexactly(length + len(b"\r\n"))
    return raw[:length].decode()


def _length(line: bytes, kind: bytes) -> int:
    if not line.startswith(kind):
        raise ValueError(f"expected '{kind.decode()}', got '{line[:1]!r}'")
    length = int(line[1:])
    if not 0 < length <= _MAX_BULK:
        raise ValueError("invalid length")
    return length


def _bulk(text: str | None) -> bytes:
    if text is None:
        return b"$-1\r\n"
    raw = text.encode()
    return b"$%d\r\n%s\r\n" % (len(raw), raw)


def _integer(value: int) -> bytes:
    return b":%d\r\n" % value


def _array(items: Sequence[bytes]) -> bytes:
    return b"*%d\r\n%s" % (len(items), b"".join(items))


def _error(text: str) -> bytes:
    return f"-ERR {text}\r\n".encode()
