from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from livekit import api

from livekit_conformance.protocol.token import Issuer, TokenRefusal, TokenRefused, sign, verify

KEYS = {"APIone": "secret-of-key-one-secret-of-key-one-"}
SECRET = KEYS["APIone"]
NOW = 1_700_000_000.0
CLAIMS = {"iss": "APIone", "sub": "me", "nbf": int(NOW), "exp": int(NOW) + 60}


def _refusal(token: str, now: float = NOW) -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        verify(token, keys=KEYS, now=now)
    return caught.value


def test_claims_come_back_as_they_were_signed() -> None:
    """
    Verifying a signed token returns its claims, non-ASCII included.
    """
    claims = {**CLAIMS, "name": "Zoë", "video": {"roomJoin": True}}

    assert verify(sign(claims, SECRET), keys=KEYS, now=NOW) == claims


def test_livekits_own_verifier_accepts_what_is_signed_here() -> None:
    """
    The token verifier of livekit-api reads the same identity and grant.
    """
    claims = {"iss": "APIone", "sub": "me", "exp": 4_000_000_000, "video": {"roomList": True}}

    read = api.TokenVerifier("APIone", SECRET).verify(sign(claims, SECRET))

    assert read.identity == "me"
    assert read.video
    assert read.video.room_list


def test_tokens_of_livekits_own_maker_are_accepted() -> None:
    """
    A token signed by livekit-api passes verification.
    """
    made = api.AccessToken("APIone", SECRET).with_identity("me").to_jwt()
    claims = json.loads(base64.urlsafe_b64decode(made.split(".")[1] + "=="))

    assert verify(made, keys=KEYS, now=claims["nbf"])["sub"] == "me"


@pytest.mark.parametrize(
    ("token", "reason", "text"),
    [
        (sign(CLAIMS, "other"), TokenRefusal.SIGNATURE, "token signature is invalid: signature is"),
        (
            sign({**CLAIMS, "iss": "APItwo"}, SECRET),
            TokenRefusal.UNKNOWN_KEY,
            "invalid API key: APItwo",
        ),
        (sign({"exp": 1}, SECRET), TokenRefusal.UNKNOWN_KEY, "invalid API key: "),
        (
            sign(CLAIMS, SECRET, algorithm="HS512"),
            TokenRefusal.ALGORITHM,
            "signing method HS512 is",
        ),
        (
            sign(CLAIMS, SECRET, algorithm="HS384"),
            TokenRefusal.ALGORITHM,
            "signing method HS384 is",
        ),
        (sign(CLAIMS, SECRET, algorithm="none"), TokenRefusal.ALGORITHM, "signing method none is"),
        (sign(CLAIMS, SECRET, header={"alg": "none"}), TokenRefusal.ALGORITHM, "method none is"),
        (sign(CLAIMS, SECRET, header={"alg": "HS257"}), TokenRefusal.MALFORMED, "alg"),
        (sign(CLAIMS, SECRET, header={"alg": 1}), TokenRefusal.MALFORMED, "alg"),
        (sign(CLAIMS, SECRET, header={"alg": []}), TokenRefusal.MALFORMED, "alg"),
        (sign({**CLAIMS, "exp": "soon"}, SECRET), TokenRefusal.MALFORMED, "JSON decode claim"),
        (sign({**CLAIMS, "exp": True}, SECRET), TokenRefusal.MALFORMED, "JSON decode claim"),
        (sign({**CLAIMS, "iss": 1}, SECRET), TokenRefusal.MALFORMED, "JSON decode claim"),
        (sign({**CLAIMS, "sub": 7}, SECRET), TokenRefusal.MALFORMED, "JSON decode claim"),
        (f"{'77u_' + 'e30'}.e30.", TokenRefusal.MALFORMED, "JSON decode header"),
        (f"{'W1tb' * 5000}.e30.", TokenRefusal.MALFORMED, "JSON decode header"),
        ("", TokenRefusal.MALFORMED, "segments"),
        ("a.b", TokenRefusal.MALFORMED, "segments"),
        ("a.b.c.d", TokenRefusal.MALFORMED, "segments"),
        ("a.b.c", TokenRefusal.MALFORMED, "base64 decode header"),
        ("e30=.e30.e30", TokenRefusal.MALFORMED, "base64 decode header"),
        ("W10.e30.", TokenRefusal.MALFORMED, "JSON decode header"),
        ("_w.e30.", TokenRefusal.MALFORMED, "JSON decode header"),
        (sign(CLAIMS, SECRET) + "!", TokenRefusal.MALFORMED, "base64 decode signature"),
        (sign(CLAIMS, SECRET) + "\n", TokenRefusal.MALFORMED, "base64 decode signature"),
    ],
)
def test_a_bad_token_is_refused_for_what_is_wrong(
    token: str, reason: TokenRefusal, text: str
) -> None:
    """
    Each refusal carries its reason and the wording of livekit-server.
    """
    refused = _refusal(token)

    assert refused.reason is reason
    assert text in refused.text


def test_no_changed_character_keeps_a_token_valid() -> None:
    """
    Flipping any one bit of the claims or the signature is noticed.
    """
    token = sign(CLAIMS, SECRET)
    head, body, signature = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")
    )
    encode = lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode()  # noqa: E731 - local
    for part in (body, signature):
        for bit in range(8 * len(part)):
            changed = bytearray(part)
            changed[bit // 8] ^= 1 << (bit % 8)
            parts = [changed if piece is part else piece for piece in (head, body, signature)]
            _refusal(".".join(map(encode, parts)))


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOW - 61, TokenRefusal.NOT_YET_VALID),
        (NOW - 60, None),
        (NOW + 119, None),
        (NOW + 120, TokenRefusal.EXPIRED),
    ],
)
def test_times_have_a_leeway_of_a_minute(now: float, reason: TokenRefusal | None) -> None:
    """
    `nbf` may be up to 60 s ahead, `exp` less than 60 s past.
    """
    token = sign(CLAIMS, SECRET)

    if reason is None:
        assert verify(token, keys=KEYS, now=now) == CLAIMS
    else:
        assert _refusal(token, now).reason is reason


@pytest.mark.parametrize("claims", [{"iss": "APIone"}, {"iss": "APIone", "exp": None}])
def test_a_token_without_expiry_never_expires(claims: dict[str, Any]) -> None:
    """
    As on livekit-server 1.13.5.
    """
    assert verify(sign(claims, SECRET), keys=KEYS, now=NOW) == claims


@pytest.mark.parametrize("claims", [{"iss": "APIone"}, {"iss": "APIone", "exp": None}])
def test_a_strict_verifier_refuses_a_token_without_expiry(claims: dict[str, Any]) -> None:
    """
    As later versions of livekit-server do, with the same message.
    """
    with pytest.raises(TokenRefused, match="exp claim is required") as caught:
        verify(sign(claims, SECRET), keys=KEYS, now=NOW, needs_expiry=True)

    assert caught.value.reason is TokenRefusal.WITHOUT_EXPIRY


def test_an_issuer_makes_tokens_that_are_good_for_a_minute() -> None:
    """
    Claims can be changed and removed; the secret is not shown.
    """
    issuer = Issuer("APIone", SECRET, int(NOW))

    claims = issuer.claims(sub=None, kind="agent")

    assert verify(issuer.sign(claims), keys=KEYS, now=NOW) == claims
    assert claims == {"iss": "APIone", "nbf": int(NOW), "exp": int(NOW) + 60, "kind": "agent"}
    assert SECRET not in repr(issuer)


def test_both_wrong_times_are_named() -> None:
    """
    A token that is expired and not valid yet is refused for both, as expired.
    """
    token = sign({**CLAIMS, "exp": int(NOW) - 100, "nbf": int(NOW) + 100}, SECRET)

    refused = _refusal(token)

    assert refused.reason is TokenRefusal.EXPIRED
    assert refused.text.endswith("token is expired, token is not valid yet")


def test_an_empty_secret_is_no_key() -> None:
    """
    A key with an empty secret is unknown: otherwise anybody could sign for it.
    """
    with pytest.raises(TokenRefused, match="invalid API key"):
        verify(sign(CLAIMS, ""), keys={"APIone": ""}, now=NOW)


@pytest.mark.parametrize("never", [float("nan"), float("inf"), -float("inf"), 10**400, True, "1"])
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_what_is_no_time_is_malformed(name: str, never: object) -> None:
    """
    Numbers that only Python parses are refused: the token would never expire, or cause a crash.
    """
    assert _refusal(sign({**CLAIMS, name: never}, SECRET)).reason is TokenRefusal.MALFORMED
