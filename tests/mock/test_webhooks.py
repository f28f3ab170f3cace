from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web

from livekit_conformance.mock import Faults, Mock
from livekit_conformance.protocol import webhook
from tests.http_server import serving
from tests.mock import replay
from tests.mock.conftest import StartMock


class Delivery(NamedTuple):
    body: bytes
    authorization: str
    content_type: str
    host: str

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


@asynccontextmanager
async def _endpoint(*statuses: int) -> AsyncIterator[tuple[str, asyncio.Queue[Delivery]]]:
    """
    Run an endpoint that answers with these statuses in turn, then 200.
    """
    answers = iter(statuses)
    received: asyncio.Queue[Delivery] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        received.put_nowait(
            Delivery(
                await request.read(),
                request.headers["Authorization"],
                request.content_type,
                request.host,
            )
        )
        return web.Response(status=next(answers, 200))

    async with serving(take) as url:
        yield f"{url}/", received


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
    A repeated delivery has the body and token of the first; later events wait.
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
    A 4xx (and 501) is not retried, and is logged as sent with its status.
    """
    async with _endpoint(status) as (url, received):
        mock = await start_mock(webhook_url=url)
        await _create_and_delete(mock)
        await _take(received, 2)
        lines = await _logged(mock, "sent webhook", 2)

    assert [line["statusCode"] for line in lines] == [status, 200]


async def test_a_dead_endpoint_is_given_up_and_logged(start_mock: StartMock) -> None:
    """
    After the last attempt the log names the event, the endpoint and the number of attempts.
    """
    url = "http://127.0.0.1:9/"
    mock = await start_mock(webhook_url=url, webhook_retry_delays_s=(0.0, 0.0))
    await _create_and_delete(mock)
    [line, _] = await _logged(mock, "failed to send webhook", 2)

    assert (line["level"], line["event"], line["url"]) == ("warn", "room_started", url)
    assert str(line["error"]).startswith(f"POST {url} giving up after 3 attempt(s): Post")


async def test_signatures_prove_the_key_unless_faulty(start_mock: StartMock) -> None:
    """
    With webhooks_signed_wrongly the signature alone is the reason for the refusal.
    """
    keys = {replay.API_KEY: replay.API_SECRET}
    async with _endpoint() as (url, received):
        mock = await start_mock(webhook_url=url, faults=Faults(webhooks_signed_wrongly=True))
        await _create_and_delete(mock)
        [(body, authorization, *_), _] = await _take(received, 2)

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


@pytest.mark.parametrize(
    ("fault", "lie"),
    [
        ("webhooks_old_created_at", lambda d: int(d.event["createdAt"]) < time.time() - 3000),
        ("webhooks_share_an_id", lambda d: d.event["id"] == "EV_theSameAgain"),
        ("webhooks_as_plain_json", lambda d: d.content_type == "application/json"),
        ("webhooks_name_another_host", lambda d: d.host == "elsewhere.invalid"),
    ],
)
async def test_a_fault_tells_its_one_lie(
    start_mock: StartMock, fault: str, lie: Callable[[Delivery], bool]
) -> None:
    """
    Every event has the wrong value with the fault and none without; the signature is valid in both.
    """
    for faults, expected in ((Faults(**{fault: True}), True), (Faults(), False)):
        async with _endpoint() as (url, received):
            mock = await start_mock(webhook_url=url, faults=faults)
            await _create_and_delete(mock)
            deliveries = await _take(received, 2)

        assert [lie(delivery) for delivery in deliveries] == [expected] * 2
        for delivery in deliveries:
            keys = {replay.API_KEY: replay.API_SECRET}
            webhook.verify(delivery.body, delivery.authorization, keys=keys, now=time.time())


async def test_events_can_be_sent_twice(start_mock: StartMock) -> None:
    """
    With webhooks_sent_twice each delivery is repeated before the next event.
    """
    async with _endpoint() as (url, received):
        mock = await start_mock(webhook_url=url, faults=Faults(webhooks_sent_twice=True))
        await _create_and_delete(mock)
        deliveries = await _take(received, 4)

    assert [d.event["event"] for d in deliveries] == ["room_started"] * 2 + ["room_finished"] * 2
    assert len({d.event["id"] for d in deliveries}) == 2


async def test_retries_can_be_left_out(start_mock: StartMock) -> None:
    """
    With webhooks_not_retried a single 500 ends an event's delivery.
    """
    async with _endpoint(500) as (url, received):
        mock = await start_mock(webhook_url=url, faults=Faults(webhooks_not_retried=True))
        await _create_and_delete(mock)
        deliveries = await _take(received, 2)
        [line] = await _logged(mock, "failed to send webhook", 1)

    assert [d.event["event"] for d in deliveries] == ["room_started", "room_finished"]
    assert str(line["error"]).endswith("giving up after 1 attempt(s)")


async def test_refusals_can_be_tried_again(start_mock: StartMock) -> None:
    """
    With webhooks_retried_on_refusal a 404 is retried like a 500.
    """
    async with _endpoint(404) as (url, received):
        mock = await start_mock(
            webhook_url=url,
            webhook_retry_delays_s=(0.0,),
            faults=Faults(webhooks_retried_on_refusal=True),
        )
        await _create_and_delete(mock)
        first, second, last = await _take(received, 3)

    assert first == second
    assert last.event["event"] == "room_finished"


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ("webhook_successes_not_logged", 200, "sent webhook"),
        ("webhook_failures_not_logged", 500, "failed to send webhook"),
    ],
)
async def test_lines_can_be_left_out(
    start_mock: StartMock, fault: str, status: int, message: str
) -> None:
    """
    The line exists without the fault and is missing with it.
    """
    for faults, expected in ((Faults(), True), (Faults(**{fault: True}), False)):
        async with _endpoint(status) as (url, received):
            mock = await start_mock(webhook_url=url, webhook_retry_delays_s=(), faults=faults)
            await _create_and_delete(mock)
            [started, _] = await _take(received, 2)
            if expected:
                await _logged(mock, message, 1)
        id_ = started.event["id"]
        lines = [ln for ln in replay.read_log(mock.server_log, 0) if ln.get("id") == id_]

        assert [line["msg"] for line in lines] == ([message] if expected else [])


@pytest.mark.parametrize(("hides", "told"), [(True, None), (False, 500)])
async def test_the_last_status_is_hidden_as_on_the_real_server(
    start_mock: StartMock, *, hides: bool, told: int | None
) -> None:
    """
    livekit-server 1.13.5 gives up without logging the status; a better one would log it.
    """
    async with _endpoint(500) as (url, _):
        mock = await start_mock(
            webhook_url=url, webhook_retry_delays_s=(), hides_failed_status=hides
        )
        await _create_and_delete(mock)
        [line] = await _logged(mock, "failed to send webhook", 1)

    assert line.get("statusCode") == told
    assert str(line["error"]) == f"POST {url} giving up after 1 attempt(s)"
