"""
Bad tokens in families: every method of the API must refuse every one.

The families are those of Wycheproof's JWS vectors and LiveKit's own: keys, grants, and the ways in
which a token comes with a request. The vectors are our own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livekit_conformance.protocol.token import Issuer

ROOM = "conformance-bad-tokens"
# All grants that the methods require, so that only the token's defect can cause a refusal.
GRANTS: Mapping[str, Any] = {
    "video": {"roomCreate": True, "roomList": True, "roomAdmin": True, "room": ROOM},
    "sip": {"admin": True, "call": True},
}


@dataclass(frozen=True, slots=True)
class BadToken:
    """
    One shape: `header` makes the value of the Authorization header, None for no header.
    """

    id: str
    header: Callable[[Issuer], str | None]


def good(issuer: Issuer, **changes: Any) -> str:
    """
    Return the token that all methods accept, with changed claims and the right signature.
    """
    return issuer.sign(issuer.claims(**{**GRANTS, **changes}))


def encode(raw: bytes | str) -> str:
    """
    Return base64url without padding.
    """
    data = raw.encode() if isinstance(raw, str) else raw
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mac(secret: str | bytes, signed: str, name: str = "sha256") -> bytes:
    """
    Return the HMAC of the signing input.
    """
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.digest(key, signed.encode(), name)


def crafted(issuer: Issuer, *, header: bytes | str | None = None, claims: bytes | str = "") -> str:
    """
    Return a token of any header and claims, as bytes, with the right signature over them.
    """
    first = encode('{"alg":"HS256","typ":"JWT"}' if header is None else header)
    second = encode(claims or json.dumps(issuer.claims(**GRANTS)))
    signed = f"{first}.{second}"
    return f"{signed}.{encode(mac(issuer.secret, signed))}"


def _with_signature(issuer: Issuer, change: Callable[[bytes], bytes]) -> str:
    signed, _, signature = good(issuer).rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    return f"{signed}.{encode(change(raw))}"


def _with_claims(issuer: Issuer, **changes: Any) -> str:
    """
    Change claims after signing.
    """
    first, _, third = good(issuer).split(".")
    return f"{first}.{encode(json.dumps(issuer.claims(**{**GRANTS, **changes})))}.{third}"


def _flipped(bit: int) -> Callable[[Issuer], str]:
    def flip(raw: bytes) -> bytes:
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)

    return lambda issuer: _with_signature(issuer, flip)


def _parts(issuer: Issuer) -> list[str]:
    return good(issuer).split(".")


Make = Callable[[Issuer], str | None]
Family = Mapping[str, Make]

STRUCTURE: Family = {
    "word": lambda _: "nonsense",
    "one-dot": lambda _: ".",
    "two-dots": lambda _: "..",
    "three-dots": lambda _: "...",
    "two-parts": lambda issuer: ".".join(_parts(issuer)[:2]),
    "four-parts": lambda issuer: f"{good(issuer)}.x",
    "five-parts-as-jwe": lambda issuer: f"{good(issuer)}.x.y",
    "trailing-dot": lambda issuer: f"{good(issuer)}.",
    "leading-dot": lambda issuer: f".{good(issuer)}",
    "no-header": lambda issuer: ".{1}.{2}".format(*_parts(issuer)),
    "no-claims": lambda issuer: "{0}..{2}".format(*_parts(issuer)),
    "parts-swapped": lambda issuer: "{1}.{0}.{2}".format(*_parts(issuer)),
    "reversed": lambda issuer: good(issuer)[::-1],
    "twice": lambda issuer: good(issuer) * 2,
    "in-quotes": lambda issuer: f'"{good(issuer)}"',
    "in-angle-brackets": lambda issuer: f"<{good(issuer)}>",
    "blank-within": lambda issuer: good(issuer).replace(".", ". "),
    "json-serialisation": lambda issuer: json.dumps(
        dict(zip(("protected", "payload", "signature"), _parts(issuer), strict=True))
    ),
    "very-long": lambda _: "x" * 60_000,
    "many-dots": lambda _: "." * 10_000,
}

ENCODING: Family = {
    "padded-signature": lambda issuer: f"{good(issuer)}=",
    "padded-header": lambda issuer: good(issuer).replace(".", "=.", 1),
    "standard-alphabet": lambda issuer: (
        _with_signature(issuer, lambda _: b"\xfb\xef\xff" * 11).replace("-", "+").replace("_", "/")
    ),
    "percent-encoded": lambda issuer: good(issuer).replace(".", "%2E"),
    "star-in-header": lambda issuer: f"*{good(issuer)}",
    "star-in-claims": lambda issuer: good(issuer).replace(".", ".*", 1),
    "star-in-signature": lambda issuer: f"{good(issuer)}*",
    "not-ascii": lambda issuer: f"{good(issuer)}é",
    "upper-case": lambda issuer: good(issuer).upper(),
    "lower-case": lambda issuer: good(issuer).lower(),
    "hexadecimal-signature": lambda issuer: (
        good(issuer).rpartition(".")[0]
        + "."
        + mac(issuer.secret, good(issuer).rpartition(".")[0]).hex()
    ),
    "one-character-signature": lambda issuer: good(issuer).rpartition(".")[0] + ".A",
}


def _header(value: str | bytes) -> Callable[[Issuer], str]:
    return lambda issuer: crafted(issuer, header=value)


def _algorithm(value: Any) -> Callable[[Issuer], str]:
    return _header(json.dumps({"alg": value, "typ": "JWT"}))


HEADER: Family = {
    "header-empty": _header("{}"),
    "header-null": _header("null"),
    "header-list": _header('["HS256"]'),
    "header-string": _header('"HS256"'),
    "header-number": _header("256"),
    "header-not-json": _header("{alg:HS256}"),
    "header-cut-off": _header('{"alg":"HS256"'),
    "header-trailing": _header('{"alg":"HS256"}{}'),
    "header-not-utf8": _header(b'\xff{"alg":"HS256"}'),
    "header-byte-order-mark": _header(b'\xef\xbb\xbf{"alg":"HS256"}'),
    "header-nested-deeply": _header('{"alg":' + "[" * 2000 + "]" * 2000 + "}"),
    "alg-missing": _header('{"typ":"JWT"}'),
    "alg-null": _algorithm(None),
    "alg-empty": _algorithm(""),
    "alg-number": _algorithm(256),
    "alg-true": _algorithm(value=True),
    "alg-list": _algorithm(["HS256"]),
    "alg-object": _algorithm({"HS256": True}),
    "alg-lower-case": _algorithm("hs256"),
    "alg-blank-after": _algorithm("HS256 "),
    "alg-unknown": _algorithm("XX256"),
    "alg-rs256-with-hmac": _algorithm("RS256"),
    "alg-es256-with-hmac": _algorithm("ES256"),
    "alg-ps256-with-hmac": _algorithm("PS256"),
    "alg-eddsa-with-hmac": _algorithm("EdDSA"),
    "alg-twice-last-none": _header('{"alg":"HS256","alg":"none"}'),
}


def _unsigned(algorithm: str) -> Make:
    return lambda issuer: issuer.sign(
        issuer.claims(**GRANTS), algorithm="none", header={"alg": algorithm}
    )


_ALGORITHM_NONE: Family = {
    **{f"unsigned-{name}": _unsigned(name) for name in ("none", "None", "NONE", "nOnE")},
    "none-with-signature": _algorithm("none"),
    "unsigned-hs256": lambda issuer: good(issuer).rpartition(".")[0] + ".",
}

_OTHER_ALGORITHM: Family = {
    "hs384": lambda issuer: issuer.sign(issuer.claims(**GRANTS), algorithm="HS384"),
    "hs512": lambda issuer: issuer.sign(issuer.claims(**GRANTS), algorithm="HS512"),
    "hs512-called-hs256": lambda issuer: issuer.sign(
        issuer.claims(**GRANTS), algorithm="HS512", header={"alg": "HS256"}
    ),
    "hs256-called-hs512": lambda issuer: issuer.sign(
        issuer.claims(**GRANTS), header={"alg": "HS512"}
    ),
}

ALGORITHM: Family = {**_ALGORITHM_NONE, **_OTHER_ALGORITHM}


def _secret(change: Callable[[Issuer], str]) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.sign(issuer.claims(**GRANTS), secret=change(issuer))


SECRET: Family = {
    "secret-wrong": _secret(lambda _: "another-secret-than-the-deployment-has"),
    "secret-empty": _secret(lambda _: ""),
    "secret-of-development": _secret(lambda _: "secret"),
    "secret-is-the-key": _secret(lambda issuer: issuer.key),
    "secret-with-newline": _secret(lambda issuer: issuer.secret + "\n"),
    "secret-with-blank": _secret(lambda issuer: f" {issuer.secret}"),
    "secret-in-quotes": _secret(lambda issuer: f'"{issuer.secret}"'),
    "secret-without-last": _secret(lambda issuer: issuer.secret[:-1]),
    "secret-other-case": _secret(lambda issuer: issuer.secret.swapcase()),
    "secret-reversed": _secret(lambda issuer: issuer.secret[::-1]),
    "secret-hashed": _secret(lambda issuer: hashlib.sha256(issuer.secret.encode()).hexdigest()),
}


def _b64_false(issuer: Issuer) -> str:
    first = encode('{"alg":"HS256","b64":false,"crit":["b64"]}')
    signed = f"{first}.{json.dumps(issuer.claims(**GRANTS))}"
    return f"{signed}.{encode(mac(issuer.secret, signed))}"


SIGNATURE: Family = {
    **{f"bit-{bit}-flipped": _flipped(bit) for bit in (0, 7, 100, 128, 255)},
    "signature-zeros": lambda issuer: _with_signature(issuer, lambda raw: bytes(len(raw))),
    "signature-ones": lambda issuer: _with_signature(issuer, lambda raw: b"\xff" * len(raw)),
    "signature-half": lambda issuer: _with_signature(issuer, lambda raw: raw[:16]),
    "signature-too-short": lambda issuer: _with_signature(issuer, lambda raw: raw[:-1]),
    "signature-too-long": lambda issuer: _with_signature(issuer, lambda raw: raw + b"\0"),
    "signature-twice": lambda issuer: _with_signature(issuer, lambda raw: raw * 2),
    "signature-reversed": lambda issuer: _with_signature(issuer, lambda raw: raw[::-1]),
    "signature-of-claims-only": lambda issuer: _with_signature(
        issuer, lambda _: mac(issuer.secret, _parts(issuer)[1])
    ),
    "signature-of-no-bytes": lambda issuer: _with_signature(
        issuer, lambda _: mac(issuer.secret, "")
    ),
    "signature-of-another-token": lambda issuer: (
        good(issuer).rpartition(".")[0] + "." + good(issuer, sub="other").rpartition(".")[2]
    ),
    "payload-not-encoded": _b64_false,
}


def _claims(value: str | bytes) -> Callable[[Issuer], str]:
    return lambda issuer: crafted(issuer, claims=value)


def _changed(**changes: Callable[[Issuer], Any]) -> Callable[[Issuer], str]:
    return lambda issuer: good(issuer, **{name: make(issuer) for name, make in changes.items()})


ALTERED: Family = {
    "altered-subject": lambda issuer: _with_claims(issuer, sub="somebody-else"),
    "altered-expiry": lambda issuer: _with_claims(issuer, exp=issuer.now + 86400),
    "altered-grants": lambda issuer: _with_claims(issuer, sip={"admin": True}),
    "altered-white-space": _with_claims,
    "claim-added": lambda issuer: _with_claims(issuer, kind="agent"),
}

CLAIMS: Family = {
    "claims-null": _claims("null"),
    "claims-empty": _claims("{}"),
    "claims-list": _claims("[]"),
    "claims-string": _claims('"claims"'),
    "claims-not-json": _claims("{iss: x}"),
    "claims-cut-off": _claims('{"iss":"x"'),
    "issuer-missing": _changed(iss=lambda _: None),
    "issuer-empty": _changed(iss=lambda _: ""),
    "issuer-unknown": _changed(iss=lambda _: "APIunknownconformance"),
    "issuer-other-case": _changed(iss=lambda issuer: issuer.key.swapcase()),
    "issuer-with-blank": _changed(iss=lambda issuer: f"{issuer.key} "),
    "issuer-number": _changed(iss=lambda _: 7),
    "issuer-list": _changed(iss=lambda issuer: [issuer.key]),
    "subject-number": _changed(sub=lambda _: 7),
}

TIMES: Family = {
    "expired-61-s-ago": _changed(nbf=lambda i: i.now - 600, exp=lambda i: i.now - 61),
    "expired-long-ago": _changed(nbf=lambda i: i.now - 90_000, exp=lambda i: i.now - 86_400),
    "expired-in-1970": _changed(exp=lambda _: 1),
    "expiry-zero": _changed(exp=lambda _: 0),
    "expiry-negative": _changed(exp=lambda _: -1),
    "expiry-word": _changed(exp=lambda _: "soon"),
    "expiry-list": _changed(exp=lambda i: [i.now + 60]),
    "expiry-true": _changed(exp=lambda _: True),
    "expiry-twice-last-past": lambda i: crafted(
        i, claims=json.dumps(i.claims(**GRANTS))[:-1] + f',"exp":{i.now - 600}}}'
    ),
    "starts-in-two-minutes": _changed(nbf=lambda i: i.now + 120, exp=lambda i: i.now + 600),
    "starts-next-year": _changed(nbf=lambda i: i.now + 31_536_000, exp=lambda i: i.now + 4 * 10**8),
    "starts-word": _changed(nbf=lambda _: "now"),
}


def _granted(**grants: Any) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.sign(issuer.claims(**grants))


GRANTED: Family = {
    "no-grants": _granted(),
    "grants-null": _granted(video=None, sip=None),
    "grants-empty": _granted(video={}, sip={}),
    "grants-false": _granted(
        video=dict.fromkeys(("roomCreate", "roomList", "roomAdmin"), False) | {"room": ROOM},
        sip={"admin": False, "call": False},
    ),
    "grants-as-strings": _granted(video={"roomCreate": "true"}, sip={"admin": "true"}),
    "grants-as-numbers": _granted(video={"roomCreate": 1}, sip={"admin": 1}),
    "grants-as-lists": _granted(video=["roomCreate", "roomList", "roomAdmin"], sip=["admin"]),
    "grants-on-top": _granted(**GRANTS["video"], admin=True),
    "grants-one-level-down": _granted(grants=GRANTS),
    "join-only": _granted(video={"roomJoin": True, "room": ROOM}),
}


SCHEMES: Family = {
    "no-token": lambda _: None,
    "bearer-alone": lambda _: "Bearer",
    "bearer-and-blank": lambda _: "Bearer ",
    "bearer-lower-case": lambda issuer: f"bearer {good(issuer)}",
    "bearer-upper-case": lambda issuer: f"BEARER {good(issuer)}",
    "bearer-two-blanks": lambda issuer: f"Bearer  {good(issuer)}",
    "bearer-tab": lambda issuer: f"Bearer\t{good(issuer)}",
    "bearer-colon": lambda issuer: f"Bearer: {good(issuer)}",
    "bearer-twice": lambda issuer: f"Bearer Bearer {good(issuer)}",
    "token-alone": good,
    "basic": lambda issuer: (
        "Basic " + base64.b64encode(f"{issuer.key}:{issuer.secret}".encode()).decode()
    ),
    "bearer-key-and-secret": lambda issuer: f"Bearer {issuer.key}:{issuer.secret}",
    "bearer-secret": lambda issuer: f"Bearer {issuer.secret}",
    "two-tokens": lambda issuer: f"Bearer {good(issuer)}, Bearer {good(issuer)}",
}

TOKENS: Mapping[str, Family] = {
    "structure": STRUCTURE,
    "encoding": ENCODING,
    "header": HEADER,
    "algorithm": ALGORITHM,
    "secret": SECRET,
    "signature": SIGNATURE,
    "altered": ALTERED,
    "claims": CLAIMS,
    "times": TIMES,
    "grants": GRANTED,
}


def _as_bearer(make: Make) -> Make:
    return lambda issuer: f"Bearer {make(issuer)}"


def _all() -> Iterator[BadToken]:
    for family in TOKENS.values():
        for name, make in family.items():
            yield BadToken(name, _as_bearer(make))
    for name, make in SCHEMES.items():
        yield BadToken(name, make)


BAD_TOKENS: tuple[BadToken, ...] = tuple(_all())


def _loose_last_character(issuer: Issuer) -> str:
    # 32 bytes are 42 2/3 characters: the last one carries two unused bits.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = good(issuer)
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


# Tokens that livekit-server 1.13.5 accepts although a strict parser would not. Only the first is
# more than a matter of form; it is clause 1.1-token-without-exp-is-refused.
LENIENCIES: Family = {
    "expiry-missing": _changed(exp=lambda _: None),
    "expiry-string": _changed(exp=lambda i: str(i.now + 60)),
    "starts-string": _changed(nbf=lambda i: str(i.now)),
    "issued-in-an-hour": _changed(iat=lambda i: i.now + 3600),
    "signature-last-bits": _loose_last_character,
    "header-unknown-crit": _header('{"alg":"HS256","crit":["exp"]}'),
    "header-other-type": _header('{"alg":"HS256","typ":"at+jwt"}'),
    "issuer-in-capitals": lambda issuer: crafted(
        issuer, claims=json.dumps(issuer.claims(**GRANTS)).replace('"iss"', '"ISS"')
    ),
    "grants-in-capitals": lambda issuer: crafted(
        issuer, claims=json.dumps(issuer.claims(**GRANTS)).replace('"roomList"', '"ROOMLIST"')
    ),
}

# Up to 1.9.12 livekit-server parses tokens with go-jose, which accepts these shapes. None of them
# can be made without the secret.
TAKEN_BY_GO_JOSE = frozenset(
    {
        *("hs384", "hs512", "json-serialisation", "padded-header", "padded-signature"),
        *("blank-within", "bearer-two-blanks"),
    }
)
