"""
An application's webhook endpoint in place of the suite's own: healthy, or with one defect.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from livekit_conformance.environments.profile import LogSource, Profile
from livekit_conformance.protocol import token, webhook

Reason = webhook.Unproven | token.TokenRefusal

_SLOW_S = 1.2
_LIMIT = 64 * 1024
_FIELDS = frozenset({"event", "room", "participant", "track", "id", "createdAt"})


@dataclass(frozen=True)
class Application:
    """
    Defects of an endpoint:
       believes: reasons for which it does not refuse.
       slow: it answers after 1.2 s.
       fails_on_garbage: a body that is not JSON is an internal error, 500.
       strict: so is an event or field that it does not know, or an event that begins with its id.
       open_to_all: it answers 200 to any path and any method.
       unlimited: it reads bodies of any size.
       acts_on_replays: it processes an id again that it has seen before.
       silent: it does not log the reason for a refusal.
    """

    believes: frozenset[Reason] = frozenset()
    slow: bool = False
    fails_on_garbage: bool = False
    strict: bool = False
    open_to_all: bool = False
    unlimited: bool = False
    acts_on_replays: bool = False
    silent: bool = False

    @asynccontextmanager
    async def beside(self, profile: Profile) -> AsyncIterator[Profile]:
        """
        Run at the URL livekit-server delivers to, in place of the suite's own receiver.
        """
        livekit, url = profile.livekit, urlsplit(profile.webhook.url)
        with TemporaryDirectory() as folder:
            log = Path(folder) / "application.log"
            log.touch()
            keys = {livekit.api_key: livekit.api_secret.get_secret_value()}
            served = _Served(self, url.path, keys, log).application()
            runner = web.AppRunner(served, access_log=None, lingering_time=0)
            await runner.setup()
            try:
                await web.TCPSite(runner, url.hostname, url.port).start()
                yield profile.model_copy(
                    update={
                        "webhook": profile.webhook.model_copy(update={"listen": None}),
                        "logs": (*profile.logs, LogSource(service="application", path=log)),
                    }
                )
            finally:
                await runner.cleanup()


@dataclass
class _Served:
    is_: Application
    path: str
    keys: dict[str, str]
    log: Path
    seen: set[str] = field(default_factory=set)

    def application(self) -> web.Application:
        served = web.Application(client_max_size=2**30 if self.is_.unlimited else _LIMIT)
        served.router.add_post(self.path, self.take)
        if self.is_.open_to_all:
            served.router.add_route("*", "/{anywhere:.*}", self.welcome)
        return served

    async def welcome(self, _: web.Request) -> web.Response:
        return web.Response()

    async def take(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > _LIMIT and not self.is_.unlimited:
            return web.Response(status=413)
        raw = await request.read()
        if self.is_.slow:
            await asyncio.sleep(_SLOW_S)
        try:
            webhook.verify(
                raw, request.headers.get("Authorization"), keys=self.keys, now=time.time()
            )
        except webhook.WebhookRefused as refused:
            cause = refused.__cause__
            reason = cause.reason if isinstance(cause, token.TokenRefused) else refused.reason
            if reason not in self.is_.believes:
                self.write("refused", refused.text)
                return web.Response(status=401)
        try:
            event = json.loads(raw)
        except ValueError:
            return web.Response(status=500 if self.is_.fails_on_garbage else 400)
        if self.is_.strict and not _is_known(event):
            return web.Response(status=500)
        if event["id"] in self.seen and not self.is_.acts_on_replays:
            self.write("ignored", f"{event['id']} is a duplicate")
        self.seen.add(event["id"])
        return web.Response()

    def write(self, what: str, why: str) -> None:
        if what == "refused" and self.is_.silent:
            return
        line = {"ts": time.time(), "level": "info", "msg": f"webhook {what}", "why": why}
        with self.log.open("a") as log:
            log.write(json.dumps(line) + "\n")


def _is_known(event: dict[str, Any]) -> bool:
    return (
        set(event) <= _FIELDS
        and not event["event"].startswith("conformance")
        and list(event).index("event") < list(event).index("id")
    )
