"""
An application that receives webhooks, with one defect, beside a stack.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from urllib.parse import urlsplit

from aiohttp import web

from livekit_conformance.environments.profile import Profile
from livekit_conformance.protocol import webhook
from tests.scenarios.real_stack import Scene

# Handles a delivery: takes body, request and the known keys, and returns a status.
Take = Callable[[bytes, web.Request, dict[str, str]], Awaitable[int]]
Act = Callable[[Scene], Awaitable[None]]


def application(
    take: Take, *, path: str | None = None, moved_to: str | None = None, ahead_s: float = 0.0
) -> Act:
    """
    Return an act that runs the application where livekit-server delivers to.

    It answers POST at `path` (None: the right one); with `moved_to` it redirects from there to that
    path (301) and accepts events there. The Date of its answers is `ahead_s` seconds ahead.
    """

    async def act(broken: Scene) -> None:
        url = broken.stack.webhook_url
        await serve(
            broken, take, path=path or urlsplit(url).path, moved_to=moved_to, ahead_s=ahead_s
        )
        broken.profile = by_the_application(broken.profile, url)

    return act


def by_the_application(profile: Profile, url: str) -> Profile:
    """
    Return the profile of a deployment whose application receives webhooks and runs the agents.
    """
    hook = profile.webhook.model_copy(update={"url": url, "listen": None, "timeout": 2.0})
    return profile.model_copy(update={"webhook": hook, "agent": "deployed"})


async def serve(
    broken: Scene,
    take: Take,
    *,
    path: str,
    moved_to: str | None = None,
    tls: ssl.SSLContext | None = None,
    ahead_s: float = 0.0,
) -> None:
    """
    Run an application on the socket that livekit-server delivers to, until the scene ends.
    """
    keys = {broken.stack.keys.key: broken.stack.keys.secret}

    async def receive(request: web.Request) -> web.Response:
        status = await take(await request.read(), request, keys)
        date = formatdate(time.time() + ahead_s, usegmt=True)
        return web.Response(status=status, headers={"Date": date})

    async def moved(_: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": str(moved_to)})

    served = web.Application()
    if moved_to is None:
        served.router.add_post(path, receive)
    else:
        served.router.add_post(path, moved)
        served.router.add_post(moved_to, receive)
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    broken.beside.push_async_callback(runner.cleanup)
    # A duplicate, because the scene closes the stack's handle when the suites start.
    listener = broken.stack.webhook_listener.dup()
    await web.SockSite(runner, listener, ssl_context=tls).start()


async def verifies(raw: bytes, request: web.Request, keys: dict[str, str]) -> int:
    """
    Verify correctly: the raw body, the bare token.
    """
    return _verdict(raw, request.headers.get("Authorization"), keys)


def verifies_by_a_clock(ahead_s: float) -> Take:
    """
    Return a handler that verifies correctly, by a clock that is so many seconds ahead.
    """

    async def take(raw: bytes, request: web.Request, keys: dict[str, str]) -> int:
        return _verdict(raw, request.headers.get("Authorization"), keys, ahead_s)

    return take


async def verifies_with_another_secret(
    raw: bytes, request: web.Request, keys: dict[str, str]
) -> int:
    """
    Verify with the secret of another deployment.
    """
    others = dict.fromkeys(keys, "the-secret-of-another-deployment")
    return _verdict(raw, request.headers.get("Authorization"), others)


async def wants_bearer(raw: bytes, request: web.Request, keys: dict[str, str]) -> int:
    """
    Expect the token after `Bearer `, as an API gateway does.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return _verdict(raw, token, keys) if scheme == "Bearer" else 401


async def writes_the_body_again(raw: bytes, request: web.Request, keys: dict[str, str]) -> int:
    """
    Hash the parsed body as JSON.stringify would write it.
    """
    again = json.dumps(json.loads(raw), separators=(",", ":"), ensure_ascii=False).encode()
    return _verdict(again, request.headers.get("Authorization"), keys)


async def takes_plain_json_only(raw: bytes, request: web.Request, keys: dict[str, str]) -> int:
    """
    Refuse every content type but application/json, as some frameworks do.
    """
    if request.content_type != "application/json":
        return 415
    return _verdict(raw, request.headers.get("Authorization"), keys)


async def is_too_slow(raw: bytes, request: web.Request, keys: dict[str, str]) -> int:
    """
    Process the event before answering.
    """
    del raw, request, keys
    await asyncio.sleep(60)
    return 200


def always(status: int) -> Take:
    """
    Return a handler with one answer to everything.
    """

    async def take(raw: bytes, request: web.Request, keys: dict[str, str]) -> int:
        del raw, request, keys
        return status

    return take


def _verdict(raw: bytes, token: str | None, keys: dict[str, str], ahead_s: float = 0.0) -> int:
    try:
        webhook.verify(raw, token, keys=keys, now=time.time() + ahead_s)
    except webhook.WebhookRefused:
        return 401
    return 200
