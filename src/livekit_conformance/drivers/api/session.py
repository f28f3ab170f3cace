"""
The aiohttp session of livekit-api, with permission guard and recording.
"""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp

from livekit_conformance.client.exchange import readable
from livekit_conformance.client.exchange import trace as how_far
from livekit_conformance.client.network import loss_of
from livekit_conformance.drivers.api.http_answers import HttpAnswer, HttpRecord
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.observations import Recorder


def open_session(
    permit: Permit, recorder: Recorder, *, keep_alive: bool = True
) -> aiohttp.ClientSession:
    """
    Open a session whose requests are guarded by `permit` and recorded with the answer's raw text.

    It sets no deadline: livekit-api 1.2 would disable it, so the caller sets one.
    """
    tracing = aiohttp.TraceConfig()

    async def on_start(
        _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        permit.require_for_path(params.url.path)
        recorder.redact.learn_from(params.headers.items())
        context.record = HttpRecord(recorder, params.method, str(params.url))

    async def on_headers(
        _: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        context.response = params.response

    async def on_body(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceResponseChunkReceivedParams,
    ) -> None:
        headers = context.response.headers
        context.record.answered(
            HttpAnswer(
                params.method,
                str(params.url),
                status=context.response.status,
                text=readable(params.chunk, headers.get("Content-Type", "")),
                headers=headers,
            )
        )

    async def on_exception(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        context.record.lost(loss_of(params.exception))

    tracing.on_request_start.append(on_start)
    tracing.on_request_end.append(on_headers)
    tracing.on_response_chunk_received.append(on_body)
    tracing.on_request_exception.append(on_exception)
    return aiohttp.ClientSession(
        # A request that waits here for others would look like one that the server lets wait.
        connector=aiohttp.TCPConnector(limit=0, force_close=not keep_alive),
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[tracing, how_far()],
        timeout=aiohttp.ClientTimeout(total=None),
    )
