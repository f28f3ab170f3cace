from __future__ import annotations

import json
import time

import pytest
from livekit import api

from livekit_conformance.protocol import token, webhook
from livekit_conformance.protocol.webhook import Unproven, WebhookRefused, signed, verify

KEYS = {"APIone": "secret-of-key-one-secret-of-key-one-"}
SECRET = KEYS["APIone"]
NOW = 1_700_000_000.0
BODY = json.dumps({"event": "room_started"}).encode()


def _headers(body: bytes = BODY, *, secret: str = SECRET, now: float = NOW) -> dict[str, str]:
    return signed(body, api_key="APIone", api_secret=secret, now=now)


def _refusal(body: bytes, authorization: str | None, now: float = NOW) -> WebhookRefused:
    with pytest.raises(WebhookRefused) as caught:
        verify(body, authorization, keys=KEYS, now=now)
    return caught.value


@pytest.mark.parametrize("body", [BODY, b"", "\N{SNOWMAN}".encode(), bytes(range(256))])
def test_a_signed_body_is_proven(body: bytes) -> None:
    """
    Any bytes can be signed, and their own headers prove them.
    """
    headers = _headers(body)

    verify(body, headers["Authorization"], keys=KEYS, now=NOW)
    assert headers["Content-Type"] == webhook.CONTENT_TYPE
    assert not headers["Authorization"].startswith("Bearer")


def test_livekits_own_receiver_accepts_the_signature() -> None:
    """
    The webhook receiver of livekit-api reads the event.
    """
    headers = _headers(now=time.time())
    receiver = api.WebhookReceiver(api.TokenVerifier("APIone", SECRET))

    assert receiver.receive(BODY.decode(), headers["Authorization"]).event == "room_started"


@pytest.mark.parametrize("authorization", [None, ""])
def test_a_missing_header_is_refused(authorization: str | None) -> None:
    """
    Without Authorization nothing is proven.
    """
    assert _refusal(BODY, authorization).reason is Unproven.NO_AUTHORIZATION


@pytest.mark.parametrize(
    ("authorization", "cause"),
    [
        (_headers(secret="other")["Authorization"], token.TokenRefusal.SIGNATURE),
        (_headers(now=NOW - 361)["Authorization"], token.TokenRefusal.EXPIRED),
        ("Bearer " + _headers()["Authorization"], token.TokenRefusal.MALFORMED),
    ],
)
def test_a_bad_token_is_refused_with_its_cause(
    authorization: str, cause: token.TokenRefusal
) -> None:
    """
    The cause names the wrong part of the token.
    """
    refused = _refusal(BODY, authorization)

    assert refused.reason is Unproven.BAD_TOKEN
    assert isinstance(refused.__cause__, token.TokenRefused)
    assert refused.__cause__.reason is cause


def test_another_body_is_refused() -> None:
    """
    One byte more, even white space, is another body.
    """
    assert _refusal(BODY + b" ", _headers()["Authorization"]).reason is Unproven.HASH_MISMATCH


@pytest.mark.parametrize("claim", [{}, {"sha256": ""}, {"sha256": None}, {"sha256": 1}])
def test_a_token_without_a_hash_proves_no_body(claim: dict[str, object]) -> None:
    """
    A valid access token is no signature.
    """
    bearer = token.sign({"iss": "APIone", **claim}, SECRET)

    assert _refusal(BODY, bearer).reason is Unproven.HASH_MISSING


def test_a_hash_that_is_no_ascii_is_a_mismatch() -> None:
    """
    A strange claim is refused without a crash.
    """
    bearer = token.sign({"iss": "APIone", "sha256": "é"}, SECRET)

    assert _refusal(BODY, bearer).reason is Unproven.HASH_MISMATCH


@pytest.mark.parametrize("expires", [None, NOW + 361, NOW + 10**9])
def test_a_signature_without_a_near_end_is_refused(expires: float | None) -> None:
    """
    Detecting endless replays would need endless memory.
    """
    claims = webhook.claims(BODY, api_key="APIone", now=NOW) | {"exp": expires}

    assert _refusal(BODY, token.sign(claims, SECRET)).reason is Unproven.ENDLESS


@pytest.mark.parametrize("age", [-59, 0, 359])
def test_a_signature_is_accepted_within_its_window(age: float) -> None:
    """
    Five minutes and the leeway of both clocks; after REPLAYABLE_FOR_S it is refused.
    """
    headers = _headers(now=NOW)

    verify(BODY, headers["Authorization"], keys=KEYS, now=NOW + age)
    late = NOW + age + webhook.REPLAYABLE_FOR_S
    assert _refusal(BODY, headers["Authorization"], late).reason is Unproven.BAD_TOKEN
