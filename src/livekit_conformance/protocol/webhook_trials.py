"""
Signed webhooks that differ from livekit-server's in one respect.

The one that an endpoint accepts shows which mistake it makes with the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from livekit_conformance.protocol.webhook_forgery import Delivery, Event, Forge, Signer

# A delivery as livekit-server sends it.
GENUINE = "genuine"
# Signed at another time: that of the endpoint's own clock.
BY_ITS_CLOCK = "by-its-clock"


def _bearer(signer: Signer, event: Event) -> Delivery:
    genuine = signer.sign(event)
    token = genuine.headers["Authorization"]
    return Delivery(genuine.body, {**genuine.headers, "Authorization": f"Bearer {token}"})


def _plain_json(signer: Signer, event: Event) -> Delivery:
    genuine = signer.sign(event)
    return Delivery(genuine.body, {**genuine.headers, "Content-Type": "application/json"})


def _compact(signer: Signer, event: Event) -> Delivery:
    return signer.sign(json.dumps(event, separators=(",", ":")).encode())


def _spaced(signer: Signer, event: Event) -> Delivery:
    return signer.sign(json.dumps(event).encode())


def signed_later(seconds: float) -> Forge:
    """
    Return the trial of an event that is signed so many seconds from now; negative means earlier.
    """

    def sign(signer: Signer, event: Event) -> Delivery:
        return replace(signer, now=signer.now + seconds).sign(event)

    return sign


TRIALS: Mapping[str, Forge] = MappingProxyType(
    {
        "bearer": _bearer,
        "plain-json": _plain_json,
        # The default JSON of JavaScript and Go, and that of Python.
        "compact": _compact,
        "spaced": _spaced,
    }
)
DIFFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "bearer": "with `Bearer ` before the token",
        "plain-json": "as application/json",
        "compact": "with the blanks of its body left out",
        "spaced": "with other blanks in its body",
        BY_ITS_CLOCK: "signed at the time in the header Date of its answers",
    }
)
