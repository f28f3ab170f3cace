from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from livekit_conformance.mock import Faults, Mock
from livekit_conformance.protocol import webhook
from tests.mock import replay
from tests.mock.conftest import StartMock

Delivery = tuple[bytes, str | None]


@asynccontextmanager
async def _endpoint(*statuses: int) -> AsyncIterator[tuple[str, asyncio.Queue[Delivery]]]:
    """
    An endpoint that answers with these statuses in turn, then 200.
    """
    answers = iter(statuses)
    received: asyncio.Queue[Delivery] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        received.put_nowait((await request.read(), request.headers.get("Authorization")))
        return web.Response(status=next(answers, 200))

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", received
    finally:
        await runner.cleanup()


async def _create_and_delete(mock: Mock) -> None:
    bearer = replay.make_token(grants={"video": {"roomCreate": True}})
    headers = {"Authorization": f"Bearer {bearer}"}
    async with aiohttp.ClientSession(mock.url, headers=headers) as client:
        for method, body in (("CreateRoom", {"name": "r"}), ("DeleteRoom", {"room": "r"})):
            async with client.post(f"/twirp/livekit.RoomService/{method}", json=body) as answer:
                assert answer.status == 200


async def _take(received: asyncio.Queue[Delivery], count: int) -> list[Delivery]:
    async with asyncio.timeout(5):
        return [await received.get() for _ in range(count)]


async def _logged(mock: Mock, message: str, count: int) -> list[dict[str, object]]:
    async with asyncio.timeout(5):
        while True:
            lines = [ln for ln in replay.read_log(mock.server_log, 0) if ln["msg"] == message]
            if len(lines) >= count:
                return lines
            await asyncio.sleep(0.01)


async def test_a_server_error_is_tried_again_with_the_same_bytes(start_mock: StartMock) -> None:
    """
    Body and token of a repeated delivery are those of the first one; later events wait.
    """
    async with _endpoint(500, 503) as (url, received):
        mock = await start_mock(webhook_url=url, webhook_retry_delays_s=(0.0, 0.0, 0.0))
        await _create_and_delete(mock)
        first, second, third, last = await _take(received, 4)
        [sent, *_] = await _logged(mock, "sent webhook", 2)

    assert first == second == third
    assert b"room_finished" in last[0]
    assert (sent["status"], sent["statusCode"], sent["event"]) == ("200 OK", 200, "room_started")


@pytest.mark.parametrize("status", [401, 404, 501])
async def test_other_refusals_count_as_sent(start_mock: StartMock, status: int) -> None:
    """
    A 4xx (and 501) is not tried again and is logged as sent with its status.
    """
    async with _endpoint(status) as (url, received):
        mock = await start_mock(webhook_url=url)
        await _create_and_delete(mock)
        await _take(received, 2)
        lines = await _logged(mock, "sent webhook", 2)

    assert [line["statusCode"] for line in lines] == [status, 200]


async def test_a_dead_endpoint_is_given_up_and_logged(start_mock: StartMock) -> None:
    """
    After the last try the log names the event, the endpoint and the number of tries.
    """
    url = "http://127.0.0.1:9/"
    mock = await start_mock(webhook_url=url, webhook_retry_delays_s=(0.0, 0.0))
    await _create_and_delete(mock)
    [line, _] = await _logged(mock, "failed to send webhook", 2)

    assert (line["level"], line["event"], line["url"]) == ("warn", "room_started", url)
    assert str(line["error"]).startswith(f"POST {url} giving up after 3 attempt(s): Post")


async def test_signatures_prove_the_key_unless_faulty(start_mock: StartMock) -> None:
    """
    With webhooks_signed_wrongly the signature is refused for its signature, nothing else.
    """
    keys = {replay.API_KEY: replay.API_SECRET}
    async with _endpoint() as (url, received):
        mock = await start_mock(webhook_url=url, faults=Faults(webhooks_signed_wrongly=True))
        await _create_and_delete(mock)
        [(body, authorization), _] = await _take(received, 2)

    with pytest.raises(webhook.WebhookRefused, match="signature is invalid"):
        webhook.verify(body, authorization, keys=keys, now=time.time())


async def test_webhooks_can_be_dropped(start_mock: StartMock) -> None:
    """
    With webhooks_dropped nothing is delivered and nothing is logged as sent.
    """
    async with _endpoint() as (url, received):
        mock = await start_mock(webhook_url=url, faults=Faults(webhooks_dropped=True))
        await _create_and_delete(mock)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await received.get()

    assert not [ln for ln in replay.read_log(mock.server_log, 0) if "webhook" in ln["msg"]]
