"""
Signature of LiveKit webhooks: a token whose claim `sha256` is the hash of the raw body.

The header `Authorization` holds the token alone, without `Bearer`. The body must be hashed as it
arrived: protobuf-JSON is not stable, so a body that was parsed and serialized again has another
hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from livekit_conformance.protocol import token

CONTENT_TYPE: Final = "application/webhook+json"
# Lifetime of livekit-server's signatures, in seconds.
VALID_FOR_S: Final = 300
# Time after its first arrival for which a delivery can be replayed: the clocks may differ by the
# leeway in both directions.
REPLAYABLE_FOR_S: Final = VALID_FOR_S + 2 * token.LEEWAY_S


class Unproven(StrEnum):
    """
    Reason why a webhook does not prove its sender.
    """

    NO_AUTHORIZATION = "no-authorization"
    BAD_TOKEN = "bad-token"  # noqa: S105 - a name of a reason, no secret
    HASH_MISSING = "hash-missing"
    HASH_MISMATCH = "hash-mismatch"
    ENDLESS = "endless"


class WebhookRefused(Exception):
    """
    A webhook whose sender is not proven; `reason` is for programs, the text for people.

    If `reason` is BAD_TOKEN, `__cause__` is the TokenRefused with the details.
    """

    def __init__(self, reason: Unproven, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text

    @property
    def exact_reason(self) -> Unproven | token.TokenRefusal:
        """
        The reason; of a bad token, the one for which the token was refused.
        """
        behind = self.__cause__
        return behind.reason if isinstance(behind, token.TokenRefused) else self.reason


def signed(body: bytes, *, api_key: str, api_secret: str, now: float) -> dict[str, str]:
    """
    Return the headers with which livekit-server delivers `body`; `now` is in Unix seconds.
    """
    proof = token.sign(claims(body, api_key=api_key, now=now), api_secret)
    return {"Authorization": proof, "Content-Type": CONTENT_TYPE}


def claims(body: bytes, *, api_key: str, now: float) -> dict[str, Any]:
    """
    Return the claims that livekit-server signs for `body`; `now` is in Unix seconds.
    """
    at = int(now)
    return {
        "iss": api_key,
        "iat": at,
        "nbf": at,
        "exp": at + VALID_FOR_S,
        "sha256": _hash(body),
    }


def verify(body: bytes, authorization: str | None, *, keys: Mapping[str, str], now: float) -> None:
    """
    Return if `authorization` proves that the owner of one of `keys` sent exactly `body`.

    Raises WebhookRefused when there is no header, its token is refused, it was signed for another
    body, or it is valid for longer than livekit-server's signatures: no memory of ids could then
    prevent replay.
    """
    if not authorization:
        raise WebhookRefused(Unproven.NO_AUTHORIZATION, "authorization header could not be found")
    try:
        signed_claims = token.verify(authorization, keys=keys, now=now)
    except token.TokenRefused as refusal:
        raise WebhookRefused(Unproven.BAD_TOKEN, refusal.text) from refusal
    match signed_claims.get("sha256"):
        case str(claimed) if claimed:
            if not hmac.compare_digest(claimed.encode("utf-8", "replace"), _hash(body).encode()):
                raise WebhookRefused(
                    Unproven.HASH_MISMATCH, "the token was signed for another body"
                )
        case _:
            raise WebhookRefused(Unproven.HASH_MISSING, "the token names no hash of the body")
    expires = signed_claims.get("exp")
    if expires is None or expires - now > VALID_FOR_S + token.LEEWAY_S:
        raise WebhookRefused(
            Unproven.ENDLESS, f"the token is valid for more than {VALID_FOR_S} s from now"
        )


def _hash(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
