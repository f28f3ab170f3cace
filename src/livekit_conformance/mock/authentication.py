"""
Token check of livekit-server's middleware, which covers every path.
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from livekit_conformance.mock.config import Faults, MockConfig
from livekit_conformance.protocol.token import TokenRefusal, TokenRefused, verify

_BEARER: Final = "Bearer "
# Key pair of `livekit-server --dev`, printed in every tutorial.
_DEVELOPMENT: Final = MappingProxyType({"devkey": "secret"})
_EVERYTHING: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "sub": "anybody",
        "video": {"roomCreate": True, "roomList": True, "roomAdmin": True, "roomJoin": True},
        "sip": {"admin": True, "call": True},
    }
)
# Number of characters of a signature that the fault `signature_cut` compares.
_CUT: Final = 40


class RequestRefused(Exception):
    """
    A request to be answered with an error status and a plain-text sentence.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Authentication:
    """
    Verify tokens, with the faults of the mock.
    """

    def __init__(self, config: MockConfig) -> None:
        self._config = config
        self._accepted_signatures: set[str] = set()

    @property
    def _faults(self) -> Faults:
        return self._config.faults

    @property
    def _keys(self) -> dict[str, str]:
        keys = {self._config.api_key: self._config.api_secret}
        return keys | _DEVELOPMENT if self._faults.devkey_accepted else keys

    def claims(self, header: str, query: str) -> dict[str, Any]:
        """
        Return the claims of the token in `header` (Authorization) or `query` (access_token).

        Empty without a token, which the handlers then refuse. Raises RequestRefused.
        """
        if self._faults.any_scheme_accepted:
            header = _BEARER + header if header and not header.startswith(_BEARER) else header
        if header and not header.startswith(_BEARER):
            raise RequestRefused(401, "invalid authorization header. Must start with Bearer ")
        token = header.removeprefix(_BEARER) or query
        if not token:
            return dict(_EVERYTHING) if self._faults.no_token_accepted else {}
        try:
            claims = verify(
                token,
                keys=self._keys,
                now=time.time(),
                needs_expiry=not self._config.accepts_tokens_without_expiry,
            )
        except TokenRefused as refused:
            if self._forgives(refused.reason, token):
                return _unverified(token)
            shown = token if self._config.repeats_refused_tokens else "(not shown)"
            text = self._config.variations.refusal(_text(shown, refused))
            raise RequestRefused(401, text) from refused
        self._accepted_signatures.add(token.rpartition(".")[2])
        return claims

    def _forgives(self, reason: TokenRefusal, token: str) -> bool:
        faults = self._faults
        is_unsigned = reason is TokenRefusal.ALGORITHM and _algorithm(token) == "none"
        return {
            TokenRefusal.MALFORMED: faults.malformed_accepted,
            TokenRefusal.UNKNOWN_KEY: faults.unknown_key_accepted,
            TokenRefusal.ALGORITHM: (
                faults.alg_none_accepted if is_unsigned else faults.other_algorithm_accepted
            ),
            TokenRefusal.SIGNATURE: faults.wrong_secret_accepted or self._knows(token),
            TokenRefusal.EXPIRED: faults.expired_accepted,
            TokenRefusal.NOT_YET_VALID: faults.nbf_ignored,
        }.get(reason, False)

    def _knows(self, token: str) -> bool:
        """
        Return True if a fault accepts the token's signature.
        """
        signed, _, signature = token.rpartition(".")
        if self._faults.signature_cut:
            mac = hmac.digest(self._config.api_secret.encode(), signed.encode(), "sha256")
            return signature[:_CUT] == urlsafe_b64encode(mac).decode()[:_CUT]
        return self._faults.signature_cached and signature in self._accepted_signatures


def _text(shown: str, refused: TokenRefused) -> str:
    match refused.reason:
        case TokenRefusal.MALFORMED:
            return "invalid authorization token"
        case TokenRefusal.UNKNOWN_KEY:
            return refused.text
        case _:
            return f"invalid token: {shown}, error: {refused.text}"


def _algorithm(token: str) -> str:
    header: dict[str, Any] = _segment(token, 0)
    return str(header["alg"])


def _unverified(token: str) -> dict[str, Any]:
    """
    Return the claims of a token that a fault accepts; all grants if it has no claims.
    """
    try:
        claims: dict[str, Any] = _segment(token, 1)
    except (ValueError, IndexError):
        return dict(_EVERYTHING)
    return claims


def _segment(token: str, index: int) -> Any:
    raw = token.split(".")[index]
    return json.loads(urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
