"""
Send genuine and forged livekit-server events to a webhook endpoint.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.errors import Unreachable
from livekit_conformance.protocol.webhook_forgery import Delivery, Signer

if TYPE_CHECKING:
    # Checks are collected without it: see `LiveKitClient`.
    from livekit_conformance.drivers.api.http_client import HttpClient


def new_event(event: str = "room_finished", **changes: Any) -> dict[str, Any]:
    """
    Return an event of a room that never existed, with a new id.

    The end of an unknown room makes an application do the least: no agent joins it.
    """
    room = {"sid": "RM_conformance", "name": "livekit-conformance-probe"}
    return {
        "event": event,
        "id": f"EV_{uuid.uuid4().hex[:12]}",
        "createdAt": str(int(time.time())),
        "room": room,
        **changes,
    }


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """
    Send to the endpoint `url` with the key pair of the deployment; `within` is in seconds.
    """

    http: HttpClient
    permit: Permit
    url: str
    api_key: str
    api_secret: str = field(repr=False)
    within: float = 5.0

    @property
    def signer(self) -> Signer:
        """
        Signer with the current time.
        """
        return Signer(self.api_key, self.api_secret, time.time())

    async def send(
        self, delivery: Delivery | Mapping[str, Any], *, url: str | None = None
    ) -> HttpAnswer:
        """
        Send a delivery, or sign and send an event, and return the answer.

        Raises Unreachable without an answer in time.
        """
        if not isinstance(delivery, Delivery):
            delivery = self.signer.sign(delivery)
        return await self.http.request(
            "POST",
            self._permitted(url or self.url),
            headers=delivery.headers,
            body=delivery.body,
            within=self.within,
        )

    async def send_large(self, delivery: Delivery) -> HttpAnswer | None:
        """
        Send a delivery that may be refused half-way; return None if the connection was closed.
        """
        try:
            return await self.send(delivery)
        except Unreachable as unreachable:
            if isinstance(unreachable.__cause__, TimeoutError) or unreachable.phase != "answer":
                raise
            return None

    async def get(self) -> HttpAnswer:
        """
        Return the answer to a GET of the endpoint.
        """
        return await self.http.request("GET", self._permitted(self.url), within=self.within)

    def _permitted(self, url: str) -> str:
        self.permit.require(Effect.SEND_WEBHOOKS, f"a webhook to {urlsplit(url).netloc}")
        return url


def accepted(answer: HttpAnswer) -> bool:
    """
    Return True if livekit-server would consider the event delivered and handled.
    """
    return 200 <= answer.status < 300  # noqa: PLR2004 - the class 2xx


def refused(answer: HttpAnswer) -> bool:
    """
    Return True if the endpoint blames the sender: 4xx.
    """
    return 400 <= answer.status < 500  # noqa: PLR2004 - the class 4xx
