"""
Sends events to a webhook endpoint as livekit-server would, and as it never would.
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
    An event of a room that never was, with an id of its own.

    The end of an unknown room is what an application has least to do about: no agent joins it.
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
    Sends to the endpoint `url` with the key pair of the deployment; `within` is in seconds.
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
        Signs at this moment.
        """
        return Signer(self.api_key, self.api_secret, time.time())

    async def send(
        self, delivery: Delivery | Mapping[str, Any], *, url: str | None = None
    ) -> HttpAnswer:
        """
        The answer to a delivery, or to an event that is signed here.

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
        The same for a body that may be refused half-way: None when the connection was closed.
        """
        try:
            return await self.send(delivery)
        except Unreachable as unreachable:
            if isinstance(unreachable.__cause__, TimeoutError) or unreachable.phase != "answer":
                raise
            return None

    async def get(self) -> HttpAnswer:
        """
        The answer to a GET of the endpoint.
        """
        return await self.http.request("GET", self._permitted(self.url), within=self.within)

    def _permitted(self, url: str) -> str:
        self.permit.require(Effect.SEND_WEBHOOKS, f"a webhook to {urlsplit(url).netloc}")
        return url


def accepted(answer: HttpAnswer) -> bool:
    """
    Whether livekit-server would take the event for delivered and handled.
    """
    return 200 <= answer.status < 300  # noqa: PLR2004 - the class 2xx


def refused(answer: HttpAnswer) -> bool:
    """
    Whether the endpoint said that the sender is wrong: 4xx.
    """
    return 400 <= answer.status < 500  # noqa: PLR2004 - the class 4xx
