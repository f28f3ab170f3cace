"""
The side at fault when no answer came, and the recorded parts of the answers that did.
"""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.api.livekit_api import LIST_ROOMS, ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.environments.policies import DEFAULT_HANDLING
from livekit_conformance.errors import NotPermitted, Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.http_server import serving
from tests.scenarios.wrong_peers import closed_port


def client_of(url: str, *allowed: Effect, timeout: float = 2.0) -> LiveKitClient:
    return LiveKitClient(
        url.replace("http", "ws", 1),
        api_key="APItest",
        api_secret="the-secret-of-the-test-is-long-enough",
        permit=Permit(frozenset(allowed or {Effect.READ})),
        recorder=Recorder(Redactor(["the-secret-of-the-test-is-long-enough"])),
        timeout=timeout,
    )


async def test_a_refused_port_is_the_networks_doing():
    with closed_port("127.0.0.1") as port:
        async with client_of(f"ws://127.0.0.1:{port}") as client:
            with pytest.raises(Unreachable) as failure:
                await client.get("/")

    assert failure.value.phase == "connect"
    assert "refused" in failure.value.detail.lower()
    assert "Check that the service runs" in failure.value.remedy


async def test_a_server_that_never_answers_is_told_as_such():
    async def silent(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async with serving(silent) as url, client_of(url, timeout=0.2) as client:
        with pytest.raises(Unreachable) as failure:
            await client.list_rooms()

    assert failure.value.phase == "answer"
    assert "no answer in time" in failure.value.detail


async def test_an_unknown_host_is_told_as_such():
    async with client_of("ws://livekit.invalid") as client:
        with pytest.raises(Unreachable) as failure:
            await client.get("/")

    assert failure.value.phase == "resolve"


async def test_the_servers_own_words_are_kept_where_the_sdk_drops_them():
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=401, text="invalid API key: APItest")

    async with serving(refuse) as url, client_of(url) as client:
        with pytest.raises(ApiRefused) as failure:
            await client.list_rooms()

    assert failure.value.status == 401
    assert "invalid API key: APItest" in str(failure.value)


@pytest.mark.parametrize(
    ("status", "text", "advice"),
    [
        (401, "invalid API key: APIx", "does not know this key"),
        (401, "error: token signature is invalid: signature is invalid", "another secret"),
        (401, "error: go-jose/go-jose: error in cryptographic primitive", "another secret"),
        (401, "token has invalid claims: token is expired", "NTP"),
        (401, "permissions denied", "lacks the grant"),
        (401, "", "Check the API key"),
        (403, "forbidden", "answers 401"),
        (404, "404 page not found", "path of livekit.url"),
        (503, "no response from servers", "same Redis"),
        (502, "bad gateway", "see its log"),
        (400, "missing trunk", "Correct the request"),
    ],
)
async def test_an_error_of_the_server_says_where_what_and_why(status, text, advice):
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    async with serving(refuse) as url, client_of(url) as client:
        with pytest.raises(ApiRefused) as failure:
            await client.list_rooms()

    error = failure.value
    assert error.url == url + LIST_ROOMS
    assert (error.status, error.text, error.key) == (status, text, "***")
    assert advice in error.hint
    for part in (error.url, str(error.status), error.code, error.text, error.key, error.hint):
        assert part in str(error)


async def test_each_request_is_sent_once_however_many_have_failed(caplog):
    asked = []

    async def fail(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=503)

    async with serving(fail) as url, client_of(url) as client:
        for _ in range(2 * DEFAULT_HANDLING.circuit_breaker.failures):
            with pytest.raises(ApiRefused):
                await client.list_rooms()

    assert len(asked) == 2 * DEFAULT_HANDLING.circuit_breaker.failures
    assert len([o for o in client.recorder.observations if o.kind == "http"]) == len(asked)
    assert caplog.records == []


async def test_what_is_recorded_has_no_secret_and_no_token():
    async def echo(request: web.Request) -> web.Response:
        return web.Response(status=401, text=request.headers["Authorization"])

    async with serving(echo) as url, client_of(url) as client:
        answer = await client.post(LIST_ROOMS, bearer=client.sign(client.claims()))
        recorded = str(client.recorder.observations)

    assert "eyJ" in answer.text
    assert "<token>" in recorded
    assert "eyJ" not in recorded


async def test_what_is_not_allowed_is_not_sent():
    reached = []

    async def count(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response()

    async with serving(count) as url, client_of(url, Effect.READ) as client:
        with pytest.raises(NotPermitted, match="create-rooms"):
            await client.create_room("x")
        with pytest.raises(NotPermitted, match="not a method"):
            await client.post("/twirp/livekit.Egress/StartRoomCompositeEgress", bearer=None)
        assert reached == []

        await client.get("/")
        assert reached == ["/"]
