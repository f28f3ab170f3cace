"""
One request and what became of it: how far it came, and the server's own words.

livekit-api drops the text of an answer that is no JSON (python-sdks#177), which is how
livekit-server tells why it refuses a token; and whether a request had left us it never tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp

from livekit_conformance.errors import Phase

_TEXT_KEPT = 64 * 1024


@dataclass(slots=True)
class Exchange:
    """
    A request that is under way, and its answer as far as it has come.

    `status` is 0 before the answer. `may_have_arrived` once the first byte of the request may have
    left us, and as long as nothing is known: of a session that has no `trace()`.
    """

    url: str
    status: int = 0
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    phase: Phase = "answer"
    may_have_arrived: bool = True

    @property
    def retry_after(self) -> float | None:
        """
        The seconds of the header Retry-After, where it has seconds.
        """
        value = self.headers.get("Retry-After", "")
        return float(value) if value.isascii() and value.isdigit() else None


_current: ContextVar[Exchange | None] = ContextVar("current_exchange", default=None)


@contextmanager
def exchange(url: str) -> Iterator[Exchange]:
    """
    What becomes of the one request that is sent inside, by a session that has `trace()`.
    """
    under_way = Exchange(url)
    token = _current.set(under_way)
    try:
        yield under_way
    finally:
        _current.reset(token)


def trace() -> aiohttp.TraceConfig:
    """
    What a session needs for its requests to be seen by `exchange`.
    """
    tracing = aiohttp.TraceConfig()

    async def on_start(
        _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        # What follows is called in other tasks too, which have no context variable of ours.
        context.exchange = _current.get() or Exchange(str(params.url))
        context.exchange.url = str(params.url.with_user(None))
        context.exchange.phase = "connect"
        context.exchange.may_have_arrived = False

    async def on_resolve(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.exchange.phase = "resolve"

    async def on_connect(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.exchange.phase = "connect"

    async def on_connected(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.exchange.phase = "answer"

    async def on_sent(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.exchange.phase = "answer"
        context.exchange.may_have_arrived = True

    async def on_headers(
        _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        context.exchange.status = params.response.status
        context.exchange.headers = params.response.headers

    async def on_body(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceResponseChunkReceivedParams,
    ) -> None:
        context.exchange.text = _text(params.chunk, context.exchange.headers)

    tracing.on_request_start.append(on_start)
    tracing.on_dns_resolvehost_start.append(on_resolve)
    tracing.on_dns_resolvehost_end.append(on_connect)
    tracing.on_connection_create_end.append(on_connected)
    tracing.on_connection_reuseconn.append(on_connected)
    tracing.on_request_headers_sent.append(on_sent)
    tracing.on_request_end.append(on_headers)
    tracing.on_response_chunk_received.append(on_body)
    return tracing


def _text(body: bytes, headers: Mapping[str, str]) -> str:
    if "protobuf" in headers.get("Content-Type", ""):
        return f"({len(body)} bytes of protobuf)"
    return body[:_TEXT_KEPT].decode("utf-8", "backslashreplace")
