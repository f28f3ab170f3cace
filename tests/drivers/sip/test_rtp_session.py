"""
Media of a call: an even port, a stream that does not drift, and a receiver that counts.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from livekit_conformance.drivers.sip.rtp_session import RtpSession, bind_even_port
from livekit_conformance.observations import Media, Recorder
from livekit_conformance.protocol import rtp
from livekit_conformance.secrets.patterns import Redactor

HOST = "127.0.0.1"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(Redactor())


@asynccontextmanager
async def session(recorder: Recorder, tone_hz: float) -> AsyncIterator[RtpSession]:
    opened = await RtpSession.open(HOST, call_id="call-1", tone_hz=tone_hz, recorder=recorder)
    try:
        yield opened
    finally:
        opened.close()


def test_media_ports_are_even_and_ours() -> None:
    """
    RFC 3550 section 11; the returned socket is already bound to its port.
    """
    sockets = [bind_even_port(HOST) for _ in range(20)]
    ports = {bound.getsockname()[1] for bound in sockets}
    for bound in sockets:
        bound.close()

    assert len(ports) == 20
    assert all(port % 2 == 0 for port in ports)


def test_an_address_that_is_not_ours_is_an_error() -> None:
    """
    192.0.2.1 is reserved for documentation.
    """
    with pytest.raises(OSError, match="assign"):
        bind_even_port("192.0.2.1")


async def test_two_sessions_hear_each_others_tone(recorder: Recorder) -> None:
    """
    Each hears the other and not itself, nothing is lost, and it is recorded.
    """
    async with session(recorder, 440.0) as one, session(recorder, 1000.0) as two:
        one.send_to((HOST, two.port))
        two.send_to((HOST, one.port))
        heard, heard_by_two = await asyncio.gather(one.listen(0.5), two.listen(0.5))

    assert heard.dominant_hz == pytest.approx(1000.0, abs=5.0)
    assert heard.level(1000.0) == pytest.approx(0.3, rel=0.15)
    assert heard.level(440.0) < 0.01
    assert heard_by_two.dominant_hz == pytest.approx(440.0, abs=5.0)
    assert heard.lost == 0
    assert 20 <= heard.packets <= 30
    assert heard.sources == {(HOST, two.port)}
    (first, _) = recorder.observations
    assert isinstance(first, Media)
    assert first.packets == heard.packets


async def test_a_busy_loop_does_not_shift_the_stream(recorder: Recorder) -> None:
    """
    Packets that a busy loop delayed are sent at once, so the stream loses no time.
    """
    async with session(recorder, 440.0) as one, session(recorder, 1000.0) as two:
        one.send_to((HOST, two.port))
        two.send_to((HOST, one.port))
        listening = asyncio.create_task(two.listen(0.6))
        await asyncio.sleep(0.1)
        deadline = asyncio.get_running_loop().time() + 0.2
        while asyncio.get_running_loop().time() < deadline:
            pass
        heard = await listening

    assert heard.packets == pytest.approx(30, abs=3)
    assert heard.lost == 0
    assert heard.own_delay_s >= 0.15


async def test_a_busy_loop_is_no_jitter_of_the_network(recorder: Recorder) -> None:
    """
    Packets that arrived in time and were read late are steady; their timestamps tell when they were
    sent.
    """

    def send(port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for n in range(15):
                timestamp = round(time.monotonic() * rtp.PCMU_RATE) % (1 << 32)
                packet = rtp.Packet(0, n, timestamp, 1, b"\xff" * 160)
                sender.sendto(packet.encode(), (HOST, port))
                time.sleep(0.02)

    async with session(recorder, 440.0) as one:
        # The kernel starts to note times a moment after the session opens.
        await one.listen(0.3)
        listening = asyncio.create_task(one.listen(0.5))
        await asyncio.sleep(0)
        sending = asyncio.create_task(asyncio.to_thread(send, one.port))
        await asyncio.sleep(0.05)
        time.sleep(0.2)  # noqa: ASYNC251  the loop is busy
        heard = await listening
        await sending

    assert heard.packets == 15
    assert heard.jitter_ms < 3
    assert heard.reception.late(0.02) == 0


async def test_what_was_heard_does_not_change_afterwards(recorder: Recorder) -> None:
    """
    Packets that arrive after the listening period belong to the next one.
    """
    async with session(recorder, 440.0) as one, session(recorder, 1000.0) as two:
        one.send_to((HOST, two.port))
        heard = await two.listen(0.2)
        before = heard.packets, len(heard.samples)
        await two.listen(0.2)

    assert (heard.packets, len(heard.samples)) == before


async def test_the_first_sound_comes_after_the_first_packet(recorder: Recorder) -> None:
    """
    Both are counted from the answer, for the whole call.
    """
    silence, tone = b"\xff" * 160, rtp.encode_pcmu(rtp.tone(1000.0, 160))
    async with session(recorder, 440.0) as one:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            assert (one.first_packet_s, one.first_sound_s) == (None, None)
            sender.bind((HOST, 0))
            one.send_to(sender.getsockname())
            for n, payload in enumerate((silence, silence, tone)):
                sender.sendto(rtp.Packet(0, n, n * 160, 1, payload).encode(), (HOST, one.port))
                await one.listen(0.05)

    assert one.first_packet_s is not None
    assert one.first_sound_s is not None
    assert 0 <= one.first_packet_s < 0.05
    assert one.first_sound_s - one.first_packet_s >= 0.08


async def test_silence_is_heard_as_such(recorder: Recorder) -> None:
    """
    No packets, no tone, and a summary that reports it.
    """
    async with session(recorder, 440.0) as alone:
        heard = await alone.listen(0.05)

    assert (heard.packets, heard.dominant_hz) == (0, None)
    assert "silence" in str(heard)


async def test_listening_ends_with_the_call(recorder: Recorder) -> None:
    """
    Listening stops when the call is over.
    """
    async with session(recorder, 440.0) as one:
        loop = asyncio.get_running_loop()
        began = loop.time()
        loop.call_later(0.05, one.close)
        heard = await one.listen(5.0)

    assert loop.time() - began < 1.0
    assert heard.seconds < 1.0


async def test_what_is_no_rtp_is_noted(recorder: Recorder) -> None:
    """
    Other packets are not counted, and the record mentions them.
    """
    async with session(recorder, 440.0) as one:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"hello", (HOST, one.port))
            stranger.sendto(rtp.Packet(13, 1, 1, 1, b"comfort noise").encode(), (HOST, one.port))
            heard = await one.listen(0.1)

    assert heard.packets == 1
    assert len(heard.samples) == 0
    assert one.problems == ["not RTP: no RTP version 2 header in 5 bytes"]


async def test_sound_pauses_when_the_other_side_does_not_want_it(recorder: Recorder) -> None:
    """
    A re-INVITE may put the call on hold; the tone continues later without a jump in time.
    """
    async with session(recorder, 440.0) as one, session(recorder, 1000.0) as two:
        one.send_to(None)
        held = await two.listen(0.1)
        one.send_to((HOST, two.port))
        heard = await two.listen(0.3)

    assert held.packets == 0
    assert heard.packets > 10


async def test_keys_are_told_instead_of_the_tone(recorder: Recorder) -> None:
    """
    RFC 4733: one timestamp for all packets of a press, its start marked, its end sent three times.
    """
    loop = asyncio.get_running_loop()
    with bind_even_port(HOST) as ear:
        async with session(recorder, 440.0) as one:
            one.press("7#")
            one.send_to(ear.getsockname())
            packets = [
                rtp.Packet.decode(await asyncio.wait_for(loop.sock_recv(ear, 2048), 5.0))
                for _ in range(17)
            ]

    *keys, tone = packets
    presses = [keys[:8], keys[8:]]
    assert [press[0].payload[0] for press in presses] == [7, 11]
    for press in presses:
        assert len({packet.timestamp for packet in press}) == 1
        assert {packet.payload_type for packet in press} == {101}
        assert [packet.marker for packet in press] == [True] + 7 * [False]
        assert [bool(packet.payload[1] & 0x80) for packet in press] == 5 * [False] + 3 * [True]
        held = [int.from_bytes(packet.payload[2:], "big") for packet in press]
        assert held == [160, 320, 480, 640, 800, 800, 800, 800]
    assert presses[0][0].timestamp != presses[1][0].timestamp
    assert tone.payload_type == 0
