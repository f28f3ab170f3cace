"""
Digest access authentication for SIP: parse challenges, answer them, and verify answers.

Sources: RFC 3261 section 22, RFC 2617 and RFC 7616 (the arithmetic), RFC 8760 (SHA-256 in SIP).
MD5 and SHA-256, each also as `-sess`; quality of protection `auth` or none (RFC 2069 style).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from livekit_conformance.protocol.sip.syntax import (
    SipSyntaxError,
    checked_line,
    is_token,
    quote,
    split_outside_quotes,
    unquote,
)

# Strongest first: the choice among several offered challenges follows this order, not the server's.
ALGORITHMS = ("SHA-256", "SHA-256-sess", "MD5", "MD5-sess")
_SESSION = "-sess"


class UnsupportedChallenge(ValueError):
    """
    A well-formed challenge with a requirement that this module does not support; the text names it.
    """


class DigestRefusal(StrEnum):
    """
    Reason for which `verify` rejects an answer, in the order of its checks.
    """

    MALFORMED = "malformed"
    USERNAME = "username"
    REALM = "realm"
    NONCE = "nonce"
    ALGORITHM = "algorithm"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Challenge:
    """
    Challenge of a server in Proxy-Authenticate (407) or WWW-Authenticate (401).

    `qop` is empty for servers that support only RFC 2069.
    """

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: tuple[str, ...] = ()
    opaque: str | None = None
    stale: bool = False

    @classmethod
    def parse(cls, value: str) -> Challenge:
        """
        Parse the value of Proxy-Authenticate or WWW-Authenticate.

        Raises SipSyntaxError: it is not a Digest challenge with realm and nonce.
        """
        fields = _digest_fields(value, required=("realm", "nonce"))
        qop = tuple(part.strip() for part in fields.get("qop", "").split(",") if part.strip())
        return cls(
            fields["realm"],
            fields["nonce"],
            _canonical(fields.get("algorithm", "MD5")),
            qop,
            fields.get("opaque"),
            fields.get("stale", "").lower() == "true",
        )

    def __str__(self) -> str:
        fields = [
            f"realm={quote(self.realm)}",
            f"nonce={quote(self.nonce)}",
            f"algorithm={self.algorithm}",
            *([f"qop={quote(','.join(self.qop))}"] if self.qop else []),
            *([f"opaque={quote(self.opaque)}"] if self.opaque is not None else []),
            *(["stale=true"] if self.stale else []),
        ]
        return "Digest " + ", ".join(fields)


def choose(values: Iterable[str]) -> Challenge:
    """
    Return the strongest challenge of a response that this module can answer.

    Raises UnsupportedChallenge: none can be answered, because of its demands or its syntax.
    """
    obstacles: list[str] = []
    answerable: list[Challenge] = []
    for value in values:
        if value.lstrip()[:7].lower() != "digest ":
            continue
        try:
            challenge = Challenge.parse(value)
        except SipSyntaxError as error:
            obstacles.append(str(error))
            continue
        if obstacle := _obstacle(challenge):
            obstacles.append(obstacle)
        else:
            answerable.append(challenge)
    if not answerable:
        raise UnsupportedChallenge("; ".join(obstacles) or "no Digest challenge was offered")
    return min(answerable, key=lambda challenge: ALGORITHMS.index(challenge.algorithm))


def authorization(
    challenge: Challenge,
    *,
    username: str,
    password: str,
    method: str,
    uri: str,
    cnonce: str,
    nc: int = 1,
) -> str:
    """
    Return the value of Proxy-Authorization or Authorization that answers `challenge`.

    `uri` is the Request-URI, `cnonce` fresh random text, `nc` the number of uses of the nonce.

    Raises UnsupportedChallenge: the algorithm or quality of protection is not supported.
    Raises SipSyntaxError: a value cannot stand in a header.
    """
    if obstacle := _obstacle(challenge):
        raise UnsupportedChallenge(obstacle)
    qop = "auth" if challenge.qop else None
    count = f"{nc:08x}"
    response = _response(
        challenge.algorithm,
        username=username,
        realm=challenge.realm,
        password=password,
        method=method,
        uri=uri,
        nonce=challenge.nonce,
        qop=qop,
        cnonce=cnonce,
        nc=count,
    )
    session = challenge.algorithm.endswith(_SESSION)
    fields = [
        f"username={quote(username)}",
        f"realm={quote(challenge.realm)}",
        f"nonce={quote(challenge.nonce)}",
        f"uri={quote(uri)}",
        f'response="{response}"',
        f"algorithm={challenge.algorithm}",
        *([f"cnonce={quote(cnonce)}"] if qop or session else []),
        *([f"qop={qop}", f"nc={count}"] if qop else []),
        *([f"opaque={quote(challenge.opaque)}"] if challenge.opaque is not None else []),
    ]
    return checked_line("Digest " + ", ".join(fields), "digest answer")


def verify(
    value: str, *, challenge: Challenge, username: str, password: str, method: str
) -> DigestRefusal | None:
    """
    Return the reason to refuse the answer in `value`, or None if it proves the password.

    The URI is taken from the answer (RFC 2617 section 3.2.2.5 lets servers be lenient, because a
    proxy may have rewritten the Request-URI). The server detects replay: it keeps the nonces and
    counts.
    """
    try:
        fields = _digest_fields(value, required=("username", "realm", "nonce", "uri", "response"))
        expected = _expected(fields, password=password, method=method)
    except SipSyntaxError:
        return DigestRefusal.MALFORMED
    wrong = {
        DigestRefusal.USERNAME: fields["username"] != username,
        DigestRefusal.REALM: fields["realm"] != challenge.realm,
        DigestRefusal.NONCE: fields["nonce"] != challenge.nonce,
        DigestRefusal.ALGORITHM: _canonical(fields.get("algorithm", "MD5")) != challenge.algorithm
        or fields.get("qop", "") not in (challenge.qop or ("",)),
        DigestRefusal.RESPONSE: not hmac.compare_digest(
            fields["response"].lower().encode(), expected.encode()
        ),
    }
    return next((refusal for refusal, is_wrong in wrong.items() if is_wrong), None)


def answer_fields(value: str) -> Mapping[str, str]:
    """
    Return the fields of an answer by name in lower case, proven or not.

    Raises SipSyntaxError: the answer cannot be parsed.
    """
    return _digest_fields(value, required=())


def _expected(fields: Mapping[str, str], *, password: str, method: str) -> str:
    algorithm = _canonical(fields.get("algorithm", "MD5"))
    qop = fields.get("qop")
    if algorithm not in ALGORITHMS or qop not in {None, "auth"}:
        raise SipSyntaxError(f"cannot verify algorithm {algorithm} with qop {qop}")
    if (qop and not {"nc", "cnonce"} <= fields.keys()) or (
        algorithm.endswith(_SESSION) and "cnonce" not in fields
    ):
        raise SipSyntaxError("nc or cnonce is missing")
    return _response(
        algorithm,
        username=fields["username"],
        realm=fields["realm"],
        password=password,
        method=method,
        uri=fields["uri"],
        nonce=fields["nonce"],
        qop=qop,
        cnonce=fields.get("cnonce", ""),
        nc=fields.get("nc", ""),
    )


def _response(
    algorithm: str,
    *,
    username: str,
    realm: str,
    password: str,
    method: str,
    uri: str,
    nonce: str,
    qop: str | None,
    cnonce: str,
    nc: str,
) -> str:
    # The names A1, A2, H and KD are those of RFC 7616 section 3.4.
    def h(text: str) -> str:
        if algorithm.startswith("SHA-256"):
            return hashlib.sha256(text.encode()).hexdigest()
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    a1 = f"{username}:{realm}:{password}"
    if algorithm.endswith(_SESSION):
        a1 = f"{h(a1)}:{nonce}:{cnonce}"
    a2 = f"{method}:{uri}"
    if qop is None:
        return h(f"{h(a1)}:{nonce}:{h(a2)}")
    return h(f"{h(a1)}:{nonce}:{nc}:{cnonce}:{qop}:{h(a2)}")


def _obstacle(challenge: Challenge) -> str:
    if challenge.algorithm not in ALGORITHMS:
        return f"digest algorithm {challenge.algorithm} is not supported"
    if challenge.qop and "auth" not in challenge.qop:
        return f"digest qop {','.join(challenge.qop)} is not supported"
    return ""


def _canonical(algorithm: str) -> str:
    known = {name.lower(): name for name in ALGORITHMS}
    return known.get(algorithm.lower(), algorithm)


def _digest_fields(value: str, *, required: Iterable[str]) -> dict[str, str]:
    # challenge = "Digest" LWS digest-cln *(COMMA digest-cln), and the same for credentials
    scheme, _, rest = checked_line(value, "digest").strip().partition(" ")
    if scheme.lower() != "digest":
        raise SipSyntaxError(f"authentication scheme is not Digest: {scheme!r}")
    fields: dict[str, str] = {}
    for part in split_outside_quotes(rest, ","):
        name, equals, content = part.partition("=")
        key = name.strip().lower()
        # We and the verifier could read a repeated field in two different ways.
        if not equals or not is_token(key) or key in fields:
            raise SipSyntaxError(f"not a digest field: {name.strip()!r}")
        fields[key] = unquote(content.strip())
    if missing := [name for name in required if name not in fields]:
        raise SipSyntaxError(f"digest lacks {', '.join(missing)}")
    return fields
