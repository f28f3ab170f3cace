"""
Tokens and grants of the catalogue are bad, each for the reason it is listed for.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.grants import CALLING, CHANGING_ROOMS, CHANGING_SIP, READING
from livekit_conformance.catalogue.refused_tokens import MISSING_GRANT, REFUSED_TOKENS
from livekit_conformance.drivers.api.permissions import API_EFFECTS
from livekit_conformance.protocol.token import Issuer, TokenRefusal, TokenRefused, verify

ISSUER = Issuer("APIone", "secret-of-key-one-secret-of-key-one-", 1_700_000_000)
CLAIMS = ISSUER.claims(video={"roomList": True})
REASONS = {
    "malformed-token": TokenRefusal.MALFORMED,
    "wrong-secret": TokenRefusal.SIGNATURE,
    "unknown-key": TokenRefusal.UNKNOWN_KEY,
    "expired-token": TokenRefusal.EXPIRED,
    "token-not-yet-valid": TokenRefusal.NOT_YET_VALID,
    "unsigned-token": TokenRefusal.ALGORITHM,
    "other-algorithm": TokenRefusal.ALGORITHM,
    "flipped-signature": TokenRefusal.SIGNATURE,
    "altered-claims": TokenRefusal.SIGNATURE,
    "token-without-exp": TokenRefusal.WITHOUT_EXPIRY,
}
METHODS = (*READING, *CHANGING_ROOMS, *CHANGING_SIP, *CALLING)


def judged(token: str) -> TokenRefusal | None:
    try:
        verify(token, keys={ISSUER.key: ISSUER.secret}, now=ISSUER.now, needs_expiry=True)
    except TokenRefused as refused:
        return refused.reason
    return None


def test_the_good_token_is_good():
    assert judged(ISSUER.sign(CLAIMS)) is None


@pytest.mark.parametrize("kind", REFUSED_TOKENS, ids=lambda kind: kind.id)
def test_each_token_is_bad_for_its_own_reason_and_otherwise_good(kind):
    token = kind.make(ISSUER, CLAIMS)

    if kind.id == "no-token":
        assert token is None
    elif kind.id == "header-without-bearer":
        assert kind.scheme == ""
        assert judged(token) is None
    else:
        assert judged(token) is REASONS[kind.id]


def test_the_token_without_a_grant_is_good_for_nothing():
    token = MISSING_GRANT.make(ISSUER, CLAIMS)

    assert judged(token) is None
    assert verify(token, keys={ISSUER.key: ISSUER.secret}, now=ISSUER.now)["video"] == {}


def test_every_kind_has_a_clause_and_words_for_the_log():
    for kind in (*REFUSED_TOKENS, MISSING_GRANT):
        assert kind.clause in BY_ID
        assert kind.reasons
        assert all(kind.reasons)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_exact_and_other_grants_have_nothing_in_common(method):
    def opened(claims):
        return {
            (kind, name)
            for kind, grants in claims.items()
            for name, value in grants.items()
            if value is True
        }

    exact, others = method.exact("a-room"), method.all_others("a-room")

    assert opened(exact)
    assert not opened(exact) & opened(others)
    assert len(opened(exact) | opened(others)) == 12


def test_every_method_may_be_called_with_the_effect_of_its_clause():
    clauses = {
        "1.1-missing-grant-is-refused": READING,
        "1.1-missing-room-grant-is-refused": CHANGING_ROOMS,
        "1.1-missing-sip-grant-is-refused": CHANGING_SIP,
        "1.1-missing-call-grant-is-refused": CALLING,
    }
    for clause, methods in clauses.items():
        for method in methods:
            path = method.path.removeprefix("/twirp/")
            assert API_EFFECTS[path] == BY_ID[clause].effect, path
