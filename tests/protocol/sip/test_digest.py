"""
Digest: the published examples, and every way in which an answer can be wrong.
"""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.protocol.sip.digest import (
    Challenge,
    DigestRefusal,
    UnsupportedChallenge,
    answer_fields,
    authorization,
    choose,
    verify,
)
from livekit_conformance.protocol.sip.syntax import SipSyntaxError

# RFC 2617 section 3.5; RFC 7616 section 3.9.1, MD5 and SHA-256.
VECTORS = pytest.mark.parametrize(
    ("challenge", "password", "cnonce", "response"),
    [
        pytest.param(
            'Digest realm="testrealm@host.com", qop="auth,auth-int", '
            'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
            'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
            "Circle Of Life",
            "0a4f113b",
            "6629fae49393a05397450978507c4ef1",
            id="RFC 2617",
        ),
        pytest.param(
            'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, '
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
            "Circle of Life",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "8ca523f5e9506fed4657c9700eebdbec",
            id="RFC 7616 MD5",
        ),
        pytest.param(
            'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
            "Circle of Life",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            id="RFC 7616 SHA-256",
        ),
    ],
)

CHALLENGE = Challenge("LiveKit", "1795-nonce", qop=("auth",))
PASSWORD = "wonderland"


def answer(
    challenge: Challenge = CHALLENGE,
    *,
    username: str = "alice",
    password: str = PASSWORD,
    method: str = "INVITE",
) -> str:
    return authorization(
        challenge,
        username=username,
        password=password,
        method=method,
        uri="sip:+15550123@127.0.0.1",
        cnonce="c0ffee",
    )


@VECTORS
def test_the_published_examples_are_answered_as_published(
    challenge: str, password: str, cnonce: str, response: str
) -> None:
    """
    GET /dir/index.html by Mufasa, as in both RFCs.
    """
    value = authorization(
        Challenge.parse(challenge),
        username="Mufasa",
        password=password,
        method="GET",
        uri="/dir/index.html",
        cnonce=cnonce,
    )

    assert f'response="{response}"' in value
    assert "nc=00000001" in value


@VECTORS
def test_the_published_examples_are_verified(
    challenge: str, password: str, cnonce: str, response: str
) -> None:
    """
    The answers are assembled by hand here, from the published values.
    """
    parsed = Challenge.parse(challenge)
    value = (
        f'Digest username="Mufasa", realm="{parsed.realm}", uri="/dir/index.html", '
        f'algorithm={parsed.algorithm}, nonce="{parsed.nonce}", nc=00000001, '
        f'cnonce="{cnonce}", qop=auth, response="{response}"'
    )

    refusal = verify(value, challenge=parsed, username="Mufasa", password=password, method="GET")

    assert refusal is None
    assert answer_fields(value)["username"] == "Mufasa"


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"])
@pytest.mark.parametrize("qop", [(), ("auth",)], ids=["no qop", "qop auth"])
def test_client_and_server_side_agree(algorithm: str, qop: tuple[str, ...]) -> None:
    """
    `verify` accepts the output of `authorization`; a challenge survives writing and reading.
    """
    challenge = Challenge('re"alm', "n", algorithm, qop, opaque="o", stale=True)

    assert Challenge.parse(str(challenge)) == challenge
    assert (
        verify(
            answer(challenge),
            challenge=challenge,
            username="alice",
            password=PASSWORD,
            method="INVITE",
        )
        is None
    )


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        (answer(password="looking-glass"), DigestRefusal.RESPONSE),
        (answer(method="BYE"), DigestRefusal.RESPONSE),
        (answer(username="mallory"), DigestRefusal.USERNAME),
        (answer(Challenge("Other", "1795-nonce", qop=("auth",))), DigestRefusal.REALM),
        (answer(Challenge("LiveKit", "old", qop=("auth",))), DigestRefusal.NONCE),
        (answer(Challenge("LiveKit", "1795-nonce", "SHA-256", ("auth",))), DigestRefusal.ALGORITHM),
        (answer(Challenge("LiveKit", "1795-nonce")), DigestRefusal.ALGORITHM),
        (answer().replace('uri="sip:+15550123@', 'uri="sip:+15550199@'), DigestRefusal.RESPONSE),
        (
            answer().replace("nc=00000001, ", "").replace(", nc=00000001", ""),
            DigestRefusal.MALFORMED,
        ),
        (answer().replace("Digest ", "Basic "), DigestRefusal.MALFORMED),
        (answer() + ', nonce="1795-nonce"', DigestRefusal.MALFORMED),
        ("Digest", DigestRefusal.MALFORMED),
        ("", DigestRefusal.MALFORMED),
    ],
)
def test_a_wrong_answer_is_refused_with_its_reason(value: str, refusal: DigestRefusal) -> None:
    """
    Each part of an answer is compared.
    """
    assert (
        verify(
            value,
            challenge=CHALLENGE,
            username="alice",
            password=PASSWORD,
            method="INVITE",
        )
        is refusal
    )


def test_the_strongest_challenge_that_can_be_answered_is_chosen() -> None:
    """
    RFC 8760 section 2.4: several challenges, one for each algorithm.
    """
    offered = [
        'Digest realm="r", nonce="n", algorithm=MD5',
        'Digest realm="r", nonce="n", algorithm=SHA-512-256',
        'Digest realm="r", nonce="n", algorithm=SHA-256',
        'Basic realm="r"',
    ]

    assert choose(offered).algorithm == "SHA-256"


def test_a_challenge_that_cannot_be_read_hides_no_other() -> None:
    """
    RFC 3261 section 22.1: any one of them may be answered.
    """
    unreadable = ['Digest realm="', 'Digest realm="r"', 'Digest realm="r", nonce="n", nonce="m"']

    assert choose([*unreadable, 'Digest realm="right", nonce="n"']).realm == "right"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ('Digest realm="', "left open"),
        ('Digest realm="r", nonce="n", algorithm=AKAv1-MD5', "AKAv1-MD5"),
        ('Digest realm="r", nonce="n", qop="auth-int"', "auth-int"),
        ('Basic realm="r"', "no Digest challenge"),
    ],
)
def test_a_challenge_that_cannot_be_answered_says_why(value: str, why: str) -> None:
    """
    The text names the algorithm or the quality of protection.
    """
    with pytest.raises(UnsupportedChallenge, match=why):
        choose([value])


@given(value=st.text(alphabet='Digest reamnoc="\\,;1\x00é', max_size=60))
def test_any_text_is_a_challenge_or_raises_sip_syntax_error(value: str) -> None:
    """
    The invariant, for challenges and answers alike.
    """
    for text in (value, f"Digest {value}"):
        with suppress(SipSyntaxError):
            Challenge.parse(text)
        refusal = verify(text, challenge=CHALLENGE, username="a", password="p", method="M")
        assert refusal is not None
