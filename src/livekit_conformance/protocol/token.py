"""
LiveKit access tokens: JSON Web Tokens (RFC 7519) in compact form, signed with an API secret.

The issuer (`iss`) is the API key. livekit-server accepts HS256 only; this module can also sign with
the other algorithms, so that a check can prove that they are refused.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

Algorithm = Literal["HS256", "HS384", "HS512", "none"]

# Clock difference that a verifier tolerates, in seconds.
LEEWAY_S: Final = 60.0

_HASHES: Final = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
# Names of RFC 7518 section 3.1 that a verifier recognizes, including those it refuses.
_KNOWN_ALGORITHMS: Final = frozenset(
    {
        "none",
        "EdDSA",
        *(f"{kind}{bits}" for kind in ("HS", "RS", "ES", "PS") for bits in (256, 384, 512)),
    }
)
_FOREVER: Final = 2**63
# base64url without padding, RFC 7515 section 2.
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]*")


class TokenRefusal(StrEnum):
    """
    Reason for which a token is refused, in the order of the verifier's checks.
    """

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown-key"
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    WITHOUT_EXPIRY = "without-expiry"
    NOT_YET_VALID = "not-yet-valid"


class TokenRefused(Exception):
    """
    A token that does not prove its claims.

    `reason` is for programs, `text` is the wording of livekit-server 1.13.5's verifier.
    `issuer` is the API key the token names, as far as it could be read.
    """

    def __init__(self, reason: TokenRefusal, text: str, *, issuer: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text
        self.issuer = issuer


@dataclass(frozen=True, slots=True)
class Issuer:
    """
    Issuer of tokens: an API key with its secret, at the moment `now` (Unix seconds).
    """

    key: str
    secret: str = field(repr=False)
    now: int
    # Long enough for a request, short enough that a leaked token is worthless.
    valid_s: int = 60

    def claims(self, **changes: Any) -> dict[str, Any]:
        """
        Return the claims of a valid token without grants, with changes (None removes a claim).
        """
        good = {
            "iss": self.key,
            "sub": "conformance",
            "nbf": self.now,
            "exp": self.now + self.valid_s,
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def sign(
        self,
        claims: Mapping[str, Any],
        *,
        secret: str | None = None,
        algorithm: Algorithm = "HS256",
        header: Mapping[str, Any] | None = None,
    ) -> str:
        """
        Return a token with these claims, signed with the issuer's or another secret; see `sign`.
        """
        secret = self.secret if secret is None else secret
        return sign(claims, secret, algorithm=algorithm, header=header)


def sign(
    claims: Mapping[str, Any],
    secret: str,
    *,
    algorithm: Algorithm = "HS256",
    header: Mapping[str, Any] | None = None,
) -> str:
    """
    Return the compact form of `claims`, signed with `secret`.

    `header` replaces single fields of the JSON header, `alg` among them, while the signature is
    always made with `algorithm`: this allows tokens that contradict themselves.
    """
    fields = {"alg": algorithm, "typ": "JWT", **(header or {})}
    signed = f"{_encode(_json(fields))}.{_encode(_json(claims))}"
    return f"{signed}.{_encode(_mac(algorithm, secret, signed))}"


def verify(
    token: str,
    *,
    keys: Mapping[str, str],
    now: float,
    leeway: float = LEEWAY_S,
    needs_expiry: bool = False,
) -> dict[str, Any]:
    """
    Verify `token` with the secret that `keys` holds for its issuer, and return its claims.

    `now` is in Unix seconds. A token without `exp` never expires, as on livekit-server 1.13.5,
    unless `needs_expiry`.

    Raises TokenRefused when the token is malformed, of an unknown issuer, not signed with HS256
    and the issuer's secret, expired, or not valid yet.
    """
    header, claims, signature = _parse(token)
    issuer = claims.get("iss") or ""
    secret = keys.get(issuer, "")
    if not secret:
        raise TokenRefused(TokenRefusal.UNKNOWN_KEY, f"invalid API key: {issuer}", issuer=issuer)
    if header["alg"] != "HS256":
        text = f"token signature is invalid: signing method {header['alg']} is invalid"
        raise TokenRefused(TokenRefusal.ALGORITHM, text, issuer=issuer)
    signed = token.rpartition(".")[0]
    if not hmac.compare_digest(signature, _mac("HS256", secret, signed)):
        text = "token signature is invalid: signature is invalid"
        raise TokenRefused(TokenRefusal.SIGNATURE, text, issuer=issuer)
    faults = _faults_of_time(claims, now=now, leeway=leeway, needs_expiry=needs_expiry)
    if faults:
        text = "token has invalid claims: " + ", ".join(faults.values())
        raise TokenRefused(next(iter(faults)), text, issuer=issuer)
    return claims


def _faults_of_time(
    claims: Mapping[str, Any], *, now: float, leeway: float, needs_expiry: bool
) -> dict[TokenRefusal, str]:
    faults: dict[TokenRefusal, str] = {}
    if needs_expiry and claims.get("exp") is None:
        faults[TokenRefusal.WITHOUT_EXPIRY] = (
            "token is missing required claim: exp claim is required"
        )
    if (expires := claims.get("exp")) is not None and now >= expires + leeway:
        faults[TokenRefusal.EXPIRED] = "token is expired"
    if (starts := claims.get("nbf")) is not None and now < starts - leeway:
        faults[TokenRefusal.NOT_YET_VALID] = "token is not valid yet"
    return faults


def _parse(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    match token.split("."):
        case [first, second, third]:
            header = _object(first, "header")
            claims = _object(second, "claim")
        case _:
            raise _malformed("token contains an invalid number of segments")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _KNOWN_ALGORITHMS:
        raise TokenRefused(
            TokenRefusal.MALFORMED, "token is unverifiable: signing method (alg) is unavailable"
        )
    texts = [claims.get(name) for name in ("iss", "sub", "jti")]
    times = [claims.get(name) for name in ("exp", "nbf", "iat")]
    if not all(text is None or isinstance(text, str) for text in texts):
        raise _malformed("could not JSON decode claim")
    if not all(map(_is_number, times)):
        raise _malformed("could not JSON decode claim")
    return header, claims, _decode(third, "signature")


def _is_number(value: Any) -> bool:
    if value is None:
        return True
    # Python also parses NaN, Infinity and huge integers, which are neither JSON nor a time.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FOREVER


def _object(segment: str, what: str) -> dict[str, Any]:
    try:
        # Decode first: json would accept bytes that begin with a byte order mark.
        value = json.loads(_decode(segment, what).decode())
    except (ValueError, RecursionError) as error:
        raise _malformed(f"could not JSON decode {what}") from error
    if not isinstance(value, dict):
        raise _malformed(f"could not JSON decode {what}")
    return value


def _decode(segment: str, what: str) -> bytes:
    if not _SEGMENT.fullmatch(segment):
        raise _malformed(f"could not base64 decode {what}")
    try:
        return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error as error:
        raise _malformed(f"could not base64 decode {what}") from error


def _malformed(detail: str) -> TokenRefused:
    return TokenRefused(TokenRefusal.MALFORMED, f"token is malformed: {detail}")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _mac(algorithm: Algorithm, secret: str, signed: str) -> bytes:
    if algorithm == "none":
        return b""
    return hmac.digest(secret.encode(), signed.encode(), _HASHES[algorithm])
