"""
Raw HTTP requests: sent unchanged, guarded, recorded; an error names the side that caused it.

The only module that imports httpx, and httpcore below it. A fork with the same API would be
swapped in here.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, cast

import httpcore
import httpx

from livekit_conformance.client.exchange import BODY_KEPT, readable
from livekit_conformance.client.network import (
    BROKEN,
    NO_ANSWER,
    NOT_HTTP,
    Meaning,
    loss_of,
)
from livekit_conformance.drivers.api.http_answers import HttpAnswer, HttpRecord
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.environments.addresses import is_address
from livekit_conformance.errors import Failure, Phase, Unreachable
from livekit_conformance.observations import Recorder

USER_AGENT: Final = "livekit-conformance"
# Go's limit, which also applies to livekit-server.
_REDIRECTS = 10
# Shorter than the time after which middleboxes forget an idle connection.
_IDLE_S = 15.0
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
# Amount of data that the buffers of a connection take at once.
_AT_ONCE = 64 * 1024
_HTTP = b"HTTP/"
_ENCODINGS = frozenset({"gzip", "deflate"})
# zlib finds out itself which of the two it is.
_GZIP_OR_ZLIB = zlib.MAX_WBITS + 32
_SHOWN = 40


class _NotHttpError(httpcore.RemoteProtocolError):
    """
    The server speaks a protocol other than HTTP.
    """


# UnicodeError: a host name that cannot be encoded, for instance in a redirect.
_RAISED = (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError)
_MEANINGS = (
    Meaning((httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError), "request"),
    # The error text contains the header, which may be a token.
    Meaning((httpx.LocalProtocolError,), "request", "the request is not HTTP"),
    Meaning((_NotHttpError,), words=NOT_HTTP, failure=Failure.FOREIGN),
    # An httpx error of the same name wraps this one, which wraps that of the parser if there was
    # something to parse.
    Meaning((httpcore.RemoteProtocolError,), words=NO_ANSWER, failure=Failure.ENDED),
    Meaning((httpx.RemoteProtocolError,), words=BROKEN, failure=Failure.BROKEN),
)


class HttpClient:
    """
    Send any request; trust the certificate authorities of the system, or of SSL_CERT_FILE.

    A request that `permit` does not allow is not sent, nor is a redirect to one followed. A request
    has `timeout` seconds in all. Without `keep_alive` each request opens its own connection. Use
    the client as an asynchronous context manager.
    """

    def __init__(
        self, permit: Permit, recorder: Recorder, *, timeout: float, keep_alive: bool = True
    ) -> None:
        self._permit = permit
        self._recorder = recorder
        self._timeout = timeout
        self._keep_alive = keep_alive

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(
            transport=_Transport(keep_alive=self._keep_alive),
            trust_env=False,
            timeout=None,  # noqa: S113 - a request as a whole has a deadline
            max_redirects=_REDIRECTS,
            # An answer changes no later request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
            event_hooks={"request": [self._guard]},
        )
        # The time of lazy imports must not count against the first server.
        await httpcore.AnyIOBackend().sleep(0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        body: bytes | None = None,
        within: float | None = None,
        redirects: bool = True,
    ) -> HttpAnswer:
        """
        Return the answer, whatever it is; raise Unreachable when none comes `within` seconds.

        Without `redirects`, a redirect is the answer.
        """
        self._recorder.redact.learn_from(headers.items())
        answer, progress = HttpAnswer(method, url), _Progress()
        record = HttpRecord(self._recorder, method, url)
        try:
            async with asyncio.timeout(within or self._timeout):
                await self._exchange(answer, progress, headers, body, redirects=redirects)
        except _RAISED as error:
            loss = loss_of(error, progress.phase, _MEANINGS)
            raise Unreachable(
                url,
                phase=loss.phase,
                detail=loss.words,
                waited=record.lost(loss),
                remedy=loss.remedy,
                failure=loss.failure,
            ) from error
        record.answered(answer)
        return answer

    async def _guard(self, request: httpx.Request) -> None:
        self._permit.require_for_path(request.url.path)

    async def _exchange(
        self,
        answer: HttpAnswer,
        progress: _Progress,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        redirects: bool,
    ) -> None:
        request = self._client.build_request(
            answer.method,
            answer.url,
            content=body,
            # White space around a value is not part of it (RFC 9110 section 5.5).
            headers=[(name.encode(), value.strip().encode()) for name, value in headers.items()],
            extensions={"trace": progress},
        )
        # As livekit-server does: a token goes before the user and password of the URL.
        auth = httpx.Auth() if "Authorization" in request.headers else httpx.USE_CLIENT_DEFAULT
        send = partial(
            self._client.send, request, stream=True, auth=auth, follow_redirects=redirects
        )
        try:
            response = await send()
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if progress.is_on_new_connection or answer.method not in _IDEMPOTENT:
                raise
            # The server may have closed a kept connection at any time (RFC 9112 section 9.3.1).
            response = await send()
        try:
            answer.method, answer.url = response.request.method, str(response.url)
            answer.status, answer.headers = response.status_code, response.headers
            answer.redirected = next((each.status_code for each in response.history), 0)
            received = await _first_bytes(response)
        finally:
            await response.aclose()
        answer.text = readable(received, response.headers.get("Content-Type", ""))


class _Progress:
    """
    Progress of one request, from the events of httpcore's trace extension.
    """

    def __init__(self) -> None:
        self.phase: Phase = "connect"
        self.is_on_new_connection = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """
        Record one step of the connection.
        """
        match event:
            case "connection.connect_tcp.started":
                # Resolved here first: httpcore counts the look-up as part of connecting.
                self.is_on_new_connection = True
                if not is_address(info["host"]):
                    self.phase = "resolve"
                    await asyncio.get_running_loop().getaddrinfo(
                        info["host"], info["port"], type=socket.SOCK_STREAM
                    )
                self.phase = "connect"
            case "connection.start_tls.started":
                self.phase = "tls"
            case "http11.send_request_headers.started":
                self.phase = "answer"


async def _first_bytes(response: httpx.Response) -> bytes:
    """
    Return the body up to the kept size, and leave the rest of an endless one unread.

    httpx would decompress each piece as a whole: 64 KiB can hold 64 MiB.
    """
    received = b""
    async with aclosing(cast("Any", response.aiter_raw())) as pieces:
        async for piece in pieces:
            received += piece
            if len(received) >= BODY_KEPT:
                break
    if response.headers.get("Content-Encoding", "").lower() not in _ENCODINGS:
        return received
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(received, BODY_KEPT)
    except zlib.error:
        return received


class _Transport(httpx.AsyncHTTPTransport):
    """
    Transport of httpx with our own streams: it accepts a connection pool, but no network backend.
    """

    def __init__(self, *, keep_alive: bool) -> None:
        # For the pool of httpx, which ours replaces; it trusts nobody.
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._pool = _Pool(
            max_connections=None,
            max_keepalive_connections=None if keep_alive else 0,
            keepalive_expiry=_IDLE_S,
            network_backend=_Backend(),
        )


class _Pool(httpcore.AsyncConnectionPool):
    """
    Read the trusted authorities for the first connection that needs them: that takes 40 ms of CPU.
    """

    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        if origin.scheme == b"https" and self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        return super().create_connection(origin)


class _Backend(httpcore.AnyIOBackend):
    """
    Open connections that use our own streams.
    """

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await super().connect_tcp(*args, **options))


class _Stream(httpcore.AsyncNetworkStream):
    """
    Connection to a server that may answer before it has read everything, or does not speak HTTP.

    httpcore does not read until it has written everything: if a body is refused half-way and the
    server then closes the connection, the answer would be lost.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._early = b""
        self._is_http = False
        self._is_given_up = False

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
    ) -> None:
        """
        Write everything, or as much as the server accepts before it answers.
        """
        if len(buffer) <= _AT_ONCE:
            await self._stream.write(buffer, timeout)
            return
        writing = asyncio.create_task(self._stream.write(buffer, timeout))
        reading = asyncio.create_task(self._stream.read(_AT_ONCE, timeout))
        try:
            await asyncio.wait({writing, reading}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done() and writing.exception() is not None:
                # Data received before the connection broke can still be read.
                await asyncio.wait({reading})
            if not reading.done():
                reading.cancel()
                await asyncio.wait({reading})
            if not reading.cancelled() and reading.exception() is None and reading.result():
                self._early = reading.result()
                self._is_given_up = not writing.done() or writing.exception() is not None
            else:
                await writing
        finally:
            writing.cancel()
            reading.cancel()
            await asyncio.wait({writing, reading})

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
    ) -> bytes:
        """
        Read from the server; raise if its data does not begin like HTTP.
        """
        received = self._early or await self._stream.read(max_bytes, timeout)
        self._early, received = received[max_bytes:], received[:max_bytes]
        if received and not self._is_http:
            self._is_http = received.startswith(_HTTP[: len(received)])
            if not self._is_http:
                raise _NotHttpError(f"it begins with {received[:_SHOWN]!r}")
        return received

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(await self._stream.start_tls(*args, **options))
        except BaseException:
            # httpcore closes the stream only after a failed handshake, not after a timeout.
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        # A connection with half a request on it cannot be reused.
        if info == "is_readable" and self._is_given_up:
            return True
        return self._stream.get_extra_info(info)
