"""
Deliver webhooks as livekit-server does: in order for each room, signed, retried after failures.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from google.protobuf.json_format import MessageToDict
from livekit.protocol.webhook import WebhookEvent

from livekit_conformance.mock.config import MockConfig
from livekit_conformance.mock.logs import ServiceLog
from livekit_conformance.protocol import webhook

# An event that waits longer than this is dropped, `webhook.resource_url_notifier.max_age`.
MAX_AGE_S: Final = 30.0

_AN_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class _Queued:
    event: WebhookEvent
    at: float


class WebhookQueues:
    """
    One first-in-first-out queue for each room; rooms do not wait for each other.
    """

    def __init__(self, config: MockConfig, log: ServiceLog, client: aiohttp.ClientSession) -> None:
        self._config = config
        self._log = log
        self._client = client
        self._queues: dict[str, asyncio.Queue[_Queued]] = {}
        self._workers: list[asyncio.Task[None]] = []

    def queue(self, event: WebhookEvent) -> None:
        """
        Send `event` after the earlier events of its room are done.
        """
        faults = self._config.faults
        lost = faults.webhooks_dropped or (
            faults.leave_not_told and event.event == "participant_left"
        )
        if self._config.webhook_url is None or lost:
            return
        room = event.room.name
        if room not in self._queues:
            self._queues[room] = asyncio.Queue()
            self._workers.append(asyncio.create_task(self._work(self._queues[room])))
        if faults.webhooks_share_an_id:
            event.id = "EV_theSameAgain"
        if faults.tracks_share_an_id and event.event == "track_published":
            event.id = f"EV_{event.room.sid}"
        if faults.webhooks_old_created_at:
            event.created_at -= _AN_HOUR_S
        self._queues[room].put_nowait(_Queued(event, time.monotonic()))

    async def close(self) -> None:
        """
        Stop at once; queued events are not sent.
        """
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self, queue: asyncio.Queue[_Queued]) -> None:
        while True:
            await self._process(await queue.get(), queue.qsize())

    async def _process(self, queued: _Queued, left: int) -> None:
        assert self._config.webhook_url is not None
        waited = time.monotonic() - queued.at
        fields = {
            **_fields(queued.event, self._config.webhook_url),
            "queueDuration": waited,
            "qLen": left,
        }
        if waited > MAX_AGE_S:
            self._log.write("info", "dropped webhook", part="webhook", **fields, reason="age")
            return
        faults = self._config.faults
        started = time.monotonic()
        try:
            for _ in range(2 if faults.webhooks_sent_twice else 1):
                status = await self._deliver(queued.event, self._config.webhook_url)
        except _GivenUpError as error:
            fields |= {"sendDuration": time.monotonic() - started, "error": str(error)}
            if not self._config.hides_failed_status:
                fields |= {"statusCode": error.status}
            if not faults.webhook_failures_not_logged:
                self._log.write("warn", "failed to send webhook", part="webhook", **fields)
            return
        fields |= {
            "sendDuration": time.monotonic() - started,
            "status": f"{status} {_phrase(status)}",
            "statusCode": status,
        }
        # A refusal counts as sent too: the real sender checks only for 5xx and 429.
        if not faults.webhook_successes_not_logged:
            self._log.write("info", "sent webhook", part="webhook", **fields)

    async def _deliver(self, event: WebhookEvent, url: str) -> int:
        """
        Post `event` until the answer is not a temporary failure; return the status.

        One attempt has no time-out, as on the real server; closing the mock ends the wait.
        """
        await asyncio.sleep(self._config.variations.event_delay_s)
        body = self._config.variations.event(MessageToDict(event))
        faults, secret = self._config.faults, self._config.api_secret
        headers = webhook.signed(
            body,
            api_key=self._config.api_key,
            # Any other secret makes a wrong signature.
            api_secret=secret[::-1] + "-" if faults.webhooks_signed_wrongly else secret,
            now=time.time(),
        )
        if faults.webhooks_as_plain_json:
            headers |= {"Content-Type": "application/json"}
        if faults.webhooks_name_another_host:
            headers |= {"Host": "elsewhere.invalid"}
        # Signed once: every attempt carries the same token and the same bytes.
        problem, status = "", 0
        delays = (0.0, *self._config.webhook_retry_delays_s)
        if faults.webhooks_not_retried:
            delays = delays[:1]
        for delay in delays:
            await asyncio.sleep(delay)
            try:
                async with self._client.post(url, data=body, headers=headers) as answer:
                    problem, status = "", answer.status
                    if not self._is_passing(status):
                        return status
            except aiohttp.ClientError as error:
                problem, status = f': Post "{url}": {error}', 0
        text = f"POST {url} giving up after {len(delays)} attempt(s){problem}"
        raise _GivenUpError(text, status)

    def _is_passing(self, status: int) -> bool:
        if self._config.faults.webhooks_retried_on_refusal and _is_refusal(status):
            return True
        return _is_passing(status)


class _GivenUpError(Exception):
    """
    The endpoint failed at every attempt; `status` is its last answer, 0 for none.
    """

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def _is_passing(status: int) -> bool:
    if status == HTTPStatus.NOT_IMPLEMENTED:
        return False
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS


def _is_refusal(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _fields(event: WebhookEvent, url: str) -> Mapping[str, Any]:
    fields: dict[str, Any] = {
        "event": event.event,
        "id": event.id,
        "webhookTime": event.created_at,
        "url": url,
        "room": event.room.name,
        "roomID": event.room.sid,
    }
    if event.HasField("participant"):
        fields |= {
            "participant": event.participant.identity,
            "participantID": event.participant.sid,
        }
    if event.HasField("track"):
        fields["trackID"] = event.track.sid
    return fields
