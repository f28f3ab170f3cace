"""
Secrets are removed from texts at the source.
"""

from __future__ import annotations

import pytest

from livekit_conformance.secrets.patterns import (
    Redactor,
    looks_like_secret,
    masked,
    whole_tokens,
)
from livekit_conformance.secrets.shapes import MASK

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUEljYW5hcnkifQ.c2lnbmF0dXJl"


def test_every_known_secret_is_masked():
    redact = Redactor(["first-canary", "second-canary"])

    assert redact("a first-canary b second-canary c first-canary") == f"a {MASK} b {MASK} c {MASK}"


def test_a_secret_that_holds_another_is_masked_whole():
    redact = Redactor(["canary", "canary-and-more"])

    assert redact("canary-and-more") == MASK


@pytest.mark.parametrize(
    ("key", "shown"), [("APIab12cd34", "APIa...34"), ("APIab12c", MASK), ("", MASK)]
)
def test_a_masked_key_can_be_recognised_but_not_used(key, shown):
    assert masked(key) == shown


def test_a_key_as_long_as_a_secret_is_taken_for_one_and_masked_whole():
    assert looks_like_secret("a" * 43)
    assert masked("a" * 43) == MASK
    assert not looks_like_secret("APIab12cd34ef")
    assert not looks_like_secret("API" + "a" * 40)


def test_tokens_are_masked_without_being_known():
    assert redact_nothing(f"Authorization: Bearer {TOKEN}\r\n") == (
        "Authorization: Bearer <token>\r\n"
    )


def test_digest_responses_are_masked_and_the_rest_of_the_header_stays():
    header = f'Digest username="u", nonce="n", response="{"0a" * 16}", uri="sip:x"'

    assert (
        redact_nothing(header) == f'Digest username="u", nonce="n", response="{MASK}", uri="sip:x"'
    )


def test_text_without_secrets_stays_as_it_is():
    text = "INVITE sip:+15550123@127.0.0.1 SIP/2.0 eyJ.no.token"

    assert Redactor(["canary"])(text) == text


def test_what_is_too_short_to_be_a_secret_does_not_mask_words():
    assert Redactor(["", "abc"])("abcdef") == "abcdef"


def test_a_redactor_that_learns_keeps_what_it_knew():
    redact = Redactor(["first-canary"])

    assert redact.with_secrets(["second-canary"])("first-canary second-canary") == f"{MASK} {MASK}"
    assert redact("second-canary") == "second-canary"


def test_known_secrets_are_found():
    assert Redactor(["canary", "other"]).finds("a canary") == ["canary"]


def test_whole_tokens_are_found_and_parts_are_not():
    assert whole_tokens(f"x {TOKEN} y eyJhbGciOiJIUzI1NiJ9 z") == [TOKEN]


def redact_nothing(text):
    return Redactor()(text)


@pytest.mark.parametrize(
    "field", ["expectedResponse", "passwordHash", "turn_password", "turnPassword"]
)
def test_fields_that_open_something_are_masked(field):
    text = f'{{"a": 1, "{field}": "0123456789abcdef", "b": "kept"}}'

    assert Redactor()(text) == f'{{"a": 1, "{field}": "***", "b": "kept"}}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Authorization: Basic dXNlcjpjYW5hcnk=\r\n", "Authorization: Basic ***\r\n"),
        ("proxy-authorization: basic dXNlcjpj", "proxy-authorization: basic ***"),
        ('{"Authorization": "Bearer opaque-canary"}', '{"Authorization": "Bearer ***"}'),
        ('Digest response="0a1b2c3d4e", qop=auth', 'Digest response="***", qop=auth'),
        ("Digest response=0a1b2c3d4e, qop=auth", "Digest response=***, qop=auth"),
        ('{"h": "response=\\"0a1b2c3d4e\\""}', '{"h": "response=\\"***\\""}'),
        ('{"receivedResponse":"0a1b2c3d"}', '{"receivedResponse":"***"}'),
        ('{"auth_password": "can\\"ary", "n": 1}', '{"auth_password": "***", "n": 1}'),
        (
            '"{\\"authPassword\\": \\"canary\\", \\"n\\": 1}"',
            '"{\\"authPassword\\": \\"***\\", \\"n\\": 1}"',
        ),
        ('{"urls": [], "credential": "canary"}', '{"urls": [], "credential": "***"}'),
        (
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:Y2FuYXJ5Y2FuYXJ5/+x=|2^20\r\nm=",
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***|2^20\r\nm=",
        ),
        (
            "a=ice-ufrag:abcd\\r\\na=ice-pwd:can/ary\\r\\n",
            "a=ice-ufrag:abcd\\r\\na=ice-pwd:***\\r\\n",
        ),
        ("redis://:canary@h:6379/0", "redis://:***@h:6379/0"),
        ("https://user:can@ary@h/path", "https://user:***@h/path"),
        ("<sip:user:canary@h:5060>", "<sip:user:***@h:5060>"),
        ("GET /rtc?access_token=canary&x=1", "GET /rtc?access_token=***&x=1"),
        ("GET /?x=1&api_secret=canary HTTP/1.1", "GET /?x=1&api_secret=*** HTTP/1.1"),
        (
            "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\nx",
            "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\nx",
        ),
        ("-----BEGIN EC PRIVATE KEY-----\ncanary", "-----BEGIN EC PRIVATE KEY-----***"),
    ],
)
def test_what_is_a_secret_by_its_place_is_masked_and_the_rest_stays(text, told):
    assert Redactor()(text) == told
    assert Redactor()(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Digest username=",
        '{"auth_password": "", "auth_username": "u"}',
        "<sip:+15550100@h:5060;transport=udp>, <sip:a@b>",
        "http://h:5060/a@b",
        "redis://h:6379/0",
        "livekit-sip: no answer from user@host",
        "the token is refused; the secret must differ",
        "response=200",
    ],
)
def test_what_only_looks_like_it_stays(text):
    assert Redactor()(text) == text
