"""
Servers that answer slowly or without end: every client ends by its own deadline, has read little,
and blames the server.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from types import MappingProxyType

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.client import Client, LiveKitError
from livekit_conformance.doctor import server as doctor
from livekit_conformance.doctor.findings import LinkMark
from livekit_conformance.drivers.agent import stand_in
from livekit_conformance.drivers.agent.stand_in import AgentStandIn
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.http_client import HttpClient
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.webhooks.sender import WebhookSender, new_event
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.client.conftest import FAST, KEY, SECRET, one_try
from tests.client.hostile import ENDLESS, PROTOBUF, answer, bomb, raw_server

# Much longer than the time between two bytes: a limit for each read would never pass.
DEADLINE_S = 0.3
PAUSE_S = 0.05
# What the sockets of both sides hold, and what a client may read.
MOST_BYTES = 16 * 1024 * 1024

_OPEN = answer("200 OK", PROTOBUF, length="Content-Length: 100000")
_CHUNK = b"%x\r\n%s\r\n" % (len(ENDLESS), ENDLESS)
_CHUNKED = answer("200 OK", PROTOBUF, length="Transfer-Encoding: chunked")
_GZIP = "Content-Encoding: gzip"
# What is sent at once, what again and again, and the seconds before each.
SERVERS = MappingProxyType(
    {
        "head-drips": (b"HTTP/1.1 200 OK\r\nX-Made-Up: ", b"x", PAUSE_S),
        "body-drips": (_OPEN, b"x", PAUSE_S),
        "line-of-head-without-end": (b"HTTP/1.1 200 OK\r\nX-Made-Up: ", b"x" * 65536, 0.0),
        "head-without-end": (b"HTTP/1.1 200 OK\r\n", b"X-Made-Up: x\r\n" * 4096, 0.0),
        "body-without-end": (answer("200 OK", PROTOBUF, length=""), ENDLESS, 0.0),
        "chunks-without-end": (_CHUNKED, _CHUNK, 0.0),
        "gzip-bomb": (answer("200 OK", PROTOBUF, _GZIP, body=bomb(50)), b"", 0.0),
    }
)


def http_client() -> HttpClient:
    return HttpClient(Permit.everything(), Recorder(Redactor()), timeout=DEADLINE_S)


def api_client(url: str) -> LiveKitClient:
    return LiveKitClient(
        url,
        api_key=KEY,
        api_secret=SECRET,
        permit=Permit.everything(),
        recorder=Recorder(Redactor()),
        timeout=DEADLINE_S,
    )


async def probe(url: str) -> HttpAnswer:
    async with http_client() as http:
        return await http.request("GET", url)


async def send_webhook(url: str) -> HttpAnswer:
    async with http_client() as http:
        sender = WebhookSender(http, Permit.everything(), url, KEY, SECRET, within=DEADLINE_S)
        return await sender.send(new_event())


async def call_api(url: str) -> None:
    async with api_client(url) as client:
        await client.list_rooms()


async def call_client(url: str) -> None:
    async with one_try(url, DEADLINE_S) as client:
        await client.list_rooms()


async def deliver(url: str) -> None:
    once = FAST.webhook.model_copy(update={"attempts": 1, "timeout": DEADLINE_S})
    policies = FAST.model_copy(update={"webhook": once})
    async with Client(url, KEY, SECRET, policies=policies) as client:
        await client.deliver(f"{url}/hook", {"id": "EV_1"})


async def examine(url: str) -> None:
    async with api_client(url) as client:
        (finding, *_) = await doctor.greet(client)
    assert finding.link is Link.SERVER
    if finding.mark is LinkMark.PROBLEM:
        raise _BlamedError(finding.text.en)


class _BlamedError(Exception):
    """
    Problem that the doctor has with livekit-server.
    """


CLIENTS = MappingProxyType(
    {each.__name__: each for each in (probe, send_webhook, call_api, call_client, deliver, examine)}
)


@pytest.fixture
async def agent(monkeypatch):
    """
    Yield a function that points the running agent at a server.
    """
    monkeypatch.setattr(stand_in, "_ANSWER_WITHIN_S", DEADLINE_S)
    recorder = Recorder(Redactor())
    made = AgentStandIn("", api_key=KEY, api_secret=SECRET, tone_hz=440, recorder=recorder)

    def at(url):
        made._url = url.replace("http", "ws")
        return made

    async with made:
        yield at


# What each raises; the type names the party. The texts of the others may name this machine.
_BLAMES = (Unreachable, ApiRefused, LiveKitError, _BlamedError)


# A body that is cut off is an answer to some: they look at its beginning only.
ENDS_AT_ONCE = frozenset({"body-without-end", "chunks-without-end", "gzip-bomb"})


async def blame_for(url: str, ask: Callable[[str], Awaitable[object]]) -> Exception | None:
    try:
        await ask(url)
    except _BLAMES as blame:
        return blame
    return None


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", SERVERS)
async def test_a_server_that_never_ends_is_left_and_blamed(client, name):
    first, again, pause = SERVERS[name]
    async with raw_server(first, endless=again, pause=pause) as server:
        began = time.monotonic()
        blame = await blame_for(server.url, CLIENTS[client])
        took = time.monotonic() - began

    assert blame is not None or name in ENDS_AT_ONCE
    assert getattr(blame, "phase", "answer") == "answer", blame
    assert not getattr(blame, "is_local", False), blame
    assert len(str(blame)) < 2000
    assert took < DEADLINE_S + 1.0
    assert server.sent < MOST_BYTES


async def test_the_agent_gives_up_joining_by_its_own_deadline(agent):
    # The SDK reads in a process of its own; how much it reads is not ours to limit.
    for name in ("head-drips", "body-drips", "head-without-end"):
        first, again, pause = SERVERS[name]
        async with raw_server(first, endless=again, pause=pause) as server:
            began = time.monotonic()
            with pytest.raises(Blocked) as failed:
                await agent(server.url).join("made-up")
            took = time.monotonic() - began

        assert took < DEADLINE_S + 1.0, name
        assert "failed to join made-up" in failed.value.reason, name
