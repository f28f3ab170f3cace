"""
Our webhook endpoint believes only what is proven.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from livekit_conformance.drivers.http import open_session
from livekit_conformance.drivers.permit import Permit
from livekit_conformance.drivers.webhook import Arrival, WebhookReceiver, send_event
from livekit_conformance.errors import NotPermitted
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol import webhook
from livekit_conformance.redaction import Redactor

KEY, SECRET = "APItest", "the-secret-of-the-test-is-long-enough"
EVENT = {"event": "room_started", "id": "EV_1", "room": {"name": "r"}}


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[tuple[str, WebhookReceiver, aiohttp.ClientSession]]:
    recorder = Recorder(Redactor([SECRET]))
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    receiver = WebhookReceiver(listener, path="/hook", keys={KEY: SECRET}, recorder=recorder)
    async with receiver, open_session(Permit.everything(), recorder, timeout=5) as session:
        yield url, receiver, session


async def send(session, url, event=EVENT, *, secret=SECRET):
    return await send_event(
        session, Permit.everything(), url, event, api_key=KEY, api_secret=secret, within=5
    )


async def test_a_signed_event_arrives(endpoint):
    url, receiver, session = endpoint

    assert (await send(session, url)).status == 200

    arrival = await receiver.wait_for(lambda seen: seen.event == "room_started", within=1)
    assert arrival is not None
    assert (arrival.id, arrival.room, arrival.problem) == ("EV_1", "r", None)


async def test_a_wrong_secret_is_refused_and_not_believed(endpoint):
    url, receiver, session = endpoint

    answer = await send(session, url, secret="another-secret-that-is-long-enough-too")

    assert answer.status == 401
    assert receiver.arrivals[0].problem
    assert await receiver.wait_for(lambda seen: True, within=0.05) is None


async def test_a_changed_body_is_refused(endpoint):
    url, _receiver, session = endpoint
    body = json.dumps(EVENT).encode()
    headers = webhook.signed(body, api_key=KEY, api_secret=SECRET, now=time.time())

    async with session.post(url, data=body + b" ", headers=headers) as changed:
        assert changed.status == 401
    async with session.post(url, data=body, headers=headers) as same:
        assert same.status == 200


@pytest.mark.parametrize("body", [b"[]", b"{}", b"{", b'{"event":"x"}', b"\xff\xfe"])
async def test_a_signed_body_that_is_no_event_is_refused(endpoint, body):
    url, _receiver, session = endpoint
    headers = webhook.signed(body, api_key=KEY, api_secret=SECRET, now=time.time())

    async with session.post(url, data=body, headers=headers) as answer:
        assert answer.status == 401


async def test_a_large_body_is_cut_off(endpoint):
    url, _receiver, session = endpoint

    async with session.post(url, data=b"x" * 70_000) as answer:
        assert answer.status == 413
    assert (await send(session, url)).status == 200


async def test_a_replayed_event_is_worked_on_once(endpoint):
    url, receiver, session = endpoint
    worked: list[str] = []

    async def work(arrival: Arrival) -> None:
        worked.append(arrival.id)

    receiver.on_arrival = work
    await send(session, url)
    await send(session, url)
    await send(session, url, {**EVENT, "id": "EV_2"})

    assert await receiver.wait_for(lambda seen: seen.id == "EV_2", within=1)
    assert worked == ["EV_1", "EV_2"]


async def test_nothing_is_sent_without_the_effect(endpoint):
    url, receiver, session = endpoint

    with pytest.raises(NotPermitted, match="send-webhooks"):
        await send_event(
            session, Permit(frozenset()), url, EVENT, api_key=KEY, api_secret=SECRET, within=5
        )
    assert receiver.arrivals == []
