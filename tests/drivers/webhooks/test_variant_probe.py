"""
Variants of a signed event that an endpoint accepts show why it refuses the real one.
"""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from email.utils import formatdate

import pytest
import pytest_asyncio
from aiohttp import web

from livekit_conformance.drivers.api.http_client import HttpClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.webhooks.sender import WebhookSender
from livekit_conformance.drivers.webhooks.variant_probe import genuine, taken_trials
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol import webhook
from livekit_conformance.protocol.webhook_trials import BY_ITS_CLOCK
from tests.http_server import serving

KEY, SECRET = "APItest", "the-secret-of-the-test-is-long-enough"
Status = Callable[[bytes, str, str], int]
Serve = Callable[..., Awaitable[WebhookSender]]


@pytest_asyncio.fixture
async def serve(recorder: Recorder) -> AsyncIterator[Serve]:
    """
    Yield a function that starts an endpoint whose status depends on body, token and content type.
    """
    async with AsyncExitStack() as stack:
        permit = Permit.everything()
        http = await stack.enter_async_context(HttpClient(permit, recorder, timeout=5))

        async def start(status: Status, *, moved: int = 0, date: str = "") -> WebhookSender:
            async def take(request: web.Request) -> web.Response:
                if moved and request.path == "/hook":
                    return web.Response(status=moved, headers={"Location": "/hook/"})
                if request.method != "POST":
                    return web.Response(status=405)
                body, token = await request.read(), request.headers.get("Authorization", "")
                headers = {"Date": date} if date else {}
                return web.Response(
                    status=status(body, token, request.content_type), headers=headers
                )

            url = await stack.enter_async_context(serving(take))
            return WebhookSender(http, permit, f"{url}/hook", KEY, SECRET)

        yield start


def _is_signed(body: bytes, token: str, ahead_s: float = 0.0) -> bool:
    try:
        webhook.verify(body, token, keys={KEY: SECRET}, now=time.time() + ahead_s)
    except webhook.WebhookRefused:
        return False
    return True


def as_it_must_be(body: bytes, token: str, _: str) -> int:
    return 200 if _is_signed(body, token) else 401


def bearer(body: bytes, token: str, _: str) -> int:
    scheme, _, rest = token.partition(" ")
    return 200 if scheme == "Bearer" and _is_signed(body, rest) else 401


def plain_json(body: bytes, token: str, content_type: str) -> int:
    return as_it_must_be(body, token, "") if content_type == "application/json" else 415


def like_javascript(body: bytes, token: str, _: str) -> int:
    again = json.dumps(json.loads(body), separators=(",", ":")).encode()
    return 200 if _is_signed(again, token) else 401


def like_python(body: bytes, token: str, _: str) -> int:
    return 200 if _is_signed(json.dumps(json.loads(body)).encode(), token) else 401


@pytest.mark.parametrize(
    ("status", "taken"),
    [
        (bearer, ["bearer"]),
        (plain_json, ["plain-json"]),
        (like_javascript, ["compact"]),
        (like_python, ["spaced"]),
        (lambda *_: 401, []),
    ],
)
async def test_the_one_form_that_is_taken_is_found(serve, recorder, status, taken):
    endpoint = await serve(status)

    answer = await genuine(endpoint, recorder)

    assert answer.status in {401, 415}
    assert await taken_trials(endpoint, recorder, answer) == taken
    trials = {seen.trial: seen.status for seen in recorder.observations if seen.kind == "endpoint"}
    assert [trial for trial, status in trials.items() if status == 200] == taken


@pytest.mark.parametrize("ahead_s", [-600.0, 600.0])
async def test_an_event_that_is_signed_by_the_clock_of_the_endpoint_is_taken(
    serve, recorder, ahead_s
):
    def by_its_clock(body: bytes, token: str, _: str) -> int:
        return 200 if _is_signed(body, token, ahead_s) else 401

    endpoint = await serve(by_its_clock, date=formatdate(time.time() + ahead_s, usegmt=True))

    answer = await genuine(endpoint, recorder)

    assert answer.status == 401
    assert await taken_trials(endpoint, recorder, answer) == [BY_ITS_CLOCK]


async def test_a_date_that_is_none_leads_to_no_trial(serve, recorder):
    endpoint = await serve(lambda *_: 401, date="yesterday")

    assert await taken_trials(endpoint, recorder, await genuine(endpoint, recorder)) == []


async def test_a_good_endpoint_takes_the_event_as_livekit_server_sends_it(serve, recorder):
    answer = await genuine(await serve(as_it_must_be), recorder)

    assert (answer.status, answer.redirected) == (200, 0)


@pytest.mark.parametrize(("moved", "status"), [(308, 200), (301, 405)])
async def test_a_redirect_is_followed_as_livekit_server_does_and_told(
    serve, recorder, moved, status
):
    answer = await genuine(await serve(as_it_must_be, moved=moved), recorder)

    assert (answer.status, answer.redirected) == (status, moved)


async def test_an_endpoint_without_an_answer_is_recorded_and_unreachable(recorder):
    async with HttpClient(Permit.everything(), recorder, timeout=5) as http:
        endpoint = WebhookSender(http, Permit.everything(), "http://127.0.0.1:1/hook", KEY, SECRET)
        with pytest.raises(Unreachable):
            await genuine(endpoint, recorder)

    (seen,) = [seen for seen in recorder.observations if seen.kind == "endpoint"]
    assert (seen.status, seen.phase) == (None, "connect")
