"""
Deliveries that our webhook endpoint accepts and refuses, with their counts.
"""

from __future__ import annotations

import asyncio
from statistics import quantiles

import pytest

from livekit_conformance.drivers.webhooks.receiver import BODY_LIMIT
from livekit_conformance.drivers.webhooks.sender import new_event
from livekit_conformance.protocol.webhook import REPLAYABLE_FOR_S, VALID_FOR_S
from livekit_conformance.protocol.webhook_forgery import Signer
from tests.drivers.conftest import KEY, SECRET
from tests.drivers.webhook_deliveries import BAD, EVENT, GOOD

_REPLAYS = 100


async def test_no_bad_delivery_is_accepted_and_no_good_one_refused(start_receiver):
    receiver, sender = await start_receiver()
    assert len(BAD) >= 80
    assert len(GOOD) >= 20

    expected = {name: status for name, (status, _) in BAD.items()}
    answers = {name: await sender.send(make(sender.signer)) for name, (_, make) in BAD.items()}

    assert {name: answer.status for name, answer in answers.items()} == expected
    assert receiver.taken == []
    assert [name for name, answer in answers.items() if answer.status >= 500] == []
    good = {name: (await sender.send(make(sender.signer))).status for name, make in GOOD.items()}
    assert good == dict.fromkeys(GOOD, 200)
    assert len(receiver.taken) == len(GOOD)


async def test_no_replay_has_an_effect(start_receiver):
    receiver, sender = await start_receiver()
    event = new_event()
    delivery = sender.signer.sign(event)

    replays = [(await sender.send(delivery)).status for _ in range(1 + _REPLAYS)]
    # The id counts, not the bytes: a body that was signed again is the same event.
    again = [(await sender.send(event | {"n": n})).status for n in range(_REPLAYS)]

    assert set(replays + again) == {200}
    assert [seen.id for seen in receiver.taken] == [event["id"]]
    assert (await sender.send(new_event())).status == 200
    assert len(receiver.taken) == 2


@pytest.mark.parametrize("signed_ahead_s", [0, 59])
async def test_an_id_is_remembered_as_long_as_its_signature_is_accepted(
    start_receiver, signed_ahead_s
):
    began = 1_700_000_000.0
    now = [began]
    receiver, sender = await start_receiver(clock=lambda: now[0])
    # The sender's clock is ahead: its signature lives that much longer.
    delivery = Signer(KEY, SECRET, began + signed_ahead_s).sign(EVENT)
    last = VALID_FOR_S + 60 + signed_ahead_s

    answers = []
    for at in (0, 1, last - 1, last):
        now[0] = began + at
        answers.append((await sender.send(delivery)).status)

    assert answers == [200, 200, 200, 401]
    assert len(receiver.taken) == 1
    assert last <= REPLAYABLE_FOR_S


async def test_what_cannot_be_replayed_any_more_is_forgotten(start_receiver):
    now = [1_700_000_000.0]
    receiver, sender = await start_receiver(clock=lambda: now[0])

    for _ in range(5):
        await sender.send(Signer(KEY, SECRET, now[0]).sign(new_event()))
        now[0] += REPLAYABLE_FOR_S + 1

    assert len(receiver.taken) == 5
    assert len(receiver._seen) == 1


async def test_answers_come_at_once(start_receiver, record_testsuite_property):
    receiver, sender = await start_receiver()

    times = [(await sender.send(new_event())).duration_s for _ in range(100)]

    p99 = quantiles(times, n=100)[98]
    record_testsuite_property("webhook_p99_ms", round(p99 * 1000, 1))
    assert p99 < 0.1
    assert len(receiver.taken) == len(times)


_HEAD = (
    b"POST /hook HTTP/1.1\r\nHost: h\r\nContent-Type: application/webhook+json\r\n"
    b"Authorization: a.b.c\r\n"
)


async def _talk(url: str, *pieces: bytes) -> bytes:
    """
    Send bytes to the endpoint, then nothing more, and return the status line of its answer.
    """
    host, _, port = url.split("/")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
        async with asyncio.timeout(5):
            await writer.drain()
            return await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "pieces",
    [
        (_HEAD, b"Content-Length: 65537\r\n\r\n"),
        (_HEAD, b"Content-Length: 10485760\r\n\r\n"),
        (
            _HEAD,
            b"Transfer-Encoding: chunked\r\n\r\n",
            f"{BODY_LIMIT:x}\r\n".encode() + b"x" * BODY_LIMIT + b"\r\n",
        ),
    ],
    ids=["announced-one-more", "announced-10-MiB", "chunked-without-end"],
)
async def test_no_byte_beyond_the_limit_is_waited_for(start_receiver, pieces):
    _, sender = await start_receiver()

    assert b" 413 " in await _talk(sender.url, *pieces)


async def test_chunks_within_the_limit_are_read(start_receiver):
    _, sender = await start_receiver()
    pieces = (_HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{}\r\n0\r\n\r\n")

    assert b" 401 " in await _talk(sender.url, *pieces)


async def test_a_body_that_does_not_come_is_not_waited_for_without_end(start_receiver):
    _, sender = await start_receiver(read_within=0.05)

    assert b" 408 " in await _talk(sender.url, _HEAD, b"Content-Length: 100\r\n\r\n", b"{")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST\r\n\r\n",
        _HEAD + b"Content-Length: -1\r\n\r\n",
        _HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
    ids=["tls", "no-path", "negative-length", "two-lengths", "no-chunk"],
)
async def test_what_is_no_http_is_the_senders_fault(start_receiver, garbage):
    _, sender = await start_receiver()

    assert b" 400 " in await _talk(sender.url, garbage)
    assert (await sender.send(new_event())).status == 200


async def test_a_sender_that_goes_away_disturbs_nobody(start_receiver, caplog):
    receiver, sender = await start_receiver()
    host, _, port = sender.url.split("/")[2].partition(":")
    for _ in range(10):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(_HEAD + b"Content-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    assert (await sender.send(new_event())).status == 200
    assert len(receiver.taken) == 1
    assert [line for line in caplog.records if line.levelname == "ERROR"] == []
