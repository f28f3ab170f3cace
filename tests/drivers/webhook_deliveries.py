"""
Table of deliveries that an endpoint must refuse, and of some that it must accept.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from livekit_conformance.drivers.webhooks.receiver import BODY_LIMIT
from livekit_conformance.protocol import token
from livekit_conformance.protocol.webhook_forgery import FORGERIES, Delivery, Forge, Signer

EVENT = {"event": "room_started", "id": "EV_bad", "createdAt": "1", "room": {"name": "r"}}

Make = Callable[[Signer], Delivery]


def _with(delivery: Delivery, body: bytes | None = None, **headers: str | None) -> Delivery:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    changed: dict[str, str | None] = {**delivery.headers, **named}
    kept = {name: text for name, text in changed.items() if text is not None}
    return Delivery(delivery.body if body is None else body, kept)


def _authorization(change: Callable[[str], str | None]) -> Make:
    def make(signer: Signer) -> Delivery:
        genuine = signer.sign(EVENT)
        return _with(genuine, Authorization=change(genuine.headers["Authorization"]))

    return make


def _body(change: Callable[[bytes], bytes]) -> Make:
    return lambda signer: _with((genuine := signer.sign(EVENT)), change(genuine.body))


def _headers(**headers: str | None) -> Make:
    return lambda signer: _with(signer.sign(EVENT), None, **headers)


def _claims(**claims: Any) -> Make:
    return lambda signer: signer.sign_with(EVENT, **claims)


def _at(**offsets: float) -> Make:
    def make(signer: Signer) -> Delivery:
        claims: dict[str, Any] = {name: signer.now + by for name, by in offsets.items()}
        return signer.sign_with(EVENT, **claims)

    return make


def _secret(change: Callable[[Signer], str]) -> Make:
    return lambda signer: signer.sign_with(EVENT, secret=change(signer))


def _header(algorithm: token.Algorithm, **header: Any) -> Make:
    def make(signer: Signer) -> Delivery:
        genuine = signer.sign(EVENT)
        claims = json.loads(_decoded(genuine.headers["Authorization"].split(".")[1]))
        forged = token.sign(claims, signer.api_secret, algorithm=algorithm, header=header)
        return _with(genuine, Authorization=forged)

    return make


def _signed(body: bytes) -> Make:
    return lambda signer: signer.sign(body)


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _flip_last(text: str) -> str:
    # The last character of a segment has unused bits; the one before it has none.
    return text[:-2] + ("A" if text[-2] != "A" else "B") + text[-1]


def _parts(change: Callable[[str, str, str], str]) -> Make:
    return _authorization(lambda text: change(*text.split(".")))


def _forged(forge: Forge) -> Make:
    return lambda signer: forge(signer, EVENT)


_DIGEST = hashlib.sha256(json.dumps(EVENT).encode())
_LONG = {**EVENT, "padding": "x" * BODY_LIMIT}

# id -> the required status, and the function that makes the delivery.
BAD: Mapping[str, tuple[int, Make]] = {
    **{
        f"forgery-{name}": (400 if name == "not-json" else 401, _forged(forge))
        for name, forge in FORGERIES.items()
    },
    # The header
    "header-empty": (401, _authorization(lambda _: "")),
    "header-blank": (401, _authorization(lambda _: " ")),
    "header-bearer-only": (401, _authorization(lambda _: "Bearer")),
    "header-bearer-and-token": (401, _authorization(lambda text: f"Bearer {text}")),
    "header-basic": (401, _authorization(lambda _: "Basic dXNlcjpwYXNz")),
    "header-null": (401, _authorization(lambda _: "null")),
    "header-words": (401, _authorization(lambda _: "let me in")),
    "header-twice": (401, _authorization(lambda text: f"{text}, {text}")),
    "header-long": (401, _authorization(lambda _: "A" * 4000)),
    "header-not-ascii": (401, _authorization(lambda _: "caf\N{LATIN SMALL LETTER E WITH ACUTE}")),
    "header-snowman": (401, _authorization(lambda _: "\N{SNOWMAN}.\N{SNOWMAN}.\N{SNOWMAN}")),
    "header-elsewhere": (
        401,
        lambda s: _with(
            (g := s.sign(EVENT)), Authorization=None, X_Auth=g.headers["Authorization"]
        ),
    ),
    # The token
    "token-dots": (401, _authorization(lambda _: "..")),
    "token-one-dot-more": (401, _authorization(lambda text: text + ".")),
    "token-two-segments": (401, _parts(lambda head, claims, _: f"{head}.{claims}")),
    "token-no-signature": (401, _parts(lambda head, claims, _: f"{head}.{claims}.")),
    "token-four-segments": (401, _authorization(lambda text: text + ".AAAA")),
    "token-signature-cut": (401, _authorization(lambda text: text[:-4])),
    "token-signature-flipped": (401, _authorization(_flip_last)),
    "token-padded": (401, _authorization(lambda text: text + "=")),
    "token-upper-case": (401, _authorization(str.upper)),
    "token-head-is-no-base64": (401, _parts(lambda _, claims, sig: f"!!.{claims}.{sig}")),
    "token-head-is-no-object": (401, _parts(lambda _, c, sig: f"{_segment([])}.{c}.{sig}")),
    "token-head-without-alg": (401, _parts(lambda _, c, sig: f"{_segment({})}.{c}.{sig}")),
    "token-claims-are-no-object": (401, _parts(lambda h, _, sig: f"{h}.{_segment(1)}.{sig}")),
    "token-claims-changed": (
        401,
        _parts(lambda h, c, sig: f"{h}.{_segment(json.loads(_decoded(c)) | {'x': 1})}.{sig}"),
    ),
    # The algorithm
    "algorithm-none-upper-case": (401, _header("none", alg="NONE")),
    "algorithm-hs384": (401, _header("HS384")),
    "algorithm-hs512": (401, _header("HS512")),
    "algorithm-rs256-announced": (401, _header("HS256", alg="RS256")),
    "algorithm-none-announced": (401, _header("HS256", alg="none")),
    "algorithm-number": (401, _header("HS256", alg=1)),
    # The key pair
    "secret-reversed": (401, _secret(lambda s: s.api_secret[::-1])),
    "secret-with-newline": (401, _secret(lambda s: s.api_secret + "\n")),
    "secret-quoted": (401, _secret(lambda s: f'"{s.api_secret}"')),
    "secret-is-the-key": (401, _secret(lambda s: s.api_key)),
    "secret-of-the-development-key": (401, _secret(lambda _: "secret")),
    "key-unknown": (401, _claims(iss="APIunknown")),
    "key-lower-case": (401, lambda s: s.sign_with(EVENT, iss=s.api_key.lower())),
    "key-is-the-secret": (401, lambda s: s.sign_with(EVENT, iss=s.api_secret)),
    "key-empty-secret-empty": (401, _claims(iss="", secret="")),
    "key-missing": (401, _claims(iss=None)),
    "key-is-a-list": (401, lambda s: s.sign_with(EVENT, iss=[s.api_key])),
    "key-is-no-text": (401, _claims(iss=1)),
    # The times
    "time-expired-just-now": (401, _at(exp=-61)),
    "time-not-yet": (401, _at(nbf=600)),
    "time-not-this-year": (401, _at(nbf=3e7, exp=3.1e7)),
    "time-without-end": (401, _claims(exp=None)),
    "time-ends-next-year": (401, _at(exp=3e7)),
    "time-ends-in-an-hour": (401, _at(exp=3600)),
    "time-is-text": (401, lambda s: s.sign_with(EVENT, exp=str(int(s.now) + 60))),
    "time-is-true": (401, _claims(exp=True)),
    "time-is-a-list": (401, _claims(exp=[1])),
    "time-is-negative": (401, _claims(exp=-1)),
    "time-is-not-a-number": (401, _claims(exp=math.nan)),
    "time-is-infinite": (401, _claims(exp=math.inf)),
    "time-is-endless": (401, _claims(exp=10**400)),
    # The hash
    "hash-is-a-number": (401, _claims(sha256=1)),
    "hash-is-a-list": (401, _claims(sha256=[base64.b64encode(_DIGEST.digest()).decode()])),
    "hash-in-hex": (401, _claims(sha256=_DIGEST.hexdigest())),
    "hash-unpadded": (401, _claims(sha256=base64.b64encode(_DIGEST.digest()).decode().rstrip("="))),
    "hash-of-nothing": (
        401,
        _claims(sha256=base64.b64encode(hashlib.sha256(b"").digest()).decode()),
    ),
    "hash-sha1": (401, _claims(sha256=base64.b64encode(b"\x00" * 20).decode())),
    "hash-not-ascii": (401, _claims(sha256="\N{SNOWMAN}")),
    "hash-under-another-name": (401, _claims(sha256=None, SHA256="x")),
    "access-token": (401, _claims(sha256=None, sub="me", video={"roomAdmin": True})),
    # The body
    "body-flipped": (401, _body(lambda raw: raw[:5] + bytes([raw[5] ^ 1]) + raw[6:])),
    "body-cut": (401, _body(lambda raw: raw[:-1])),
    "body-empty": (401, _body(lambda _: b"")),
    "body-written-again": (401, _body(lambda raw: json.dumps(json.loads(raw), indent=1).encode())),
    "body-another-room": (401, _body(lambda raw: raw.replace(b'"r"', b'"s"'))),
    "body-with-byte-order-mark": (401, _body(lambda raw: b"\xef\xbb\xbf" + raw)),
    # The signed body is not an event
    "event-empty": (400, _signed(b"")),
    "event-is-a-list": (400, _signed(b"[]")),
    "event-is-empty": (400, _signed(b"{}")),
    "event-is-text": (400, _signed(b'"room_started"')),
    "event-is-null": (400, _signed(b"null")),
    "event-is-no-utf-8": (400, _signed(b"\xff\xfe\xfd")),
    "event-without-id": (400, _signed(b'{"event":"room_started"}')),
    "event-without-name": (400, _signed(b'{"id":"EV_1"}')),
    "event-name-is-a-number": (400, _signed(b'{"event":1,"id":"EV_1"}')),
    "event-name-is-empty": (400, _signed(b'{"event":"","id":"EV_1"}')),
    "event-id-is-empty": (400, _signed(b'{"event":"room_started","id":""}')),
    "event-id-is-a-list": (400, _signed(b'{"event":"room_started","id":["EV_1"]}')),
    "event-is-deep": (400, _signed(b"[" * 50_000)),
    "event-number-is-endless": (400, _signed(b'{"event":"x","id":"y","z":' + b"9" * 9_000 + b"}")),
    # Method and content type
    "type-json": (415, _headers(Content_Type="application/json")),
    "type-text": (415, _headers(Content_Type="text/plain")),
    "type-form": (415, _headers(Content_Type="application/x-www-form-urlencoded")),
    "type-multipart": (415, _headers(Content_Type="multipart/form-data; boundary=x")),
    "type-unknown": (415, _headers(Content_Type="application/octet-stream")),
    "encoding-gzip": (
        415,
        lambda s: _with((g := s.sign(EVENT)), gzip.compress(g.body), Content_Encoding="gzip"),
    ),
    "size-one-too-many": (413, _signed(b"x" * (BODY_LIMIT + 1))),
    "size-double": (413, lambda s: s.sign({**_LONG, "more": "x" * BODY_LIMIT})),
}


def _event(**changes: Any) -> dict[str, Any]:
    return EVENT | {"id": f"EV_{uuid.uuid4().hex}"} | changes


def _named(name: str) -> Make:
    return lambda signer: signer.sign(_event(event=name))


_NAMES = (
    *("room_started", "room_finished", "participant_joined", "participant_left"),
    *("participant_connection_aborted", "track_published", "track_unpublished"),
    *("egress_started", "egress_updated", "egress_ended", "ingress_started", "ingress_ended"),
    "agent_job_started",
)

# id -> the function that makes the delivery; each must be accepted.
GOOD: Mapping[str, Make] = {
    **{name: _named(name) for name in _NAMES},
    "unknown-event": lambda s: s.sign(_event(event="from_the_future")),
    "unknown-field": lambda s: s.sign(_event(newer={"a": [1, None]})),
    "other-order": lambda s: s.sign(dict(reversed(_event(order=1).items()))),
    "white-space": lambda s: s.sign(json.dumps(_event(space=1), indent=4).encode()),
    "not-ascii": lambda s: s.sign(
        json.dumps(_event(room={"name": "\N{SNOWMAN}"}), ensure_ascii=False).encode()
    ),
    "no-room": lambda s: s.sign(_event(room=None)),
    "room-is-a-list": lambda s: s.sign(_event(room=[])),
    "as-large-as-may-be": lambda s: s.sign(
        json.dumps(_event(padding="")).encode().ljust(BODY_LIMIT)
    ),
    "clock-ahead": lambda s: replace(s, now=s.now + 59).sign(_event(clock="ahead")),
    "clock-behind": lambda s: replace(s, now=s.now - 359).sign(_event(clock="behind")),
}
