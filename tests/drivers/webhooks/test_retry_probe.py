"""
Deliveries that are made to fail, against the mock.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from itertools import repeat
from pathlib import Path

import pytest
import pytest_asyncio

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.ownership.ledger import Ledger
from livekit_conformance.drivers.ownership.owner import Owner
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.drivers.webhooks.retry_probe import Tries, refuse_deliveries
from livekit_conformance.mock import Faults, Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.drivers.conftest import KEY, SECRET

HEALTHY = Faults()
Refuse = Callable[..., Awaitable[Tries]]


@pytest_asyncio.fixture
async def refuse(tmp_path: Path) -> AsyncIterator[Refuse]:
    """
    Yield a function that makes webhooks of a mock fail; keywords of `refuse_deliveries`, `faults`.
    """
    recorder = Recorder(Redactor([SECRET]))
    async with AsyncExitStack() as running:

        async def start(
            *, statuses: Iterable[int], faults: Faults = HEALTHY, within: float = 5.0
        ) -> Tries:
            listener = running.enter_context(socket.create_server(("127.0.0.1", 0)))
            config = MockConfig(
                KEY,
                SECRET,
                tmp_path,
                webhook_url=f"http://127.0.0.1:{listener.getsockname()[1]}/hook",
                webhook_retry_delays_s=(0.0, 0.0),
                faults=faults,
            )
            receiver = WebhookReceiver(
                listener, path="/hook", keys={KEY: SECRET}, recorder=recorder
            )
            await running.enter_async_context(receiver)
            mock = await running.enter_async_context(Mock(config))
            ledger = running.enter_context(
                Ledger(tmp_path / "ledger.jsonl", run="r", environment="e", budget=60)
            )
            client = LiveKitClient(
                mock.url,
                api_key=KEY,
                api_secret=SECRET,
                permit=Permit.everything(),
                recorder=recorder,
                owner=Owner(ledger, secret=SECRET),
            )
            await running.enter_async_context(client)
            tries = await refuse_deliveries(
                client, receiver, "room", statuses=statuses, within=within
            )
            assert await client.list_rooms() == []
            return tries

        yield start


@pytest.mark.parametrize(
    ("statuses", "answered"),
    [
        ([500], [500, 200]),
        ([500, 503], [500, 503, 200]),
        (repeat(500), [500, 500, 500]),
        (repeat(404), [404]),
        ([], [200]),
    ],
    ids=["once", "twice", "always", "refused", "never"],
)
async def test_every_try_is_seen_and_the_end_is_proven(refuse, statuses, answered):
    tries = await refuse(statuses=statuses)

    assert [seen.status for seen in tries.started] == answered
    assert len({(seen.id, seen.raw, seen.authorization) for seen in tries.started}) == 1
    assert tries.next is not None
    assert tries.next.event == "room_finished"
    assert f"{len(answered)} deliveries of room_started, answered with {answered}" in str(tries)


async def test_what_does_not_come_is_told(refuse):
    tries = await refuse(statuses=[500], faults=Faults(webhooks_dropped=True), within=0.05)

    assert (tries.started, tries.next) == ((), None)
    assert "0 deliveries" in str(tries)
    assert "room_finished did not follow within 0.05 s" in str(tries)
