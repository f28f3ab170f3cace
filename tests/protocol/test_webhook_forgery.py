from __future__ import annotations

import json
import time

import pytest
from livekit import api

from livekit_conformance.protocol import webhook
from livekit_conformance.protocol.webhook import WebhookRefused, verify
from livekit_conformance.protocol.webhook_forgery import FORGERIES, Delivery, Signer

KEY, SECRET = "APIone", "secret-of-key-one-secret-of-key-one-"
NOW = 1_700_000_000.0
EVENT = {"event": "room_finished", "id": "EV_1"}
PROVE_NOTHING = sorted(FORGERIES.keys() - {"not-json"})


def _verify(delivery: Delivery) -> None:
    verify(delivery.body, delivery.headers.get("Authorization"), keys={KEY: SECRET}, now=NOW)


def test_what_the_signer_signs_is_proven() -> None:
    """
    Positive control: without a forgery an event is accepted.
    """
    delivery = Signer(KEY, SECRET, NOW).sign(EVENT)

    _verify(delivery)
    assert json.loads(delivery.body) == EVENT
    assert delivery.headers["Content-Type"] == webhook.CONTENT_TYPE


@pytest.mark.parametrize("name", PROVE_NOTHING)
def test_a_forgery_proves_nothing(name: str) -> None:
    """
    Each forgery is refused for its signature, though its body is an event.
    """
    delivery = FORGERIES[name](Signer(KEY, SECRET, NOW), EVENT)

    with pytest.raises(WebhookRefused):
        _verify(delivery)
    assert json.loads(delivery.body) == EVENT


@pytest.mark.parametrize("name", PROVE_NOTHING)
def test_livekits_own_receiver_refuses_a_forgery(name: str) -> None:
    """
    So does the receiver of livekit-api, which shares no code with this suite.
    """
    delivery = FORGERIES[name](Signer(KEY, SECRET, time.time()), EVENT)
    receiver = api.WebhookReceiver(api.TokenVerifier(KEY, SECRET))

    # The SDK lets the errors of its JWT library through.
    with pytest.raises(Exception, match=r"."):
        receiver.receive(delivery.body.decode(), delivery.headers.get("Authorization", ""))


def test_what_is_no_json_is_signed_all_the_same() -> None:
    """
    Otherwise its signature would be the reason to refuse, and the parser would not be tested.
    """
    delivery = FORGERIES["not-json"](Signer(KEY, SECRET, NOW), EVENT)

    _verify(delivery)
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(delivery.body)
