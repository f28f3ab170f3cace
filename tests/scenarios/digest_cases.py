"""
Answers to a digest challenge, as data: wrong ones that must be refused, and tolerated ones.

Each case is header lines, sent verbatim. The arithmetic is that of RFC 2617 section 3.2.2,
implemented again here, so that the tests do not trust the code under test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

Lines = list[tuple[str, bytes]]
# Challenges that the caller gets before it answers.
Handshake = Literal["challenged", "challenged-twice", "never"]


@dataclass(frozen=True)
class Ask:
    """
    A caller's knowledge for an answer: the challenge, older ones, and the trunk's account.
    """

    realm: str
    nonce: str
    uri: str
    user: str
    password: str
    method: str = "INVITE"
    # The nonce of the first challenge of this Call-ID, and one of another Call-ID.
    old_nonce: str = ""
    foreign_nonce: str = ""
    hash: str = "md5"

    @property
    def response(self) -> str:
        ha1 = self.h(f"{self.user}:{self.realm}:{self.password}")
        return self.h(f"{ha1}:{self.nonce}:{self.h(f'{self.method}:{self.uri}')}")

    def h(self, text: str) -> str:
        return hashlib.new(self.hash, text.encode()).hexdigest()

    def but(self, **changes: str) -> Ask:
        return replace(self, **changes)


def fields(ask: Ask, *without: str, **changes: str) -> dict[str, str]:
    """
    Return the fields of a right answer, with some left out or replaced.
    """
    right = {
        "username": ask.user,
        "realm": ask.realm,
        "nonce": ask.nonce,
        "uri": ask.uri,
        "response": ask.response,
        "algorithm": "MD5",
    }
    return {name: value for name, value in (right | changes).items() if name not in without}


def answer(values: dict[str, str], *more: str, name: str = "Proxy-Authorization") -> Lines:
    quoted = [f'{key}="{value}"' for key, value in values.items() if key != "algorithm"]
    plain = [f"algorithm={values['algorithm']}"] if "algorithm" in values else []
    return [(name, ("Digest " + ", ".join([*quoted, *plain, *more])).encode())]


def raw(value: bytes) -> Lines:
    return [("Proxy-Authorization", value)]


@dataclass(frozen=True)
class Case:
    """
    One answer. With `is_no_message` it violates SIP's own grammar: silence is a refusal too.
    """

    id: str
    lines: Callable[[Ask], Lines]
    handshake: Handshake = "challenged"
    is_no_message: bool = False


def computed(id_: str, **changes: str) -> Case:
    """
    Return a case that is consistent for other values, in header and response alike.
    """
    return Case(id_, lambda ask: answer(fields(ask.but(**changes))))


def calculated(id_: str, change: Callable[[Ask], Ask]) -> Case:
    """
    Return a case with right fields, and a response computed from other values.
    """
    return Case(id_, lambda ask: answer(fields(ask, response=change(ask).response)))


def written(id_: str, change: Callable[[Ask], dict[str, str]]) -> Case:
    """
    Return a case with these fields changed after the response was computed.
    """
    return Case(id_, lambda ask: answer(fields(ask, **change(ask))))


def right(ask: Ask) -> Lines:
    return answer(fields(ask))


def with_qop(ask: Ask, qop: str) -> Lines:
    body = ":" + ask.h("") if qop == "auth-int" else ""
    ha1, ha2 = ask.h(f"{ask.user}:{ask.realm}:{ask.password}"), ask.h(f"INVITE:{ask.uri}{body}")
    response = ask.h(f"{ha1}:{ask.nonce}:00000001:c0ffee:{qop}:{ha2}")
    return answer(fields(ask, response=response), f"qop={qop}", "nc=00000001", 'cnonce="c0ffee"')


def with_session(ask: Ask) -> Lines:
    ha1 = ask.h(f"{ask.h(f'{ask.user}:{ask.realm}:{ask.password}')}:{ask.nonce}:c0ffee")
    response = ask.h(f"{ha1}:{ask.nonce}:{ask.h(f'INVITE:{ask.uri}')}")
    return answer(fields(ask, response=response, algorithm="MD5-sess"), 'cnonce="c0ffee"')


def logged_hash(password: str) -> str:
    """
    Return the form in which livekit-sip logs a trunk's password.
    """
    return hashlib.sha256(password.encode()).hexdigest()[:16]


ELSEWHERE = "sip:+15550199@elsewhere.invalid"
FLIP = str.maketrans("0123456789abcdef", "1032547698badcfe")

WRONG: tuple[Case, ...] = (
    # The account.
    computed("wrong-password", password="conformance-wrong-password"),
    computed("empty-password", password=""),
    calculated("password-in-upper-case", lambda ask: ask.but(password=ask.password.swapcase())),
    calculated("password-with-blank", lambda ask: ask.but(password=ask.password + " ")),
    calculated("hash-of-the-password", lambda ask: ask.but(password=logged_hash(ask.password))),
    computed("wrong-user", user="somebody-else"),
    computed("empty-user", user=""),
    written("another-user-named", lambda _: {"username": "somebody-else"}),
    calculated("another-user-computed", lambda ask: ask.but(user="somebody-else")),
    Case("user-in-upper-case", lambda ask: answer(fields(ask.but(user=ask.user.upper())))),
    Case("user-with-blank", lambda ask: answer(fields(ask.but(user=ask.user + " ")))),
    Case(
        "user-not-utf-8",
        lambda ask: [(name, line.replace(b'="', b'="\xff', 1)) for name, line in right(ask)],
        is_no_message=True,
    ),
    # The challenge.
    computed("wrong-realm", realm="elsewhere.invalid"),
    computed("empty-realm", realm=""),
    calculated("realm-in-lower-case", lambda ask: ask.but(realm=ask.realm.lower())),
    computed("made-up-nonce", nonce="1234567890-made-up"),
    computed("empty-nonce", nonce=""),
    calculated("nonce-cut-off", lambda ask: ask.but(nonce=ask.nonce[:-1])),
    Case(
        "nonce-of-the-challenge-before",
        lambda ask: answer(fields(ask.but(nonce=ask.old_nonce))),
        handshake="challenged-twice",
    ),
    Case("nonce-of-another-call", lambda ask: answer(fields(ask.but(nonce=ask.foreign_nonce)))),
    Case(
        "never-challenged",
        lambda ask: answer(fields(ask.but(nonce=ask.foreign_nonce))),
        handshake="never",
    ),
    # The request.
    calculated("response-for-register", lambda ask: ask.but(method="REGISTER")),
    calculated("response-for-bye", lambda ask: ask.but(method="BYE")),
    calculated("response-for-invite-in-lower-case", lambda ask: ask.but(method="invite")),
    calculated("response-for-another-uri", lambda ask: ask.but(uri=ELSEWHERE)),
    written("another-uri-named", lambda _: {"uri": ELSEWHERE}),
    # The algorithm.
    Case(
        "sha-256",
        lambda ask: answer(
            fields(ask, response=ask.but(hash="sha256").response, algorithm="SHA-256")
        ),
    ),
    calculated("sha-256-called-md5", lambda ask: ask.but(hash="sha256")),
    Case(
        "unknown-algorithm",
        lambda ask: answer(fields(ask, response="0" * 32, algorithm="NONE")),
    ),
    Case("md5-sess", with_session),
    Case("qop-auth", lambda ask: with_qop(ask, "auth")),
    Case("qop-auth-int", lambda ask: with_qop(ask, "auth-int")),
    # The response.
    written("response-in-upper-case", lambda ask: {"response": ask.response.upper()}),
    written("response-cut-off", lambda ask: {"response": ask.response[:-1]}),
    written("response-too-long", lambda ask: {"response": ask.response + "0"}),
    written("response-flipped", lambda ask: {"response": ask.response.translate(FLIP)}),
    written("empty-response", lambda _: {"response": ""}),
    written("response-of-noughts", lambda _: {"response": "0" * 32}),
    written("password-as-response", lambda ask: {"response": ask.password}),
    # The fields.
    Case("no-user", lambda ask: answer(fields(ask, "username"))),
    Case("no-response", lambda ask: answer(fields(ask, "response"))),
    Case("no-uri", lambda ask: answer(fields(ask, "uri"))),
    Case("no-fields", lambda _: raw(b"Digest ")),
    Case("empty-header", lambda _: raw(b"")),
    Case("not-a-digest", lambda _: raw(b"Bearer " + b"0" * 40)),
    Case("password-in-clear", lambda ask: raw(f"Basic {ask.user}:{ask.password}".encode())),
    Case("quote-not-closed", lambda ask: raw(right(ask)[0][1].replace(b'", algorithm=MD5', b""))),
    Case(
        "nul-in-response",
        lambda ask: answer(fields(ask, response=ask.response + "\0")),
        is_no_message=True,
    ),
    # The headers.
    Case(
        "right-answer-in-the-other-header",
        lambda ask: answer(fields(ask), name="Authorization"),
    ),
    Case(
        "two-wrong-headers",
        lambda ask: 2 * answer(fields(ask.but(password="conformance-wrong-password"))),
    ),
    Case(
        "huge-header",
        lambda ask: answer(fields(ask, response="0" * 32), f'opaque="{"x" * 40_000}"'),
    ),
)

# Answers that livekit-sip 1.8.0 accepts: each proves the password for this challenge, but
# violates RFC 2617.
FORGIVEN: tuple[Case, ...] = (
    written("another-realm-named", lambda _: {"realm": "elsewhere.invalid"}),
    written("another-nonce-named", lambda ask: {"nonce": ask.foreign_nonce}),
    written("another-algorithm-named", lambda _: {"algorithm": "SHA-256"}),
    # Section 3.2.2.5: the URI must be that of the request.
    computed("made-for-another-uri", uri=ELSEWHERE),
)
