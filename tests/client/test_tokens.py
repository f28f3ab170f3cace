"""
Tokens are verified without a request, as livekit-server verifies them.
"""

from __future__ import annotations

import pytest
from livekit import api

from livekit_conformance.client import Client, LiveKitAuthenticationError, validate_token
from livekit_conformance.protocol.token import Issuer

SECRET = "made-up-secret-of-the-token-tests"
PAIR = {"api_key": "APItokens", "api_secret": SECRET}
NOW = 1_700_000_000
ISSUER = Issuer("APItokens", SECRET, NOW)


def test_a_good_token_tells_who_and_what_it_is_for():
    claims = ISSUER.claims(sub="agent-1", video={"roomJoin": True, "room": "support"})

    token = validate_token(ISSUER.sign(claims), **PAIR, now=NOW, video={"roomJoin": True})

    assert (token.identity, token.video["room"], token.expires) == ("agent-1", "support", NOW + 60)
    assert token.sip == {}


def test_a_token_of_the_sdk_is_good_now():
    token = api.AccessToken("APItokens", SECRET).with_identity("agent-1").to_jwt()

    assert Client("ws://livekit", **PAIR).validate_token(token).identity == "agent-1"


@pytest.mark.parametrize(
    ("changes", "signed", "code"),
    [
        ({}, {"secret": "another-secret-of-another-server"}, "signature"),
        ({"iss": "APIother"}, {}, "unknown-key"),
        ({"exp": NOW - 61}, {}, "expired"),
        ({"nbf": NOW + 61}, {}, "not-yet-valid"),
        ({}, {"algorithm": "HS512"}, "algorithm"),
    ],
)
def test_a_bad_token_is_told_with_the_reason_and_the_remedy(changes, signed, code):
    with pytest.raises(LiveKitAuthenticationError) as refused:
        validate_token(ISSUER.sign(ISSUER.claims(**changes), **signed), **PAIR, now=NOW)

    assert refused.value.code == code
    assert refused.value.hint
    assert SECRET not in f"{refused.value!r} {refused.value}"


@pytest.mark.parametrize(("late", "accepted"), [(59, True), (60, False)])
def test_a_clock_that_runs_differently_is_forgiven_a_minute(late, accepted):
    token = ISSUER.sign(ISSUER.claims(exp=NOW))

    if accepted:
        validate_token(token, **PAIR, now=NOW + late)
    else:
        with pytest.raises(LiveKitAuthenticationError):
            validate_token(token, **PAIR, now=NOW + late)


def test_a_token_without_end_is_taken_unless_an_end_is_asked_for():
    token = ISSUER.sign(ISSUER.claims(exp=None))

    assert validate_token(token, **PAIR, now=NOW).expires is None
    with pytest.raises(LiveKitAuthenticationError, match="exp claim is required"):
        validate_token(token, **PAIR, now=NOW, needs_expiry=True)


@pytest.mark.parametrize(
    ("wanted", "lacking"),
    [
        ({"video": {"roomJoin": True, "room": "sales"}}, "video.room"),
        ({"sip": {"call": True}}, "sip.call"),
    ],
)
def test_a_grant_that_is_missing_is_named(wanted, lacking):
    token = ISSUER.sign(ISSUER.claims(video={"roomJoin": True, "room": "support"}))

    with pytest.raises(LiveKitAuthenticationError, match=lacking) as refused:
        validate_token(token, **PAIR, now=NOW, **wanted)
    assert refused.value.code == "permission_denied"


def test_a_secret_in_the_place_of_the_key_is_not_repeated():
    swapped = Issuer(SECRET, "APItokens", NOW)

    with pytest.raises(LiveKitAuthenticationError) as refused:
        validate_token(swapped.sign(swapped.claims()), **PAIR, now=NOW)
    assert SECRET not in f"{refused.value!r} {refused.value}"
