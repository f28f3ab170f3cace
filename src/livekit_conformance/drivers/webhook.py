"""
Our own webhook endpoint, and a sender of signed events for somebody else's.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.http import HttpAnswer, exchange
from livekit_conformance.drivers.permit import Permit
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol import webhook

_BODY_LIMIT = 64 * 1024
_SHUTDOWN_S = 1.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    One delivery: when it came, what it says, and why its sender is not proven (None: it is).
    """

    at: float
    body: Mapping[str, Any]
    content_type: str
    problem: str | None

    @property
    def event(self) -> str:
        """
        The name of the event, for instance room_started.
        """
        return str(self.body.get("event", ""))

    @property
    def id(self) -> str:
        """
        The id of the event, the same in every retry.
        """
        return str(self.body.get("id", ""))

    @property
    def created_at(self) -> float:
        """
        When the event happened, in Unix seconds; 0 when it does not say.
        """
        # protobuf-JSON writes 64-bit numbers as text.
        try:
            return float(self.body.get("createdAt", 0))
        except (TypeError, ValueError):
            return 0.0

    @property
    def room(self) -> str:
        """
        The name of the room that the event is about.
        """
        return str(self.body.get("room", {}).get("name", ""))

    @property
    def participant(self) -> Mapping[str, Any]:
        """
        The participant that the event is about; empty when there is none.
        """
        found = self.body.get("participant", {})
        return found if isinstance(found, dict) else {}


OnArrival = Callable[[Arrival], Coroutine[Any, Any, None]]


class WebhookReceiver:
    """
    Takes deliveries on one path of a listening socket. Use it as an asynchronous context manager.

    An event is judged before it is believed: size, content type, signature over the raw bytes.
    Only proven events reach `on_arrival`, each id once; the answer does not wait for it.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        path: str,
        keys: Mapping[str, str],
        recorder: Recorder,
    ) -> None:
        self.arrivals: list[Arrival] = []
        self.on_arrival: OnArrival | None = None
        self._listener = listener
        self._path = path
        self._keys = keys
        self._recorder = recorder
        self._changed = asyncio.Condition()
        self._seen: set[str] = set()
        self._work: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=_BODY_LIMIT)
        application.router.add_post(self._path, self._receive)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def forget(self) -> None:
        """
        Do no work on what arrives from now on.
        """
        self.on_arrival = None

    async def wait_for(
        self, wanted: Callable[[Arrival], bool], *, within: float, since: float = 0.0
    ) -> Arrival | None:
        """
        The first proven arrival after `since` (Unix seconds) that is wanted; None when the
        deadline passes first.
        """

        def find() -> Arrival | None:
            good = (seen for seen in self.arrivals if seen.problem is None and seen.at >= since)
            return next(filter(wanted, good), None)

        try:
            async with asyncio.timeout(within), self._changed:
                while (found := find()) is None:
                    await self._changed.wait()
                return found
        except TimeoutError:
            return None

    async def _receive(self, request: web.Request) -> web.Response:
        # Raises HTTPRequestEntityTooLarge (413) without reading past the limit.
        raw = await request.read()
        arrival = self._judge(raw, request)
        self.arrivals.append(arrival)
        self._recorder.record(
            arrival.at,
            "webhook",
            f"{arrival.event or 'unreadable'} {arrival.room}".strip(),
            event=arrival.event,
            room=arrival.room,
            id=arrival.id,
            participant=arrival.participant.get("identity"),
            verified=arrival.problem is None,
            problem=arrival.problem,
        )
        async with self._changed:
            self._changed.notify_all()
        if arrival.problem is not None:
            return web.Response(status=401, text=arrival.problem)
        if arrival.id not in self._seen:
            self._seen.add(arrival.id)
            self._start(arrival)
        return web.Response()

    def _judge(self, raw: bytes, request: web.Request) -> Arrival:
        now = time.time()
        problem: str | None = None
        body: dict[str, Any] = {}
        try:
            webhook.verify(raw, request.headers.get("Authorization"), keys=self._keys, now=now)
            parsed = json.loads(raw)
            if isinstance(parsed, dict) and parsed.get("event") and parsed.get("id"):
                body = parsed
            else:
                problem = "the event has no name or no id"
        except webhook.WebhookRefused as refused:
            problem = refused.text
        except ValueError as error:
            problem = f"the body is not JSON: {error}"
        return Arrival(now, body, request.content_type, problem)

    def _start(self, arrival: Arrival) -> None:
        if self.on_arrival is None:
            return
        task = asyncio.create_task(self.on_arrival(arrival))
        self._work.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._recorder.record(
                time.time(), "agent", f"the work on an event failed: {error}", error=repr(error)
            )


async def send_event(
    session: aiohttp.ClientSession,
    permit: Permit,
    url: str,
    event: Mapping[str, Any],
    *,
    api_key: str,
    api_secret: str,
    within: float,
) -> HttpAnswer:
    """
    Deliver `event` as livekit-server would; raises Unreachable without an answer `within` seconds.
    """
    permit.require(Effect.SEND_WEBHOOKS, f"a webhook to {urlsplit(url).netloc}")
    body = json.dumps(event).encode()
    headers = webhook.signed(body, api_key=api_key, api_secret=api_secret, now=time.time())
    with exchange("POST", url) as answer:
        async with session.post(
            url, data=body, headers=headers, timeout=aiohttp.ClientTimeout(total=within)
        ) as response:
            await response.read()
    return answer
