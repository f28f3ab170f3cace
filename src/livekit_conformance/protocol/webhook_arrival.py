"""
Webhook as its receiver sees it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livekit_conformance.protocol.token import TokenRefusal
from livekit_conformance.protocol.webhook import Unproven


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    One delivery: time, body, status, and the reason why its sender is not proven (None: it is).

    `host` is the host that the sender addressed; `raw` and `authorization` are the signed bytes and
    their signature, for comparison with those of another delivery.
    """

    at: float
    body: Mapping[str, Any]
    content_type: str
    problem: str | None
    # The reason as data, if it is the signature.
    unproven: Unproven | TokenRefusal | None = None
    status: int = 200
    host: str = ""
    raw: bytes = field(default=b"", repr=False)
    authorization: str = field(default="", repr=False)

    @property
    def event(self) -> str:
        """
        Name of the event, for instance room_started.
        """
        return str(self.body.get("event", ""))

    @property
    def id(self) -> str:
        """
        Id of the event, the same in every retry.
        """
        return str(self.body.get("id", ""))

    @property
    def created_at(self) -> float:
        """
        Time of the event in Unix seconds; 0 if the delivery contains none.
        """
        # protobuf-JSON writes 64-bit numbers as text.
        try:
            at = float(self.body.get("createdAt", 0))
        except (TypeError, ValueError, OverflowError):
            return 0.0
        return at if math.isfinite(at) else 0.0

    @property
    def room(self) -> str:
        """
        Name of the room that the event is about.
        """
        return str(self._object("room").get("name", ""))

    @property
    def participant(self) -> Mapping[str, Any]:
        """
        Participant that the event is about; empty if there is none.
        """
        return self._object("participant")

    def _object(self, name: str) -> Mapping[str, Any]:
        found = self.body.get(name)
        return found if isinstance(found, dict) else {}
