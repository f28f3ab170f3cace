"""
A scripted server and clients of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from aiohttp import web
from google.protobuf.message import Message
from livekit import api

from livekit_conformance.client import DEFAULT_POLICIES, Client
from tests.http_server import Handler, serving

KEY = "APImadeup1234"
SECRET = "made-up-secret-of-the-client-tests"

FAST = DEFAULT_POLICIES.model_copy(
    update={
        name: getattr(DEFAULT_POLICIES, name).scaled(0.002)
        for name in ("livekit", "sip", "webhook")
    }
)


@dataclass
class Server:
    """
    Server with scripted answers by method; a method without one gets an empty message.

    Answers in a list are sent one after the other; the last one is repeated.
    """

    url: str = ""
    answers: dict[str, list[Handler | web.Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.path.rpartition("/")[2]
        self.asked.append(method)
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        answers = self.answers.get(method)
        if not answers:
            return message(api.Room())
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, web.Response):
            return web.Response(
                status=answer.status, body=answer.body, content_type=answer.content_type
            )
        return await answer(request)


def message(answer: Message) -> web.Response:
    return web.Response(body=answer.SerializeToString(), content_type="application/protobuf")


def twirp(status: int, code: str, text: str, **meta: str) -> web.Response:
    error = {"code": code, "msg": text, "meta": meta}
    return web.json_response(error, status=status)


async def hang(_request: web.Request) -> web.Response:
    never: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()
    return await never


async def cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with serving(made.handle) as url:
        made.url = url
        yield made


@pytest_asyncio.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    async with Client(server.url, KEY, SECRET, policies=FAST) as made:
        yield made


@asynccontextmanager
async def one_try(url: str, within: float = 2.0) -> AsyncIterator[Client]:
    """
    Yield a client that makes a single attempt.
    """
    once = FAST.livekit.model_copy(update={"attempts": 1, "timeout": within, "deadline": within})
    policies = FAST.model_copy(update={"livekit": once})
    async with Client(url, KEY, SECRET, policies=policies) as made:
        yield made


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="livekit_conformance.client")
    return caplog
