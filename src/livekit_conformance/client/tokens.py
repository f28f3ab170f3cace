"""
Validate access tokens as livekit-server would, without a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from livekit_conformance.client.errors import LiveKitAuthenticationError
from livekit_conformance.protocol import token as tokens
from livekit_conformance.protocol.token import LEEWAY_S, TokenRefusal, TokenRefused
from livekit_conformance.secrets.patterns import Redactor, masked

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_HINTS: Final = MappingProxyType(
    {
        TokenRefusal.MALFORMED: "Send the token unchanged: three parts, separated by dots",
        TokenRefusal.UNKNOWN_KEY: "The token was made with another API key",
        TokenRefusal.ALGORITHM: "Sign the token with HS256",
        TokenRefusal.SIGNATURE: (
            "The token was signed with another secret: compare it with the server's"
        ),
        TokenRefusal.EXPIRED: "Make a new token; if it is new, synchronise the clocks by NTP",
        TokenRefusal.WITHOUT_EXPIRY: "Give the token an expiry: anyone who finds it can use it for "
        "ever",
        TokenRefusal.NOT_YET_VALID: "Synchronise the clocks by NTP",
    }
)


@dataclass(frozen=True, slots=True)
class ValidToken:
    """
    Content of a valid token: identity, grants, and expiry (Unix seconds; None: never).

    The names of grants are those of the token, such as `roomJoin`.
    """

    identity: str
    video: Mapping[str, Any]
    sip: Mapping[str, Any]
    expires: float | None


def validate_token(
    token: str,
    *,
    api_key: str,
    api_secret: str,
    now: float,
    leeway: float = LEEWAY_S,
    needs_expiry: bool = False,
    video: Mapping[str, Any] = _NOTHING,
    sip: Mapping[str, Any] = _NOTHING,
) -> ValidToken:
    """
    Return the identity, grants and expiry of a token that livekit-server would accept at `now`
    (Unix seconds).

    `leeway` is the tolerated clock difference in seconds. Like livekit-server, this accepts a token
    without expiry unless `needs_expiry` is set. `video` and `sip` are grants that the token must
    have: `video={"roomJoin": True, "room": "support"}`.

    Raises LiveKitAuthenticationError, whose `code` is the TokenRefusal or `permission_denied`.
    """
    try:
        claims = tokens.verify(
            token, keys={api_key: api_secret}, now=now, leeway=leeway, needs_expiry=needs_expiry
        )
    except TokenRefused as refused:
        raise _refusal(
            refused.reason.value,
            # The issuer may be anything, even the secret if key and secret are swapped.
            Redactor([api_secret])(refused.text),
            _HINTS[refused.reason],
            api_key,
        ) from None
    held = {kind: _grants(claims, kind) for kind in ("video", "sip")}
    lacking = [
        f"{kind}.{name}"
        for kind, wanted in (("video", video), ("sip", sip))
        for name, value in wanted.items()
        if held[kind].get(name) != value
    ]
    if lacking:
        raise _refusal(
            "permission_denied",
            f"permissions denied: the token lacks {', '.join(lacking)}",
            "Issue a token with these grants",
            api_key,
        )
    return ValidToken(claims.get("sub") or "", held["video"], held["sip"], claims.get("exp"))


def _grants(claims: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    grants = claims.get(kind)
    return MappingProxyType(grants) if isinstance(grants, dict) else _NOTHING


def _refusal(code: str, text: str, hint: str, key: str) -> LiveKitAuthenticationError:
    return LiveKitAuthenticationError(
        method="token", code=code, text=text, hint=hint, key=masked(key)
    )
