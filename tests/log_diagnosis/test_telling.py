"""
A line is shown without secrets.
"""

from __future__ import annotations

import pytest

from livekit_conformance.log_diagnosis.telling import describe, when, without_secrets
from livekit_conformance.log_diagnosis.wrapping import unwrap
from tests.log_diagnosis.lines import WRAPPERS, by_docker, in_json

SECRET = "5f4dcc3b5aa765d61d8327deb882cf99"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUEkxMjMifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


@pytest.mark.parametrize(
    "text",
    [
        f'Authorization: Digest username="u", response="{SECRET}"',
        f"Digest response={SECRET}, nonce=1",
        f'{{"api_secret":"{SECRET}"}}',
        f'{{"apiSecret": "{SECRET}"}}',
        f'{{"passwordHash":"{SECRET}","expectedResponse":"{SECRET}"}}',
        f'{{\\"receivedResponse\\":\\"{SECRET}\\"}}',
        f"redis://user:{SECRET}@127.0.0.1:6379/0",
        f"redis://:{SECRET}@127.0.0.1:6379/0",
        f"/rtc?access_token={SECRET}&auto_subscribe=1",
        f"api_secret: {SECRET}",
        f"password='{SECRET}'",
        f"invalid token: {TOKEN}, error",
        f"invalid token: {TOKEN[:50]}",
        f"invalid token: {TOKEN[:30]}",
    ],
)
def test_no_secret_is_shown(text):
    shown = without_secrets(text)

    assert SECRET not in shown
    assert "eyJ" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "unexpected status from INVITE response: sip status: 503: Service Unavailable",
        "invalid token: token is expired",
        "response mismatch",
        "invalid API key: APIabc",
        "dial tcp 127.0.0.1:6379: connect: connection refused",
        "room=voice-ai-call-1 callID=SCL_abc",
    ],
)
def test_what_is_no_secret_stays(text):
    assert without_secrets(text) == text


@pytest.mark.parametrize("wrapper", sorted(WRAPPERS))
def test_fields_that_nobody_asked_for_are_not_shown(wrapper):
    line = in_json("m", error="e", passwordHash=SECRET, anything=SECRET, request={"p": SECRET})

    assert SECRET not in describe(unwrap(WRAPPERS[wrapper](line)).line, also=["passwordHash"])


def test_a_docker_line_that_is_cut_off_shows_no_secret():
    cut = by_docker(in_json("m", passwordHash=SECRET, more="more"))[:-30]

    assert SECRET not in describe(unwrap(cut).line)


def test_the_decisive_fields_are_shown():
    line = in_json("m", error="an error", callID="SCL_a", status=401, kind="x", odd="y")

    assert describe(unwrap(line).line, also=["odd"]) == (
        "2026-11-23 11:26:36Z WARN sip m error='an error' status=401 callID=SCL_a odd=y"
    )


def test_a_secret_at_the_end_of_what_is_shown_is_not_cut_before_it_is_seen():
    for padding in range(360, 420):
        shown = describe(unwrap("panic: " + "x" * padding + f" token {TOKEN}").line)
        assert "eyJ" not in shown


def test_a_number_of_the_call_is_masked_in_the_text_of_the_error_too():
    line = in_json("no trunk for 4930123456", error="4930123456 refused", fromUser="+4930123456")

    assert "49***56 error='49***56 refused'" in describe(unwrap(line).line)


def test_what_a_terminal_would_obey_is_not_shown():
    shown = describe(unwrap("panic: \x1b]0;title\x07 and \x9b2J").line)

    assert shown.isprintable()


@pytest.mark.parametrize("at", [None, 1e30, float("nan"), -1e30])
def test_a_time_that_is_none_is_not_shown(at):
    assert when(at) == ""
