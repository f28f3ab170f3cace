"""
Suspicious values of variables.
"""

from __future__ import annotations

import pytest

from livekit_conformance.environments.variable_checks import (
    Oddity,
    judge_key_pair,
    oddities,
    scheme_misfit,
    swapped,
)

GOOD = {
    "LIVEKIT_URL": "wss://voice-1234.livekit.cloud",
    "LIVEKIT_API_KEY": "APIq8mZzYt4Lb2c",
    "LIVEKIT_API_SECRET": "sD8fk2Q0nR5vXw1yZa7Tb3Uc9Ve4Wf6Gh0Jk",
    "SIP_SERVER": "sip.provider.net:5060",
    "SIP_USERNAME": "caller-1",
    "SIP_PASSWORD": "$kept-as-it-is",
    "SIP_NUMBER": "+15550123",
    "DOMAIN": "voice.company.net",
    "PORT": "443",
}


@pytest.mark.parametrize("name", list(GOOD))
def test_a_good_value_is_not_odd(name):
    assert list(oddities(name, GOOD[name])) == []


@pytest.mark.parametrize("value", ["10.0.0.7", "my-company.net", "voice-ai-call-12", "devkey", ""])
def test_an_unusual_value_is_not_odd(value):
    assert list(oddities("SIP_USERNAME", value)) == []


@pytest.mark.parametrize(
    "value",
    [
        "<your key>",
        "your-api-key",
        "YOUR_API_SECRET",
        "changeme",
        "change-me",
        "replace_this",
        "APIxxxxxxx",
        "xxxx",
        "...",
        "TODO",
        "null",
        "undefined",
        "${LIVEKIT_API_KEY}",
        "$LIVEKIT_API_KEY",
        "{{ key }}",
        "wss://your-project.livekit.cloud",
        "wss://livekit.example.com",
        "sip.example.org:5060",
        "put-key-here",
    ],
)
def test_a_placeholder_is_odd(value):
    assert list(oddities("ANY", value)) == [Oddity.PLACEHOLDER]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ANY", '"abc"', "has quotes around it"),
        ("ANY", "'abc'", "has quotes around it"),
        ("ANY", "\u201cabc\u201d", "has quotes around it"),
        ("ANY", " abc", "begins or ends with white space or a line break"),
        ("ANY", "abc\n", "begins or ends with white space or a line break"),
        ("ANY", "abc\r", "ends with a carriage return, as in a file with Windows line ends"),
        ("ANY", "abc\r\n", "ends with a carriage return, as in a file with Windows line ends"),
        ("ANY", "a\u200bbc", "holds line breaks or control characters"),
        ("LIVEKIT_API_KEY", "wss://voice.livekit.cloud", "holds a URL"),
        ("SIP_SERVER", "+15550123", "holds a telephone number"),
        ("SIP_SERVER", "https://sip.company.net", "holds a URL"),
        ("SIP_NUMBER", "10.0.0.7:5060", "holds an address"),
        ("DOMAIN", "https://voice.company.net", "holds more than a host name"),
        ("DOMAIN", "voice.company.net/webhooks", "holds more than a host name"),
        ("DOMAIN", "8443", "holds a number"),
        ("PORT", "voice.company.net", "is not a port number"),
        ("PORT", "<port>", "is a placeholder"),
    ],
)
def test_what_cannot_be_meant_is_odd(name, value, words):
    (told,) = oddities(name, value)

    assert str(told).startswith(words)
    assert value.strip() not in str(told)


def test_a_key_and_a_secret_in_each_others_place_are_both_told():
    pair = {
        "LIVEKIT_API_KEY": GOOD["LIVEKIT_API_SECRET"],
        "LIVEKIT_API_SECRET": GOOD["LIVEKIT_API_KEY"],
    }

    assert {name for name, _ in swapped(pair)} == set(pair)


def test_a_key_pair_in_its_place_is_not_swapped():
    assert list(swapped(GOOD)) == []
    assert list(swapped({"LIVEKIT_API_KEY": "devkey", "LIVEKIT_API_SECRET": "secret"})) == []
    assert list(swapped({})) == []


def test_a_key_that_is_its_own_secret_is_odd():
    pair = {"LIVEKIT_API_KEY": "same", "LIVEKIT_API_SECRET": "same"}

    assert [name for name, _ in swapped(pair)] == ["LIVEKIT_API_SECRET"]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://voice.company.net:80/", False),
        ("wss://voice.company.net:80", False),
        ("ws://voice.company.net:443", False),
        ("http://voice.company.net:443", False),
        ("wss://voice.company.net:443", True),
        ("wss://voice.company.net", True),
        ("http://127.0.0.1:7880", True),
        ("", True),
    ],
)
def test_a_port_fits_the_scheme_of_its_url_or_not(url, fits):
    assert (scheme_misfit("livekit.url", url) is None) == fits


def test_what_is_odd_about_a_key_pair_names_the_variable():
    quoted = '"' + "a" * 43 + '"'

    assert list(judge_key_pair("APIab12cd34ef", "a" * 43)) == []
    (found,) = judge_key_pair("APIab12cd34ef", quoted)
    assert found.seen == "LIVEKIT_API_SECRET has quotes around it"
    assert found.data == {"variable": "LIVEKIT_API_SECRET", "oddity": "oddity.quotes"}
    assert "swapped" in "".join(each.seen for each in judge_key_pair("a" * 43, "APIab12cd34ef"))
