"""
Bytes of a raw request on the wire, and the phase that an unanswered request reached.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore
import pytest
from google.protobuf.message import DecodeError

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.client.exchange import BODY_KEPT
from livekit_conformance.drivers.api.http_client import USER_AGENT, HttpClient, _Stream
from livekit_conformance.drivers.api.livekit_api import LIST_ROOMS, ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.errors import NotPermitted, Unreachable
from livekit_conformance.observations import HttpExchange, Recorder
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.secrets.scrubber import Scrubber
from tests import certificates
from tests.scenarios.wrong_peers import black_hole, closed_port

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
LARGE = b"x" * (10 * 2**20)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def talking(talk: Talk, shown: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """
    Yield the port of a server that runs `talk` once for each connection.
    """
    at_work: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=shown)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


async def request_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"content-length: ")
    return head + await reader.readexactly(int(length.split()[0]) if length else 0)


def answering(*answers: bytes, seen: list[list[bytes]] | None = None) -> Talk:
    """
    Return a server that sends these answers in turn; `seen` collects the requests by connection.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[bytes] = []
        if seen is not None:
            seen.append(mine)
        for answer in answers:
            mine.append(await request_of(reader))
            writer.write(answer)
            await writer.drain()

    return talk


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


def client(
    recorder: Recorder, *allowed: Effect, timeout: float = 5.0, keep_alive: bool = True
) -> HttpClient:
    permit = Permit(frozenset(allowed)) if allowed else Permit.everything()
    return HttpClient(permit, recorder, timeout=timeout, keep_alive=keep_alive)


async def lost(recorder: Recorder, url: str, within: float = 5.0) -> Unreachable:
    async with client(recorder, timeout=within) as http:
        with pytest.raises(Unreachable) as raised:
            await http.request("POST", url, body=b"{}")
    (seen,) = (seen for seen in recorder.observations if isinstance(seen, HttpExchange))
    assert (seen.status, seen.error) == (None, raised.value.detail)
    return raised.value


# -- requests


async def test_a_request_goes_out_as_it_is_given(recorder: Recorder) -> None:
    seen: list[list[bytes]] = []
    headers = {
        "X-lower-UPPER": "one",
        "Authorization": "Bearer ",
        "Content-Type": "application/webhook+json",
        "X-Odd": "\N{GREEK SMALL LETTER BETA}=\x7e\t;",
        "X-Empty": "",
    }
    body = b'{"a": 1}\r\n\x00\xff '
    async with talking(answering(OK, seen=seen)) as port, client(recorder) as http:
        answer = await http.request(
            "POST", f"http://127.0.0.1:{port}/a%20b?c=d", headers=headers, body=body
        )

    assert (answer.status, answer.text) == (200, "OK")
    [[sent]] = seen
    head, _, sent_body = sent.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    assert line == b"POST /a%20b?c=d HTTP/1.1"
    ours = [field for field in fields if field.split(b":")[0].decode() in headers]
    assert ours == [
        b"X-lower-UPPER: one",
        b"Authorization: Bearer",
        b"Content-Type: application/webhook+json",
        b"X-Odd: \xce\xb2=~\t;",
        b"X-Empty: ",
    ]
    assert sent_body == body
    assert f"User-Agent: {USER_AGENT}".encode() in fields
    assert b"Content-Length: %d" % len(body) in fields


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUEljYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ-0123456"


async def test_a_token_goes_before_the_user_of_the_url_and_is_known_from_then_on() -> None:
    seen: list[list[bytes]] = []
    recorder = Recorder(Scrubber(["canary-password"]))
    async with talking(answering(OK, OK, seen=seen)) as port, client(recorder) as http:
        url = f"http://user:canary-password@127.0.0.1:{port}/"
        await http.request("POST", url, headers={"Authorization": f"Bearer {TOKEN}"})
        await http.request("GET", url)

    first, second = seen[0]
    assert f"Authorization: Bearer {TOKEN}".encode() in first.split(b"\r\n")
    assert b"\r\nAuthorization: Basic " in second
    assert recorder.redact(f"echo {TOKEN[30:70]} end") == "echo *** end"
    assert TOKEN.rpartition(".")[2] in recorder.redact.made
    assert "canary" not in str(recorder.observations)


async def test_the_api_client_sends_its_token_whatever_user_the_url_has() -> None:
    seen: list[list[bytes]] = []
    recorder = Recorder(Scrubber())
    async with talking(answering(OK, seen=seen)) as port:
        api = LiveKitClient(
            f"ws://user:canary-password@127.0.0.1:{port}",
            api_key="APIcanary1234",
            api_secret="canary-secret-of-the-key",
            permit=Permit.everything(),
            recorder=recorder,
        )
        async with api:
            with pytest.raises((ApiRefused, DecodeError)):
                await api.list_rooms()

    [[sent]] = seen
    proof = sent.partition(b"uthorization: Bearer ")[2].partition(b"\r\n")[0].decode()
    assert proof.count(".") == 2
    assert proof.rpartition(".")[2] in recorder.redact.made


async def test_without_headers_no_content_type_is_made_up(recorder: Recorder) -> None:
    seen: list[list[bytes]] = []
    async with talking(answering(OK, OK, seen=seen)) as port, client(recorder) as http:
        await http.request("POST", f"http://127.0.0.1:{port}/", body=b"")
        await http.request("GET", f"http://127.0.0.1:{port}/")

    [[posted, got]] = seen
    assert b"content-type" not in posted.lower() + got.lower()
    assert b"Content-Length: 0\r\n" in posted
    assert b"content-length" not in got.lower()


@pytest.mark.parametrize(("keep_alive", "connections"), [(True, [3]), (False, [1, 1, 1])])
async def test_each_request_has_a_connection_of_its_own_where_none_is_kept(
    recorder: Recorder, *, keep_alive: bool, connections: list[int]
) -> None:
    seen: list[list[bytes]] = []
    async with (
        talking(answering(OK, OK, OK, seen=seen)) as port,
        client(recorder, keep_alive=keep_alive) as http,
    ):
        for _ in range(3):
            await http.request("GET", f"http://127.0.0.1:{port}/")

    assert list(map(len, seen)) == connections


async def test_a_kept_connection_that_the_server_has_closed_is_no_loss_for_a_get(
    recorder: Recorder,
) -> None:
    asked: list[str] = []

    async def tired(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await request_of(reader)).split()[0].decode())
        writer.write(OK)
        asked.append((await request_of(reader)).split()[0].decode())

    async with talking(tired) as port, client(recorder) as http:
        url = f"http://127.0.0.1:{port}/"
        assert [(await http.request("GET", url)).status for _ in range(2)] == [200, 200]
        # A request that may have had an effect is not sent twice.
        with pytest.raises(Unreachable, match="ended before the answer"):
            await http.request("POST", url, body=b"{}")

    assert asked == ["GET", "GET", "GET", "POST"]


async def test_a_new_connection_that_breaks_is_not_tried_again(recorder: Recorder) -> None:
    seen: list[list[bytes]] = []
    async with talking(answering(b"", seen=seen)) as port, client(recorder) as http:
        with pytest.raises(Unreachable, match="ended before the answer"):
            await http.request("GET", f"http://127.0.0.1:{port}/")

    assert len(seen) == 1


async def test_the_proxies_of_the_environment_are_not_asked(recorder, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with talking(answering(OK)) as port, client(recorder) as http:
        assert (await http.request("GET", f"http://127.0.0.1:{port}/")).status == 200


async def test_a_redirect_leads_nowhere_that_is_not_permitted(recorder: Recorder) -> None:
    seen: list[list[bytes]] = []
    moved = b"HTTP/1.1 307 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
    to_rooms = moved % LIST_ROOMS.encode()
    to_deletion = moved % b"/twirp/livekit.RoomService/DeleteRoom"
    async with (
        talking(answering(to_rooms, OK, to_deletion, OK, seen=seen)) as port,
        client(recorder, Effect.READ) as http,
    ):
        url = f"http://127.0.0.1:{port}/"
        answer = await http.request("POST", url, body=b"{}")
        with pytest.raises(NotPermitted, match="DeleteRoom"):
            await http.request("POST", url, body=b"{}")

    assert (answer.status, answer.redirected) == (200, 307)
    assert len([request for each in seen for request in each]) == 3


def test_who_only_collects_checks_does_not_pay_for_it():
    code = (
        "import sys, livekit_conformance.drivers.api.livekit_api, "
        "livekit_conformance.drivers.webhooks.sender; "
        "sys.exit(bool({'httpx', 'httpcore', 'anyio'} & sys.modules.keys()))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_first_request_pays_for_no_import():
    code = """
import asyncio, sys
from livekit_conformance.drivers.api.http_client import HttpClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor

async def main():
    async with HttpClient(Permit.everything(), Recorder(Redactor()), timeout=5) as http:
        before = set(sys.modules)
        try:
            await http.request("GET", "http://127.0.0.1:1/")
        except Unreachable:
            return {name.split(".")[0] for name in sys.modules.keys() - before}

print(*sorted(asyncio.run(main()) - set(sys.stdlib_module_names)))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == ""


# -- responses


async def test_an_endless_answer_is_left(recorder):
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 500 No\r\n\r\n")
        while True:
            writer.write(b"more" * 4096)
            await writer.drain()

    async with talking(endless) as port, client(recorder) as http:
        answer = await http.request("GET", f"http://127.0.0.1:{port}/")

    assert (answer.status, len(answer.text)) == (500, BODY_KEPT)
    assert answer.duration_s < 4


async def test_what_is_no_text_is_kept_readable(recorder):
    page = b"<h1>\xff caf\xc3\xa9"
    answer = b"HTTP/1.1 502 Bad\r\ndate: now\r\nContent-Length: %d\r\n\r\n%b" % (len(page), page)
    async with talking(answering(answer)) as port, client(recorder) as http:
        got = await http.request("GET", f"http://127.0.0.1:{port}/x")

    assert got.text == "<h1>\\xff caf\N{LATIN SMALL LETTER E WITH ACUTE}"
    (seen,) = recorder.observations
    assert seen.summary == "GET /x -> 502"
    assert {name: getattr(seen, name) for name in ("status", "method", "body", "date")} == {
        "status": 502,
        "method": "GET",
        "body": got.text,
        "date": "now",
    }


def refusing(*, reads_on: bool, closes: bool) -> Talk:
    """
    Return a server that rejects a request by its head, without wanting its body.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not reads_on:
            assert isinstance(writer.transport, asyncio.ReadTransport)
            writer.transport.pause_reading()
        writer.write(b"HTTP/1.1 413 Too large\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        if reads_on:
            await reader.readexactly(len(LARGE))
            writer.write(OK)
        if not closes:
            await reader.read()

    return talk


@pytest.mark.parametrize(
    ("reads_on", "closes"), [(False, True), (False, False), (True, True), (True, False)]
)
@pytest.mark.parametrize("is_tls", [False, True])
async def test_an_answer_to_half_a_body_is_not_lost(
    recorder, tmp_path, monkeypatch, reads_on, closes, is_tls
):
    for name, value in certificates.trust(tmp_path).items():
        monkeypatch.setenv(name, value)
    shown = certificates.good() if is_tls else None
    async with (
        talking(refusing(reads_on=reads_on, closes=closes), shown) as port,
        client(recorder) as http,
    ):
        url = f"http{'s' if is_tls else ''}://127.0.0.1:{port}/"
        answer = await http.request("POST", url, body=LARGE)

    assert (answer.status, answer.text) == (413, "no")
    assert answer.duration_s < 4


async def test_what_came_before_the_connection_broke_is_heard():
    class Broken(httpcore.AsyncNetworkStream):
        async def write(self, *_):
            raise httpcore.WriteError

        async def read(self, *_):
            await asyncio.sleep(0.01)
            return OK

    stream = _Stream(Broken())
    await stream.write(LARGE)

    assert await stream.read(4) + await stream.read(4096) == OK
    assert stream.get_extra_info("is_readable") is True


async def test_a_connection_with_half_a_request_on_it_is_not_used_again(recorder):
    async with talking(refusing(reads_on=False, closes=False)) as port, client(recorder) as http:
        url = f"http://127.0.0.1:{port}/"
        assert [(await http.request("POST", url, body=LARGE)).status for _ in range(2)] == [413] * 2


# -- missing responses


async def test_a_host_without_an_address(recorder):
    error = await lost(recorder, "http://livekit.invalid/")

    assert error.phase == "resolve"
    assert "Check the host name" in error.remedy


async def test_a_resolver_that_does_not_answer(recorder, monkeypatch):
    async def hang(*_arguments, **_options):
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)

    error = await lost(recorder, "http://livekit.invalid/", within=0.1)

    assert (error.phase, error.detail) == ("resolve", "resolving the name took too long")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_an_address_is_not_looked_up(recorder, monkeypatch, host):
    async def hang(*_arguments, **_options):
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)

    assert (await lost(recorder, f"http://{host}:1/", within=2)).phase == "connect"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_port_that_refuses(recorder, host):
    with closed_port("127.0.0.1") as port:
        error = await lost(recorder, f"http://{host}:{port}/")

    assert error.phase == "connect"
    assert (error.failure, "Connection refused" in error.detail) == ("refused", True)


async def test_the_brackets_of_an_address_are_not_its_name(recorder):
    # Refused, or not assigned where the machine lacks IPv6: never a failed lookup.
    assert (await lost(recorder, "http://[::1]:1/")).phase == "connect"


async def test_a_port_that_takes_no_connection(recorder):
    with black_hole("127.0.0.1") as port:
        url = f"http://127.0.0.1:{port}"
        error = await lost(recorder, url, within=0.2)

    assert (error.phase, error.detail) == ("connect", "no connection in time")
    assert error.failure == "timed-out"
    assert 0.2 <= error.waited < 2


async def test_a_certificate_that_is_not_trusted(recorder, tmp_path, monkeypatch):
    for name, value in certificates.trust(tmp_path).items():
        monkeypatch.setenv(name, value)
    async with talking(answering(OK), certificates.of_a_stranger()) as port:
        error = await lost(recorder, f"https://127.0.0.1:{port}/")

    assert (error.phase, error.detail) == ("tls", "unable to get local issuer certificate")
    assert error.failure == "tls"


async def test_the_authorities_of_the_system_are_read_and_only_for_https(
    recorder, tmp_path, monkeypatch
):
    for name, value in certificates.trust(tmp_path).items():
        monkeypatch.setenv(name, value)
    read, create = [], ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: read.append("read") or create())
    # The default of httpcore would add the authorities of this package.
    monkeypatch.setattr("certifi.where", None)
    async with (
        talking(answering(OK)) as plain,
        talking(answering(OK), certificates.good()) as secure,
        client(recorder) as http,
    ):
        await http.request("GET", f"http://127.0.0.1:{plain}/")
        before = [*read]
        answer = await http.request("GET", f"https://127.0.0.1:{secure}/")

    assert (before, read, answer.status) == ([], ["read"], 200)


async def test_a_handshake_that_is_not_answered(recorder):
    async with talking(silent) as port:
        # Long enough for a busy machine to connect and to read its certificate authorities.
        error = await lost(recorder, f"https://127.0.0.1:{port}/", within=2)

    assert (error.phase, error.detail) == ("tls", "no answer in time")
    assert error.failure == "timed-out"


def saying(text: bytes) -> Talk:
    return answering(text)


@pytest.mark.parametrize(
    ("talk", "failure", "words"),
    [
        (silent, "timed-out", "no answer in time"),
        (resetting, "reset", "Connection reset by peer"),
        (saying(b""), "ended", "the connection ended before the answer"),
        (saying(b"HTTP/1.1 20"), "ended", "the connection ended before the answer"),
        (
            saying(b"SSH-2.0-ssh\r\n"),
            "foreign",
            "the answer is not HTTP: it begins with b'SSH-2.0-ssh\\r\\n'",
        ),
        (
            saying(b"HTTP/1.1 abc\r\n\r\n"),
            "broken",
            "the answer is broken: illegal status line",
        ),
        (
            saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nOK"),
            "broken",
            "the answer is broken: peer",
        ),
    ],
)
async def test_a_server_that_takes_the_request_and_does_not_answer(recorder, talk, failure, words):
    async with talking(talk) as port:
        error = await lost(recorder, f"http://127.0.0.1:{port}/", within=2)

    assert (error.phase, error.failure) == ("answer", failure)
    assert error.detail.startswith(words)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///path", "nonsense"])
async def test_a_url_that_leads_nowhere(recorder, url):
    error = await lost(recorder, url)

    assert (error.phase, error.remedy) == ("request", "Check the URL")


async def test_a_header_that_cannot_be_sent_is_not_shown():
    recorder = Recorder(Redactor([]))
    async with talking(answering(OK)) as port, client(recorder) as http:
        headers = {"Authorization": "hidden\r\nX: y"}
        with pytest.raises(Unreachable) as raised:
            await http.request("GET", f"http://127.0.0.1:{port}/", headers=headers)

    assert raised.value.phase == "request"
    assert "hidden" not in f"{raised.value} {recorder.observations}"
