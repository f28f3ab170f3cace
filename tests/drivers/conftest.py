"""
Recorder of the drivers under test, and a webhook endpoint with its sender.
"""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from livekit_conformance.drivers.api.http_client import HttpClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.drivers.webhooks.sender import WebhookSender
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.drivers.sip_server import ACCOUNT

KEY, SECRET = "APItest", "the-secret-of-the-test-is-long-enough"

StartReceiver = Callable[..., Awaitable[tuple[WebhookReceiver, WebhookSender]]]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(Redactor([ACCOUNT.password]))


@pytest_asyncio.fixture
async def start_receiver() -> AsyncIterator[StartReceiver]:
    """
    Yield a function that starts our webhook endpoint at /hook with a sender; keywords configure it.
    """
    recorder = Recorder(Redactor([SECRET]))
    async with AsyncExitStack() as running:

        async def start(**settings: Any) -> tuple[WebhookReceiver, WebhookSender]:
            listener = running.enter_context(socket.create_server(("127.0.0.1", 0)))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
            receiver = WebhookReceiver(
                listener, path="/hook", keys={KEY: SECRET}, recorder=recorder, **settings
            )
            await running.enter_async_context(receiver)
            http = HttpClient(Permit.everything(), recorder, timeout=5)
            await running.enter_async_context(http)
            return receiver, WebhookSender(http, Permit.everything(), url, KEY, SECRET)

        yield start
