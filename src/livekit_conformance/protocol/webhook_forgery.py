"""
Forged webhooks that an endpoint must refuse: each looks genuine and proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from livekit_conformance.protocol import token, webhook

_AUTHORIZATION = "Authorization"
# Longer than the lifetime of a signature plus any leeway.
_LONG_AGO_S = 3600


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One request to an endpoint: its body and headers.
    """

    body: bytes
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """
    Sign webhooks as livekit-server does, with one key pair at one moment (Unix seconds).
    """

    api_key: str
    api_secret: str = field(repr=False)
    now: float

    def sign(self, event: Mapping[str, Any] | bytes) -> Delivery:
        """
        Return the signed delivery of an event, or of arbitrary bytes.

        The event's JSON has the blanks that livekit-server's protobuf-JSON has, which no other JSON
        writer produces: an endpoint that hashes a reserialized body refuses it.
        """
        body = (
            event
            if isinstance(event, bytes)
            else json.dumps(event, separators=(", ", ":")).encode()
        )
        return Delivery(body, self._headers(body))

    def sign_with(
        self,
        event: Mapping[str, Any],
        *,
        secret: str | None = None,
        algorithm: token.Algorithm = "HS256",
        **claims: Any,
    ) -> Delivery:
        """
        Return the same delivery with another secret, algorithm or claims; None removes a claim.
        """
        genuine = self.sign(event)
        changed = webhook.claims(genuine.body, api_key=self.api_key, now=self.now) | claims
        kept = {name: value for name, value in changed.items() if value is not None}
        forged = token.sign(
            kept, self.api_secret if secret is None else secret, algorithm=algorithm
        )
        return Delivery(genuine.body, {**genuine.headers, _AUTHORIZATION: forged})

    def _headers(self, body: bytes) -> Mapping[str, str]:
        return webhook.signed(body, api_key=self.api_key, api_secret=self.api_secret, now=self.now)


Event = Mapping[str, Any]
Forge = Callable[[Signer, Event], Delivery]


def _unsigned(signer: Signer, event: Event) -> Delivery:
    genuine = signer.sign(event)
    headers = {name: text for name, text in genuine.headers.items() if name != _AUTHORIZATION}
    return Delivery(genuine.body, headers)


def _wrong_key(signer: Signer, event: Event) -> Delivery:
    return signer.sign_with(event, secret=f"not-{signer.api_secret}")


def _empty_secret(signer: Signer, event: Event) -> Delivery:
    return signer.sign_with(event, secret="")


def _unsigned_token(signer: Signer, event: Event) -> Delivery:
    return signer.sign_with(event, algorithm="none")


def _changed_body(signer: Signer, event: Event) -> Delivery:
    genuine = signer.sign(event)
    # White space changes nothing for a parser: only a hash of the raw bytes sees it.
    return Delivery(genuine.body + b" ", genuine.headers)


def _expired(signer: Signer, event: Event) -> Delivery:
    then = int(signer.now) - _LONG_AGO_S
    return signer.sign_with(event, nbf=then, iat=then, exp=then + webhook.VALID_FOR_S)


def _empty_hash(signer: Signer, event: Event) -> Delivery:
    return signer.sign_with(event, sha256="")


def _no_hash(signer: Signer, event: Event) -> Delivery:
    return signer.sign_with(event, sha256=None)


def _not_json(signer: Signer, event: Event) -> Delivery:
    return signer.sign(json.dumps(event).encode()[:-1])


FORGERIES: Mapping[str, Forge] = MappingProxyType(
    {
        "unsigned": _unsigned,
        "wrong-key": _wrong_key,
        "empty-secret": _empty_secret,
        "unsigned-token": _unsigned_token,
        "changed-body": _changed_body,
        "expired": _expired,
        "empty-hash": _empty_hash,
        "no-hash": _no_hash,
        "not-json": _not_json,
    }
)
