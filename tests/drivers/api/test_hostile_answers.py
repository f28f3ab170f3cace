"""
Whatever answers a raw request: it is an answer or Unreachable, and takes little memory.
"""

from __future__ import annotations

import asyncio
import tracemalloc
import zlib

import pytest

from livekit_conformance.client.exchange import BODY_KEPT
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.http_client import HttpClient
from livekit_conformance.drivers.api.livekit_api import LIST_ROOMS, ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.client.hostile import (
    ENDLESS,
    HTML,
    answer,
    bomb,
    hostile_answers,
    raw_server,
)

TABLE = list(hostile_answers())
MIB = 1024 * 1024


def http_client() -> HttpClient:
    return HttpClient(Permit.everything(), Recorder(Redactor()), timeout=5)


def api_client(url: str) -> LiveKitClient:
    return LiveKitClient(
        url,
        api_key="APImadeup1234",
        api_secret="made-up-secret-of-the-driver-tests",
        permit=Permit.everything(),
        recorder=Recorder(Redactor()),
    )


async def outcome(http: HttpClient, method: str, url: str) -> HttpAnswer | Unreachable:
    try:
        return await http.request(method, url, redirects=False)
    except Unreachable as unreachable:
        return unreachable


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_hostile_answer_is_an_answer_or_unreachable(method):
    for name, status, raw in TABLE:
        before = asyncio.all_tasks()
        async with raw_server(raw) as server:
            async with http_client() as http:
                seen = await outcome(http, method, server.url)
            if left := asyncio.all_tasks() - before:
                _, left = await asyncio.wait(left, timeout=2)

        assert not left, name
        assert len(str(seen)) < 2000, name
        if isinstance(seen, HttpAnswer):
            assert seen.status == status or not status, name
            assert len(seen.text) <= BODY_KEPT * len("\\xff"), name
        else:
            # httpx reads the address of a redirect even when it does not follow.
            assert not status or "Invalid URL in location header" in str(seen), name


async def test_a_redirect_of_an_api_request_is_its_answer():
    async with raw_server(b"") as other:
        moved = answer("307 Moved", HTML, f"Location: {other.url}/login")
        async with raw_server(moved) as server, api_client(server.url) as client:
            assert (await client.get("/")).status == 307
            assert (await client.post(LIST_ROOMS, bearer=None)).status == 307
            with pytest.raises(ApiRefused, match="Check the URL"):
                await client.list_rooms()
    assert other.received == []


async def test_a_cookie_of_an_answer_is_not_sent_back():
    raw = answer("200 OK", "Content-Type: application/protobuf", "Set-Cookie: made-up=1")
    async with raw_server(raw) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        async with api_client(url) as client:
            for _ in range(2):
                await client.get("/")
                await client.list_rooms()

    assert len(server.received) == 4
    assert not any(b"made-up" in request for request in server.received)


async def test_a_redirect_to_an_odd_host_is_unreachable():
    async with (
        raw_server(answer("302 Found", "Location: http://a..b/")) as server,
        http_client() as http,
    ):
        with pytest.raises(Unreachable) as failed:
            await http.request("GET", server.url)
    assert failed.value.phase == "request"


@pytest.mark.parametrize("pack", [None, "gzip", "deflate"])
async def test_a_body_without_end_takes_little_memory(pack):
    if pack is None:
        raw, endless = answer("200 OK", HTML, length=""), ENDLESS
    else:
        body = bomb(50) if pack == "gzip" else bomb(50, zlib.compress)
        raw, endless = answer("200 OK", HTML, f"Content-Encoding: {pack}", body=body), b""
    async with raw_server(raw, endless=endless) as server, http_client() as http:
        tracemalloc.start()
        try:
            received = await http.request("GET", server.url)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert len(received.text) == BODY_KEPT
    assert peak < 4 * MIB
