"""
One HTTP session for all that the suite asks: guarded, recorded, and clear about whose fault it is.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp

from livekit_conformance.client.exchange import trace as how_far
from livekit_conformance.client.network import REMEDIES, describe, phase_of
from livekit_conformance.drivers.permit import Permit
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder

_BODY_KEPT = 64 * 1024


@dataclass(slots=True)
class HttpAnswer:
    """
    An answer in the server's own words. `status` 0 means that none has come yet.
    """

    method: str
    url: str
    status: int = 0
    text: str = ""
    duration_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    # The status of the first redirect on the way, 0 when there was none.
    redirected: int = 0

    def __str__(self) -> str:
        return f"received {self.status}: {self.text[:300]!r}"


_current: ContextVar[HttpAnswer | None] = ContextVar("current_answer", default=None)


def open_session(
    permit: Permit, recorder: Recorder, *, timeout: float, keep_alive: bool = True
) -> aiohttp.ClientSession:
    """
    A session whose requests are guarded by `permit` and recorded with the raw text of the answer.

    The SDK drops the text of an error that is not JSON (python-sdks#177); here it is kept.
    """
    trace = aiohttp.TraceConfig()

    async def on_start(
        _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        permit.require_for_path(params.url.path)
        context.answer = _current.get() or HttpAnswer(params.method, str(params.url))
        context.answer.url = str(params.url)
        context.started = time.perf_counter()

    async def on_redirect(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestRedirectParams,
    ) -> None:
        context.answer.redirected = context.answer.redirected or params.response.status

    async def on_headers(
        _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        context.answer.status = params.response.status
        context.answer.headers = dict(params.response.headers)

    async def on_body(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceResponseChunkReceivedParams,
    ) -> None:
        answer: HttpAnswer = context.answer
        answer.duration_s = time.perf_counter() - context.started
        answer.text = _readable(params.chunk, answer.headers.get("Content-Type", ""))
        path = params.url.path
        recorder.record(
            time.time(),
            "http",
            f"{params.method} {path} -> {answer.status}",
            url=str(params.url),
            method=params.method,
            status=answer.status,
            body=answer.text,
            duration_s=answer.duration_s,
            date=answer.headers.get("Date"),
        )

    async def on_exception(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        recorder.record(
            time.time(),
            "http",
            f"{params.method} {params.url.path} failed: {describe(params.exception)}",
            url=str(params.url),
            method=params.method,
            status=None,
            error=describe(params.exception),
            duration_s=time.perf_counter() - getattr(context, "started", time.perf_counter()),
        )

    trace.on_request_start.append(on_start)
    trace.on_request_redirect.append(on_redirect)
    trace.on_request_end.append(on_headers)
    trace.on_response_chunk_received.append(on_body)
    trace.on_request_exception.append(on_exception)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=not keep_alive),
        trace_configs=[trace, how_far()],
        timeout=aiohttp.ClientTimeout(
            total=timeout,
            # Earlier, or chance would decide whether it was the connection that did not come.
            connect=_CONNECT_SHARE * timeout,
            # aiohttp rounds 5 s and more up to whole seconds of its clock, else.
            ceil_threshold=math.inf,
        ),
    )


def _readable(body: bytes, content_type: str) -> str:
    if "protobuf" in content_type:
        return f"({len(body)} bytes of protobuf)"
    return body[:_BODY_KEPT].decode("utf-8", "backslashreplace")


# Of the time of a request.
_CONNECT_SHARE = 0.95


@contextmanager
def exchange(method: str, url: str, *, key: str = "") -> Iterator[HttpAnswer]:
    """
    The answer to the one request that is sent inside; raises Unreachable when none came.

    `key` is the masked API key that asks.
    """
    answer = HttpAnswer(method, url)
    token = _current.set(answer)
    started = time.perf_counter()
    try:
        yield answer
    except (aiohttp.ClientError, TimeoutError) as error:
        waited = time.perf_counter() - started
        raise unreachable(answer.url, error, waited, key=key) from error
    finally:
        _current.reset(token)


def unreachable(url: str, error: BaseException, waited: float, *, key: str = "") -> Unreachable:
    """
    The network error behind `error`: how far the request came, and what to do about it.
    """
    phase = phase_of(error)
    detail = describe(error, phase)
    return Unreachable(
        url, phase=phase, detail=detail, waited=waited, remedy=REMEDIES[phase], key=key
    )
