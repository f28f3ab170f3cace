"""
The scrubber finds secrets that are encoded or split.
"""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.secrets.fragments import WINDOW
from livekit_conformance.secrets.scrubber import Scrubber, without_torn
from livekit_conformance.secrets.shapes import MASK

SECRET = 'canary/"secret"\\<&é+0123456789'


@pytest.mark.parametrize(
    "encode",
    [
        str,
        json.dumps,
        lambda secret: json.dumps(json.dumps(secret)),
        repr,
        lambda secret: repr(f"'{secret}"),
        html.escape,
        lambda secret: repr(html.escape(secret)),
        quote,
        lambda secret: quote(secret, safe=""),
        lambda secret: quote(secret, safe="").replace("%2F", "%2f").replace("%3C", "%3c"),
        str.swapcase,
        str.lower,
        lambda secret: secret.encode().hex(),
        lambda secret: secret.encode().hex().upper(),
    ],
)
def test_encoded_secrets_are_masked(encode):
    told = Scrubber([SECRET])(f"before {encode(SECRET)} after")

    assert re.sub(r"[\\\"']", "", told) == "before *** after"


@pytest.mark.parametrize(
    "encode",
    [
        str,
        repr,
        html.escape,
        lambda secret: html.escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        lambda secret: quote(secret, safe=""),
        lambda secret: quote(secret, safe="").replace("%2F", "%2f").replace("%3C", "%3c"),
        lambda secret: json.dumps(json.dumps(secret)[1:-1])[1:-1],
    ],
)
def test_a_secret_of_hardly_anything_but_escapes_is_masked_too(encode):
    secret = "a/'<b/'<c/'<"

    assert "'<" not in html.unescape(unquote(Scrubber([secret])(f"x {encode(secret)} y")))


def test_what_is_escaped_otherwise_between_two_fragments_is_masked():
    escaped = "canary-first<-&-%22-&lt;-%>second-canary"

    told = Scrubber(['canary-first<-&-"-<-%>second-canary'])(f"x {escaped} y")

    assert told == "x *** y"


@pytest.mark.parametrize("before", ["", "a", "ab", "key:"])
def test_base64_is_masked_in_every_alignment(before):
    encoded = base64.b64encode(f"{before}{SECRET}zz".encode()).decode()

    first, last = Scrubber([SECRET])(encoded).split(MASK)
    last = last.rstrip("=")
    left = (base64.b64decode(first) + b" " + base64.b64decode(last[len(last) % 4 :])).decode(
        "utf-8", "replace"
    )
    # At most two bytes at either end share their group of three with bytes that are not secret.
    assert not any(SECRET[start : start + 3] in left for start in range(len(SECRET) - 2))


def test_a_fragment_is_masked_and_its_surroundings_stay():
    assert Scrubber([SECRET])("a..." + SECRET[3:20] + "...b") == f"a...{MASK}...b"


@given(
    before=st.text(max_size=20),
    after=st.text(max_size=20),
    start=st.integers(0, len(SECRET) - WINDOW),
    length=st.integers(WINDOW, len(SECRET)),
)
def test_no_window_of_a_secret_survives(before, after, start, length):
    text = Scrubber([SECRET])(before + SECRET[start : start + length] + after)

    windows = [SECRET[i : i + WINDOW] for i in range(len(SECRET) - WINDOW + 1)]
    assert not any(window in text for window in windows)


@pytest.mark.parametrize("cut", ["{0}..", "{0}...", "{0}…", "...{1}", "..{1}", "…{1}"])
def test_a_few_characters_at_a_cut_are_masked(cut):
    text = cut.format(SECRET[:5], SECRET[-5:])

    masked = cut.format("***", "***")

    assert Scrubber([SECRET])(f"before {text} after") == f"before {masked} after"


@pytest.mark.parametrize(
    "fragment", ["r9Xq2-Lm", "canary-w", "0a1b2c3d"], ids=["mixed", "word", "hexadecimal"]
)
def test_eight_characters_identify_a_secret_unless_they_could_be_a_word(fragment):
    scrub = Scrubber([f"{fragment}ords-{fragment}"])

    assert (scrub(f"a {fragment} b") == "a *** b") == (fragment != "canary-w")


def test_eight_characters_of_an_encoded_secret_are_never_a_word():
    secret = base64.b64decode("MZDVGSTBMQabABCDEFGHijkl").decode("latin-1")
    form = base64.b64encode(secret.encode()).decode()
    upper = re.search("[A-Z]{8}", form)

    assert upper is not None
    assert Scrubber([secret])(f"x {upper[0]} y") == "x *** y"


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUEljYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ-0123456"
DIGEST = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def test_what_the_suite_made_itself_is_masked_in_every_part():
    scrub = Scrubber()
    later = scrub.with_secrets(["canary-secret"])
    for number in range(40):
        later.learn(f"a.b.{number:043}")
    later.learn_from([("authorization", f"Bearer {TOKEN}"), ("X-Other", "a.b.not-this-one-0123")])
    later.learn_from([("Proxy-Authorization", f'Digest username="u", response="{DIGEST}"')])

    signature = TOKEN.rpartition(".")[2]
    for clean in (scrub, later):
        assert clean(f"echo {signature[5:20]} end") == "echo *** end"
        assert clean(f"echo ..{TOKEN[30:60]} end") == "echo *** end"
        assert clean(f"X-Echo: {DIGEST}") == "X-Echo: ***"
        assert clean(f"X-Echo: {DIGEST[4:18]}") == "X-Echo: ***"
        assert clean("not-this-one-0123") == "not-this-one-0123"
        assert {signature, DIGEST} <= clean.made
        # Half a digest of digits is a number that anything may have.
        later.learn("0a1b2c3d4e5f12345678b2c3d4e5f6a7")
        later.learn("12345678a1b2c3d4e5f6a7b8c9d0e1f2")
        assert clean("X-Echo: 12345678..., took 1.12345678 s") == "X-Echo: ***, took 1.12345678 s"
        assert clean("took 0.12345678 s, 0a1b2c3d4e5f12345678b2c3") == "took 0.12345678 s, ***"


def test_a_token_broken_over_lines_is_masked_whole():
    broken = f"token {TOKEN[:30]}\n    {TOKEN[30:55]}\n    {TOKEN[55:]}\nnext"

    assert Scrubber()(broken) == "token <token>\nnext"


def test_text_without_secrets_stays_as_it_is():
    assert Scrubber([SECRET])("INVITE sip:+15550123@127.0.0.1") == "INVITE sip:+15550123@127.0.0.1"


def test_what_it_learns_is_masked_in_all_forms_too():
    scrub = Scrubber(["first-canary-secret"]).with_secrets([SECRET])

    assert scrub(f"first-canary-secret {json.dumps(SECRET)[1:-1]}") == f"{MASK} {MASK}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("'INVITE si...0a1b2c3d4e5f6071', x", f"'INVITE si...{MASK}', x"),
        ("see 1.1-env-file-is-private, ...", "see 1.1-env-file-is-private, ..."),
        ("...and-so-on-and-so-on", "...and-so-on-and-so-on"),
        ("...0a1b2c3d4e5", "...0a1b2c3d4e5"),
    ],
)
def test_the_end_of_a_value_that_pytest_has_cut_is_masked_when_it_may_be_a_key(text, told):
    assert without_torn(text) == told
