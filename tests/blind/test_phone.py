"""
The telephone of our own tests: its parts, and two of them that call each other.
"""

from __future__ import annotations

import asyncio
import math

import pytest

from tests.blind import g711
from tests.blind.hurt import (
    Inbound,
    Outbound,
    hurts_of_inbound,
    hurts_of_outbound,
    hurts_of_stranger,
)
from tests.blind.phone import (
    Heard,
    Message,
    Outcome,
    authorization,
    contact_address,
    description,
    media_of,
    phone,
)

_ACCOUNT = ("phone", "secret")


@pytest.mark.parametrize("payload_type", [g711.PCMU, g711.PCMA])
def test_a_tone_survives_g711(payload_type):
    samples = g711.tone(1000.0, 0, g711.RATE)

    again = g711.decode(payload_type, g711.encode(payload_type, samples))

    assert g711.share(again, 1000.0) == pytest.approx(8000, rel=0.02)
    assert g711.share(again, 1400.0) < 200
    assert g711.loudness(again) == pytest.approx(8000 / math.sqrt(2), rel=0.02)


@pytest.mark.parametrize(
    ("payload_type", "code", "sample"),
    [(0, 0xFF, 0), (0, 0x00, -32124), (0, 0x80, 32124), (8, 0xD5, 8), (8, 0x2A, -32256)],
)
def test_codes_of_g711(payload_type, code, sample):
    assert g711.decode(payload_type, bytes([code])) == [sample]


def test_digest_of_rfc_2617():
    challenge = (
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )

    header = authorization(challenge, "Mufasa", "Circle Of Life", "GET", "/dir/index.html")

    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in header
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in header


def test_message_is_read_as_it_is_written():
    message = Message("SIP/2.0 200 OK", (("via", "x"), ("cseq", "1 INVITE")), "v=0\r\n")

    again = Message.of(bytes(message))

    assert (again.status, again.method, again.body) == (200, "INVITE", "v=0\r\n")
    assert again.header("via") == "x"
    with pytest.raises(ValueError, match="no SIP message"):
        Message.of(b"\x80\x00")


@pytest.mark.parametrize(
    ("contact", "address"),
    [
        ("<sip:livekit@127.0.0.9:5066;transport=udp>", ("127.0.0.9", 5066)),
        ("<sip:127.0.0.9>", ("127.0.0.9", 5060)),
        ("", ("127.0.0.1", 1)),
    ],
)
def test_contact_leads_to_an_address(contact, address):
    assert contact_address(contact, ("127.0.0.1", 1)) == address


def test_media_of_a_description():
    assert media_of(description("127.0.0.1", 4000, [8, 0])) == (("127.0.0.1", 4000), 8)
    assert media_of("v=0\r\n") is None


def test_silence_is_no_sound():
    heard = Heard()
    packet = bytes(12) + g711.encode(0, [0.0] * 160)

    for _ in range(100):
        heard.take(packet)

    assert heard.packets == 100
    assert not heard.sound


async def _called(patience_s=5.0, account=_ACCOUNT, talk_s=1.0, callee_talks_s=3.0):
    async with phone("127.0.0.1") as caller, phone("127.0.0.1") as callee:
        answering = asyncio.create_task(
            callee.answer(_ACCOUNT, patience_s=patience_s, talk_s=callee_talks_s)
        )
        outcome = await caller.call(
            ("127.0.0.1", callee.port),
            "+15550123",
            "+15550100",
            account,
            patience_s=patience_s,
            talk_s=talk_s,
        )
        return outcome, await answering


async def test_two_telephones_hear_each_other():
    caller, callee = await _called()

    assert (caller.status, caller.bye, caller.cut_off) == (200, 200, False)
    assert caller.heard.sound
    assert callee.heard.sound
    assert callee.cut_off  # the caller hung up first
    assert "+15550100" in callee.caller


async def test_a_wrong_password_is_not_let_in():
    caller, callee = await _called(account=("phone", "other"), patience_s=1.0)

    assert caller.status == 407
    assert callee.status == 407


async def test_nobody_answers_where_nobody_is():
    async with phone("127.0.0.1") as gone:
        nowhere = ("127.0.0.1", gone.port)
    async with phone("127.0.0.1") as caller:
        outcome = await caller.call(nowhere, "1", "2", _ACCOUNT, patience_s=0.7, talk_s=0.1)

    assert not outcome.heard_from
    assert [*hurts_of_inbound(_inbound(outcome), "")] == ["no answer"]


def _inbound(outcome, *, rooms=("call-1",), agent_heard=True, left_over=False):
    return Inbound(outcome, frozenset(rooms), agent_heard, left_over)


def _outbound(outcome, said="", *, hung_up=True, agent_heard=True):
    return Outbound(outcome, said, hung_up, agent_heard)


def _good(**changes):
    outcome = Outcome(status=200, heard_from=True, bye=200, caller="<sip:+1>", **changes)
    outcome.heard.loud = 100
    return outcome


@pytest.mark.parametrize(
    ("call", "hurts"),
    [
        (_inbound(_good()), []),
        (_inbound(Outcome(heard_from=True)), ["not answered"]),
        (_inbound(Outcome(heard_from=True, status=503)), ["refused 503"]),
        (_inbound(_good(cut_off=True)), ["cut off"]),
        (_inbound(_good(), agent_heard=False), ["no sound from the caller"]),
        (_inbound(_good(), left_over=True), ["call left over"]),
        (_inbound(_good(), rooms=["lobby"]), ["wrong room"]),
        (
            _inbound(Outcome(status=200, heard_from=True, bye=0)),
            ["no sound to the caller", "BYE lost"],
        ),
    ],
)
def test_hurts_of_inbound(call, hurts):
    assert [*hurts_of_inbound(call, "call-")] == hurts


@pytest.mark.parametrize(
    ("outcome", "hurts"),
    [
        (Outcome(status=407), []),
        (Outcome(heard_from=True), []),
        (Outcome(status=200), ["stranger let in"]),
    ],
)
def test_hurts_of_stranger(outcome, hurts):
    assert [*hurts_of_stranger(outcome)] == hurts


@pytest.mark.parametrize(
    ("call", "hurts"),
    [
        (_outbound(_good()), []),
        (
            _outbound(_good(), hung_up=False, agent_heard=False),
            ["no sound from the callee", "BYE lost"],
        ),
        (_outbound(Outcome(), "not_found"), ["not called (not_found)"]),
        (_outbound(Outcome(heard_from=True, status=407)), ["without the account"]),
    ],
)
def test_hurts_of_outbound(call, hurts):
    found = [*hurts_of_outbound(call, "+1")]

    assert found == [f"outbound: {hurt}" for hurt in hurts]


def test_another_caller_is_shown_to_the_callee():
    call = _outbound(_good())

    assert [*hurts_of_outbound(call, "+2")] == ["outbound: wrong caller"]
