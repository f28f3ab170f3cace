"""
Tokens that livekit-server must refuse: the way to make each, and the expected log text.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

from livekit_conformance.protocol.token import Issuer

# The server allows a leeway of 60 s; twice that is wrong in any interpretation.
_FAR_S = 120
_DAY_S = 86400


@dataclass(frozen=True, slots=True)
class RefusedToken:
    """
    One kind of token. `make` gets the claims of a good one; None means a request without a token.

    The log must contain one of `reasons`, the texts by version. `scheme` stands before the token in
    the Authorization header; `advice` is the remedy where the token is accepted. A token is refused
    before the path is looked at, unless it is refused `by_method`.
    """

    id: str
    make: Callable[[Issuer, dict[str, Any]], str | None]
    reasons: tuple[str, ...]
    scheme: str = "Bearer "
    advice: str = ""
    by_method: bool = False

    @property
    def clause(self) -> str:
        """
        Clause that requires the refusal.
        """
        return f"1.1-{self.id}-is-refused"


def _flipped(issuer: Issuer, claims: dict[str, Any]) -> str:
    signed, _, signature = issuer.sign(claims).rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    raw[-1] ^= 1
    return f"{signed}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"


def _altered(issuer: Issuer, claims: dict[str, Any]) -> str:
    _, _, signature = issuer.sign(claims).rpartition(".")
    prolonged = issuer.sign({**claims, "exp": issuer.now + _DAY_S})
    return f"{prolonged.rpartition('.')[0]}.{signature}"


# Up to 1.9.12 the text is that of go-jose, from 1.13 on that of golang-jwt.
_BAD_SIGNATURE = ("signature is invalid", "error in cryptographic primitive")

REFUSED_TOKENS = (
    RefusedToken(
        "no-token", lambda _issuer, _claims: None, ("permissions denied",), by_method=True
    ),
    RefusedToken(
        "malformed-token",
        lambda _issuer, _claims: "conformance-not-a-token",
        ("invalid authorization token",),
    ),
    RefusedToken(
        "header-without-bearer",
        lambda issuer, claims: issuer.sign(claims),
        ("Must start with Bearer",),
        scheme="",
    ),
    RefusedToken(
        "wrong-secret",
        lambda issuer, claims: issuer.sign(claims, secret=token_urlsafe(32)),
        _BAD_SIGNATURE,
    ),
    RefusedToken(
        "unknown-key",
        lambda issuer, claims: issuer.sign({**claims, "iss": "APIunknownconformance"}),
        ("invalid API key",),
    ),
    RefusedToken(
        "expired-token",
        lambda issuer, claims: issuer.sign(
            {**claims, "nbf": issuer.now - 2 * _FAR_S, "exp": issuer.now - _FAR_S}
        ),
        ("token is expired",),
    ),
    RefusedToken(
        "token-not-yet-valid",
        lambda issuer, claims: issuer.sign(
            {**claims, "nbf": issuer.now + _FAR_S, "exp": issuer.now + 2 * _FAR_S}
        ),
        ("not valid yet",),
    ),
    RefusedToken(
        "unsigned-token",
        lambda issuer, claims: issuer.sign(claims, algorithm="none"),
        ("signing method none is invalid", *_BAD_SIGNATURE, "invalid authorization token"),
    ),
    RefusedToken(
        "other-algorithm",
        lambda issuer, claims: issuer.sign(claims, algorithm="HS512"),
        ("signing method HS512 is invalid", *_BAD_SIGNATURE, "invalid authorization token"),
    ),
    RefusedToken("flipped-signature", _flipped, _BAD_SIGNATURE),
    RefusedToken("altered-claims", _altered, _BAD_SIGNATURE),
    RefusedToken(
        "token-without-exp",
        lambda issuer, claims: issuer.sign(
            {name: value for name, value in claims.items() if name != "exp"}
        ),
        ("exp claim is required",),
        advice="Anyone who obtains such a token has access until the key is changed: give every "
        "token an `exp`, and change a key whose token has leaked",
    ),
)

# Refused by the method, not for the token itself; clause 1.1-missing-grant-is-refused tests
# it with every method.
MISSING_GRANT = RefusedToken(
    "missing-grant",
    lambda issuer, claims: issuer.sign({**claims, "video": {}}),
    ("permissions denied",),
    by_method=True,
)
