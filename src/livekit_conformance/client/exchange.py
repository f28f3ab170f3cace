"""
Trace one request: how far it got, and the text of the server's answer.

livekit-api drops the text of an answer that is not JSON (python-sdks#177), although livekit-server
uses such answers to give the reason for refusing a token. It also never reports whether a request
was sent at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp

from livekit_conformance.client.time_limit import TimeLimit
from livekit_conformance.errors import Phase

# Number of bytes of a body that are kept.
BODY_KEPT = 64 * 1024


@dataclass(slots=True)
class Exchange:
    """
    Request in progress, and its answer as far as it has arrived.

    `status` is 0 before the answer. `may_have_arrived` is true once the first byte of the request
    may have been sent, and while nothing is known, as with a session that has no `trace()`. `limit`
    learns how long the request is queued for a connection.
    """

    url: str
    status: int = 0
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    phase: Phase = "answer"
    may_have_arrived: bool = True
    limit: TimeLimit | None = None

    @property
    def is_queued_too_long(self) -> bool:
        """
        True if our own pool left the server less time than its limit.
        """
        return self.limit is not None and self.limit.is_ours

    @property
    def retry_after(self) -> float | None:
        """
        The value of the header Retry-After in seconds, or None if it is absent or a date.
        """
        value = self.headers.get("Retry-After", "")
        return float(value) if _SECONDS.fullmatch(value) else None


# A longer wait than 31 years is none that anybody keeps to.
_SECONDS = re.compile(r"[0-9]{1,9}")
_current: ContextVar[Exchange | None] = ContextVar("current_exchange", default=None)


@contextmanager
def exchange(url: str, limit: TimeLimit | None = None) -> Iterator[Exchange]:
    """
    Yield the exchange of the one request that is sent inside, by a session that has `trace()`.
    """
    under_way = Exchange(url, limit=limit)
    token = _current.set(under_way)
    try:
        yield under_way
    finally:
        _current.reset(token)


def trace() -> aiohttp.TraceConfig:
    """
    Return the trace configuration that a session needs for `exchange` to follow its requests.
    """
    tracing = aiohttp.TraceConfig()

    async def on_start(
        _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        # The callbacks below also run in other tasks, which do not have our context variable.
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
        content_type = context.exchange.headers.get("Content-Type", "")
        context.exchange.text = readable(params.chunk, content_type)

    tracing.on_request_start.append(on_start)
    tracing.on_connection_queued_start.append(_on_queued)
    tracing.on_connection_queued_end.append(_on_free)
    tracing.on_dns_resolvehost_start.append(on_resolve)
    tracing.on_dns_resolvehost_end.append(on_connect)
    tracing.on_connection_create_end.append(on_connected)
    tracing.on_connection_reuseconn.append(on_connected)
    tracing.on_request_headers_sent.append(on_sent)
    tracing.on_request_end.append(on_headers)
    tracing.on_response_chunk_received.append(on_body)
    return tracing


async def _on_queued(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    if context.exchange.limit is not None:
        context.exchange.limit.queued()


async def _on_free(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    if context.exchange.limit is not None:
        context.exchange.limit.connected()


def readable(body: bytes, content_type: str) -> str:
    """
    Return the text of a body, as far as it is kept.
    """
    if "protobuf" in content_type:
        return f"({len(body)} bytes of protobuf)"
    return body[:BODY_KEPT].decode("utf-8", "backslashreplace")
