"""
Our own webhook endpoint: a model for applications, and the witness of all deliveries.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from livekit_conformance import run_clock
from livekit_conformance.observations import AgentAction, Recorder, WebhookArrival
from livekit_conformance.protocol import token, webhook
from livekit_conformance.protocol.webhook_arrival import Arrival

# The events of livekit-server have 0.5 to 4 kB; a room's metadata may have 64 kB of its own.
BODY_LIMIT: Final = 64 * 1024
_SHUTDOWN_S = 1.0
_ID: Final = re.compile(rb'"id":\s*"(EV_[\w-]{1,40})"')


OnArrival = Callable[[Arrival], Coroutine[Any, Any, None]]


class WebhookReceiver:
    """
    Accept deliveries on one path of a listening socket. Use it as an asynchronous context manager.

    Every event is verified first: size, content type, signature over the raw bytes, time, shape.
    Only proven events are `taken`, each id once; the answer does not wait for `on_arrival`. A
    refused sender receives only a status; the reason is in `log`, which is the log of the
    application that this endpoint stands in for.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        path: str,
        keys: Mapping[str, str],
        recorder: Recorder,
        log: Path | None = None,
        clock: Callable[[], float] = time.time,
        read_within: float = 5.0,
    ) -> None:
        self.arrivals: list[Arrival] = []
        self.taken: list[Arrival] = []
        # Requests for other paths; their bodies are not read.
        self.strays: list[str] = []
        self.on_arrival: OnArrival | None = None
        self._listener = listener
        self._path = path
        self._keys = keys
        self._recorder = recorder
        self._log = log
        self._clock = clock
        self._read_within = read_within
        self._changed = asyncio.Condition()
        self._scripts: dict[tuple[str, str], Iterator[int]] = {}
        # Time after which each id may be forgotten, oldest first.
        self._seen: dict[str, float] = {}
        self._work: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post(self._path, self._receive)
        if self._path != "/":
            application.router.add_route("*", "/{elsewhere:.*}", self._stray)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            shutdown_timeout=_SHUTDOWN_S,
            # The rest of a refused body is not read, and nothing is decompressed: small bodies
            # can hold large ones.
            lingering_time=0,
            auto_decompress=False,
        )
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
        Stop calling `on_arrival` for new deliveries.
        """
        self.on_arrival = None

    def script(self, event: str, room: str, statuses: Iterable[int]) -> None:
        """
        Answer proven deliveries of `event` of our own `room` with these statuses, then with 200.

        A delivery that is not answered with 2xx is not taken.
        """
        self._scripts[event, room] = iter(statuses)

    def deliveries(self, room: str, event: str | None = None) -> list[Arrival]:
        """
        Return the proven arrivals of a room, or those of one kind of event, oldest first.
        """
        return [
            seen
            for seen in self.arrivals
            if seen.problem is None and seen.room == room and event in (None, seen.event)
        ]

    async def wait_for(
        self, wanted: Callable[[Arrival], bool], *, within: float, since: float = 0.0
    ) -> Arrival | None:
        """
        Return the first wanted, proven arrival after `since` (Unix seconds).

        Return None if there is none within `within` seconds.
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
        now = self._clock()
        raw, problem, unproven = b"", None, None
        body: dict[str, Any] = {}
        try:
            raw = await _read(request, within=self._read_within)
            body = self._proven(raw, request, now)
            status = next(self._scripts.get(_key(body), iter(())), HTTPStatus.OK)
        except _RefusedError as refused:
            status, problem = refused.status, _printable(refused.text)
            unproven = refused.unproven
        arrival = Arrival(
            run_clock.now(),
            body,
            request.content_type,
            problem,
            unproven,
            status=int(status),
            host=request.host,
            raw=raw,
            authorization=request.headers.get("Authorization", ""),
        )
        await self._note(arrival)
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._take(arrival, now)
        return web.Response(status=status)

    def _proven(self, raw: bytes, request: web.Request, now: float) -> dict[str, Any]:
        # The dedicated media type keeps frameworks from parsing before the signature is checked.
        if request.content_type != webhook.CONTENT_TYPE or "Content-Encoding" in request.headers:
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"not {webhook.CONTENT_TYPE}")
        try:
            webhook.verify(raw, request.headers.get("Authorization"), keys=self._keys, now=now)
        except webhook.WebhookRefused as refused:
            raise _RefusedError(
                HTTPStatus.UNAUTHORIZED, refused.text, refused.exact_reason
            ) from refused
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from error
        if not isinstance(body, dict) or not all(
            isinstance(body.get(name), str) and body[name] for name in ("event", "id")
        ):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "the event has no name or no id")
        return body

    async def _note(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        text = f"{arrival.event or 'unproven'} {arrival.room} -> {arrival.status}"
        self._recorder.record(
            WebhookArrival(
                arrival.at,
                text.replace("  ", " "),
                event=arrival.event,
                room=arrival.room,
                id=arrival.id,
                participant=arrival.participant.get("identity"),
                created_at=arrival.created_at,
                verified=arrival.problem is None,
                problem=arrival.problem,
                unproven=arrival.unproven,
                status=arrival.status,
            )
        )
        if arrival.problem is not None:
            self._write(
                "warn",
                "webhook refused",
                status=arrival.status,
                error=arrival.problem,
                id=_claimed_id(arrival.raw),
            )
        async with self._changed:
            self._changed.notify_all()

    def _take(self, arrival: Arrival, now: float) -> None:
        for id_ in [known for known, until in self._seen.items() if until < now]:
            del self._seen[id_]
        if arrival.id in self._seen:
            self._write("info", "webhook ignored", error="replayed", id=arrival.id)
            return
        self._seen[arrival.id] = now + webhook.REPLAYABLE_FOR_S
        self.taken.append(arrival)
        if self.on_arrival is not None:
            task = asyncio.create_task(self.on_arrival(arrival))
            self._work.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            text = f"handling an event failed: {error}"
            self._recorder.record(AgentAction(run_clock.now(), text, error=repr(error)))

    async def _stray(self, request: web.Request) -> web.Response:
        stray = _printable(f"{request.method} {request.raw_path}")
        self.strays.append(stray)
        text = f"{stray} -> 404"
        self._recorder.record(
            WebhookArrival(run_clock.now(), text, participant=None, problem=None, status=404)
        )
        here = request.path == self._path
        return web.Response(
            status=HTTPStatus.METHOD_NOT_ALLOWED if here else HTTPStatus.NOT_FOUND,
        )

    def _write(self, level: str, message: str, **fields: object) -> None:
        if self._log is None:
            return
        line = {"level": level, "ts": time.time(), "logger": "application", "msg": message}
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line | fields) + "\n")


def _claimed_id(raw: bytes) -> str | None:
    """
    Return the id in an event that nobody has proven, for the log only.
    """
    found = _ID.search(raw)
    return found[1].decode() if found else None


class _RefusedError(Exception):
    """
    A delivery to be answered with an error; `unproven` if its signature is at fault.
    """

    def __init__(
        self,
        status: HTTPStatus,
        text: str,
        unproven: webhook.Unproven | token.TokenRefusal | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.unproven = unproven


async def _read(request: web.Request, *, within: float) -> bytes:
    """
    Return the body if it has at most BODY_LIMIT bytes and arrives in time; read no byte beyond.
    """
    too_large = _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {BODY_LIMIT} bytes")
    if (request.content_length or 0) > BODY_LIMIT:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(within):
            while len(body) < BODY_LIMIT and (
                chunk := await request.content.read(BODY_LIMIT - len(body))
            ):
                body += chunk
    except TimeoutError as error:
        raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, f"the body is broken: {error}") from error
    # Only another read would show whether more follows, so a full body without a length is refused.
    if request.content_length is None and len(body) == BODY_LIMIT:
        raise too_large
    return bytes(body)


def _key(body: Mapping[str, Any]) -> tuple[str, str]:
    room = body.get("room")
    return str(body["event"]), str(room.get("name", "")) if isinstance(room, dict) else ""


def _printable(text: str) -> str:
    # Headers and tokens of strangers can hold characters that UTF-8 cannot encode.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
