"""
Observations of webhooks: their arrival, their delivery, and the endpoint's answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from livekit_conformance.errors import Failure, Phase
from livekit_conformance.observations.observation import Kind, Observation
from livekit_conformance.protocol.token import TokenRefusal
from livekit_conformance.protocol.webhook import Unproven


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookArrival(Observation):
    """
    Request that arrived at the receiver of the suite, and the status that it was answered with.

    `problem` is the reason why it was not `verified`, `unproven` the same as data if it is the
    signature. A request that is no webhook has the status only. `participant` is an identity;
    `created_at` is the event's own time, in Unix seconds.
    """

    event: str = ""
    room: str = ""
    id: str = ""
    participant: str | None
    created_at: float = 0.0
    verified: bool | None = None
    problem: str | None
    unproven: Unproven | TokenRefusal | None = None
    status: int | None = None

    kind: ClassVar[Kind] = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery(Observation):
    """
    Line that livekit-server logged about one delivery; `url` is None if there is no such line.

    `elsewhere` means that it went to another URL than the endpoint's.
    """

    event: str | None
    url: str | None
    elsewhere: bool
    status: int | str | None
    message: str | None
    error: str | None
    reason: str | None

    kind: ClassVar[Kind] = "delivery"
    quoted: ClassVar[tuple[str, ...]] = ("error",)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAnswer(Observation):
    """
    Answer of the application's endpoint to a signed event, or to one that differs by `trial`.

    `redirected` is the status of the first redirect, 0 if there was none. Without an answer the
    status is None, and there are `error`, its kind, the `failure`, and `phase`.
    """

    trial: str
    status: int | None
    redirected: int
    error: str | None
    phase: Phase | None
    failure: Failure | None

    kind: ClassVar[Kind] = "endpoint"
