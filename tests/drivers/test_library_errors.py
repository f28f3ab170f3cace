"""
Whatever a library raises, at connecting, reading or closing, blocks a check and is no ERROR of it.
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import date
from types import ModuleType
from typing import Any

import aiohttp
import anyio
import httpcore
import httpx
import pytest
import redis.asyncio
import redis.exceptions
from google.protobuf.message import DecodeError

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.drivers.agent.stand_in import AgentStandIn
from livekit_conformance.drivers.api import http_client
from livekit_conformance.drivers.api.http_client import HttpClient
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.bus import Bus
from livekit_conformance.drivers.reachability import HostAndPort, Transport
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.environments.profile import Profile
from livekit_conformance.observations import Recorder
from livekit_conformance.reporting.run.verdict_rules import Decision, judged
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.verdict import Verdict
from tests.client.hostile import PROTOBUF, answer, raw_server

SECRET = "made-up-secret-of-the-driver-tests"
PROFILE = Profile(kind="mock", allow=("read",))
# A request of aiohttp's, as its errors keep it.
REQUEST: Any = type("Request", (), {"real_url": "http://made.up", "host": "h", "port": 1, "ssl": 1})
AIOHTTP: dict[str, tuple[Any, ...]] = {
    "ClientConnectorError": (REQUEST, OSError(111, "refused")),
    "ClientConnectorDNSError": (REQUEST, socket.gaierror(-2, "unknown")),
    "ClientConnectorSSLError": (REQUEST, ssl.SSLError(1, "made up")),
    "ClientConnectorCertificateError": (REQUEST, ssl.CertificateError("made up")),
    "ClientSSLError": (REQUEST, OSError(111, "refused")),
    "ClientProxyConnectionError": (REQUEST, OSError(111, "refused")),
    "ClientHttpProxyError": (REQUEST, ()),
    "ClientResponseError": (REQUEST, ()),
    "ContentTypeError": (REQUEST, ()),
    "TooManyRedirects": (REQUEST, ()),
    "WSServerHandshakeError": (REQUEST, ()),
    "UnixClientConnectorError": ("path", REQUEST, OSError(111, "refused")),
    "ServerFingerprintMismatch": (b"a", b"b", "host", 1),
}
OF_PYTHON = (
    ConnectionRefusedError(111, "Connection refused"),
    ConnectionResetError(104, "Connection reset by peer"),
    ConnectionResetError(),
    BrokenPipeError(32, "Broken pipe"),
    OSError(113, "No route to host"),
    TimeoutError(),
    socket.gaierror(-3, "Temporary failure in name resolution"),
    ssl.SSLError(1, "[SSL] made up"),
    ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    asyncio.IncompleteReadError(b"a", 2),
)
DEFECTS = (AttributeError("made up"), AssertionError("made up"), TypeError("made up"))


def family(module: ModuleType, base: type[Exception], **arguments: Any) -> Iterator[Exception]:
    for name, kind in sorted(vars(module).items()):
        if inspect.isclass(kind) and issubclass(kind, base) and not issubclass(kind, RuntimeError):
            yield kind(*arguments.get(name, ("made up",)))


REDIS = {"AskError": ("1 host:1",), "MovedError": ("1 host:1",)}
OF_REDIS = (*family(redis.exceptions, redis.exceptions.RedisError, **REDIS), *OF_PYTHON)
OF_AIOHTTP = (*family(aiohttp, aiohttp.ClientError, **AIOHTTP), DecodeError("made up"), *OF_PYTHON)
OF_HTTPX = (
    *family(httpx, httpx.TransportError),
    httpx.DecodingError("made up"),
    httpx.TooManyRedirects("made up"),
    httpx.InvalidURL("made up"),
    *family(httpcore, httpcore.ProtocolError),
    *family(httpcore, httpcore.NetworkError),
    *family(httpcore, httpcore.TimeoutException),
    anyio.BrokenResourceError(),
    anyio.ClosedResourceError(),
    anyio.EndOfStream(),
    *OF_PYTHON,
)


def raises(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def raises_later(error: BaseException) -> Callable[..., Awaitable[Any]]:
    async def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


async def decided(clause: str, act: Callable[[Recorder], Awaitable[Any]]) -> Decision:
    """
    Return the decision on a check of `clause` that only acts.
    """
    raised: BaseException | None = None
    try:
        async with asyncio.timeout(10):
            await act(Recorder(Redactor()))
    except Exception as error:  # noqa: BLE001 - the decision is about whatever it is
        raised = error
    return judged(raised, BY_ID[clause], PROFILE, today=date(2026, 11, 30))


def name(value: object) -> str | None:
    return type(value).__name__ if isinstance(value, Exception) else None


async def ask_redis(recorder: Recorder) -> None:
    await Bus("redis://127.0.0.1:1", recorder).nodes()


@pytest.mark.parametrize("error", OF_REDIS, ids=name)
@pytest.mark.parametrize("moment", ["connect", "read_response", "disconnect"])
async def test_redis_blocks_at_the_bus(moment, error, monkeypatch):
    connection = redis.asyncio.Connection
    monkeypatch.setattr(asyncio, "sleep", raises_nothing)  # the pauses between redis-py's tries
    if moment != "connect":
        monkeypatch.setattr(connection, "connect", raises_nothing)
        monkeypatch.setattr(connection, "send_packed_command", raises_nothing)
        monkeypatch.setattr(connection, "can_read_destructive", raises_nothing)
        monkeypatch.setattr(connection, "read_response", answers([]))
    monkeypatch.setattr(connection, moment, raises_later(error))

    decision = await decided("1.5-bus-has-a-server", ask_redis)

    assert decision.verdict in {Verdict.BLOCKED, Verdict.PASS}, decision
    if moment != "disconnect":
        assert (decision.verdict, decision.breaks) == (Verdict.BLOCKED, "bus")


async def raises_nothing(*_: Any, **__: Any) -> None:
    return None


def answers(value: Any) -> Callable[..., Awaitable[Any]]:
    async def answer(*_: Any, **__: Any) -> Any:
        return value

    return answer


@pytest.mark.parametrize("error", OF_AIOHTTP, ids=name)
@pytest.mark.parametrize(
    ("place", "method"),
    [
        (aiohttp.TCPConnector, "connect"),
        (aiohttp.ClientResponse, "start"),
        (aiohttp.ClientResponse, "read"),
        (aiohttp.ClientResponse, "release"),
    ],
)
async def test_the_api_blocks_or_fails(place, method, error, monkeypatch):
    fail = raises(error) if method == "release" else raises_later(error)

    async def ask(recorder: Recorder) -> None:
        async with (
            raw_server(answer("200 OK", PROTOBUF)) as server,
            client(server.url, recorder) as api,
        ):
            with monkeypatch.context() as patched:
                patched.setattr(place, method, fail)
                await api.list_rooms()

    decision = await decided("1.1-key-is-accepted", ask)

    assert decision.verdict in {Verdict.BLOCKED, Verdict.FAIL}, decision
    assert decision.breaks == "api-key"


def client(url: str, recorder: Recorder) -> LiveKitClient:
    return LiveKitClient(
        url,
        api_key="APImadeup1234",
        api_secret=SECRET,
        permit=Permit.everything(),
        recorder=recorder,
    )


@pytest.mark.parametrize("error", OF_HTTPX, ids=name)
@pytest.mark.parametrize("method", ["connect_tcp", "write", "read", "aclose"])
async def test_a_raw_request_blocks(method, error, monkeypatch):
    place = http_client._Backend if method == "connect_tcp" else http_client._Stream

    async def ask(recorder: Recorder) -> None:
        async with (
            raw_server(answer("200 OK", PROTOBUF, "Connection: close")) as server,
            HttpClient(Permit.everything(), recorder, timeout=1) as http,
        ):
            with monkeypatch.context() as patched:
                patched.setattr(place, method, raises_later(error))
                await http.request("GET", server.url)

    decision = await decided("1.1-server-answers", ask)

    assert (decision.verdict, decision.breaks) == (Verdict.BLOCKED, "server"), decision


@pytest.mark.parametrize("error", OF_PYTHON, ids=name)
async def test_a_connection_and_a_sip_agent_block(error, monkeypatch):
    async def connect(recorder: Recorder) -> None:
        await Transport(recorder).connect(HostAndPort("127.0.0.1", 1, is_secure=False))

    async def call(recorder: Recorder) -> None:
        async with SipAgent(("127.0.0.1", 1), recorder=recorder):
            pass

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(asyncio, "open_connection", raises_later(error))
    monkeypatch.setattr(loop, "create_datagram_endpoint", raises_later(error))

    assert (await decided("1.1-server-answers", connect)).verdict is Verdict.BLOCKED
    decision = await decided("1.5-sip-answers-options", call)
    assert (decision.verdict, decision.breaks) == (Verdict.BLOCKED, "sip-socket")


async def test_an_agent_that_cannot_start_blocks(monkeypatch):
    async def start(recorder: Recorder) -> None:
        async with AgentStandIn(
            "ws://127.0.0.1:1",
            api_key="APImadeup1234",
            api_secret=SECRET,
            tone_hz=440,
            recorder=recorder,
        ):
            pass

    error = OSError(errno.EAGAIN, "Resource temporarily unavailable")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", raises_later(error))

    decision = await decided("1.5-call-is-answered", start)

    assert decision.verdict is Verdict.BLOCKED
    assert "the agent stand-in failed to start: Resource temporarily" in decision.seen


@pytest.mark.parametrize("defect", DEFECTS, ids=name)
async def test_a_defect_of_ours_is_none_of_a_library(defect, monkeypatch):
    async def act(_recorder: Recorder) -> None:
        raise defect

    monkeypatch.setattr(http_client._Backend, "connect_tcp", raises_later(defect))

    async def ask(recorder: Recorder) -> None:
        async with HttpClient(Permit.everything(), recorder, timeout=1) as http:
            await http.request("GET", "http://127.0.0.1:1")

    expected = Verdict.FAIL if isinstance(defect, AssertionError) else Verdict.ERROR
    assert (await decided("1.1-server-answers", act)).verdict is expected
    assert (await decided("1.1-server-answers", ask)).verdict is expected


# What answers at the port of Redis, and is none.
NO_REDIS = (
    b":7\r\n",
    b":made-up\r\n",
    b"$-1\r\n",
    b"$-5\r\n",
    b"$2\r\n\xff\xfe\r\n",
    b"*2\r\n:1\r\n:2\r\n",
    b"*1\r\n*1\r\n:1\r\n",
    b"*1\r\n" * 2000,
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"SSH-2.0-made-up\r\n",
)


@pytest.mark.parametrize("said", NO_REDIS)
async def test_what_is_no_redis_blocks_at_the_bus(said):
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(4096):
                writer.write(said)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        async def ask(recorder: Recorder) -> None:
            await Bus(url, recorder, timeout=1).nodes()

        decision = await decided("1.5-bus-has-a-server", ask)

    assert (decision.verdict, decision.breaks) == (Verdict.BLOCKED, "bus"), decision
