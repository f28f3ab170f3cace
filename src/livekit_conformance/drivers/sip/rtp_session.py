"""
Media of one call: send a steady tone as PCMU over RTP and measure the returned stream.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from array import array
from collections import deque
from dataclasses import dataclass, field

from livekit_conformance import run_clock
from livekit_conformance.drivers.sip.arrival_times import ArrivalTimes
from livekit_conformance.observations import Media, Recorder
from livekit_conformance.protocol import rtp
from livekit_conformance.protocol.rtp import PACKET_S
from livekit_conformance.protocol.rtp_reception import Reception
from livekit_conformance.protocol.sip.sdp import TELEPHONE_EVENT

SAMPLES_PER_PACKET = int(rtp.PCMU_RATE * PACKET_S)
# Half of all ports are even; sixty-four odd ones in a row mean that something else is wrong.
_PORT_TRIES = 64
# Amplitude, 1.0 is full scale: -46 dB; comfort noise is below -50 dB.
_FAINT = 0.005
# A key is held for 100 ms, and its end is sent three times: RFC 4733 section 2.5.1.4.
_KEY_PACKETS = 5
_KEY_END_PACKETS = 3


@dataclass(frozen=True, slots=True)
class Heard:
    """
    Packets received during one listening period: their reception, and the audio.

    `samples` are at 8000 Hz, in order of arrival, of PCMU packets only; `sources` are the
    addresses of the senders. Before and in this period there was no sound for `silent_s` seconds.
    Meanwhile our own packets left up to `own_delay_s` late.
    """

    seconds: float
    reception: Reception = field(repr=False)
    longest_gap_s: float
    samples: array[int] = field(repr=False)
    sources: frozenset[tuple[str, int]] = frozenset()
    silent_s: float = 0.0
    own_delay_s: float = 0.0

    @property
    def packets(self) -> int:
        """
        Number of packets, without duplicates.
        """
        return self.reception.packets

    @property
    def lost(self) -> int:
        """
        Number of packets that did not arrive.
        """
        return self.reception.lost

    @property
    def jitter_ms(self) -> float:
        """
        Interarrival jitter in milliseconds.
        """
        return self.reception.jitter_ms

    def level(self, frequency: float) -> float:
        """
        Return the level of this frequency (Hz): the amplitude of a sine, 1.0 is full scale.
        """
        return rtp.level(self.samples, frequency)

    def share(self, frequency: float) -> float:
        """
        Return the part of the energy that this frequency (Hz) has, from 0.0 to 1.0.
        """
        return rtp.share(self.samples, frequency)

    @property
    def dominant_hz(self) -> float | None:
        """
        The strongest frequency in Hz; None for silence.
        """
        return rtp.dominant_frequency(self.samples)

    @property
    def is_silent(self) -> bool:
        """
        True if nothing is louder than the comfort noise of a line.
        """
        tone = self.dominant_hz
        return tone is None or self.level(tone) < _FAINT

    def __str__(self) -> str:
        tone = self.dominant_hz
        sound = "silence" if tone is None else f"{tone:.0f} Hz at level {self.level(tone):.2f}"
        return (
            f"{self.packets} packets in {self.seconds:.1f} s, {self.lost} lost, "
            f"jitter {self.jitter_ms:.1f} ms, {sound}"
        )


def bind_even_port(host: str) -> socket.socket:
    """
    Return a UDP socket on an even port of `host`, as RTP requires it (RFC 3550 section 11).

    The kernel chooses the port and the bound socket itself is returned, so no other process can
    take the port in between. Odd ports are held until an even one is found, so that they are not
    offered again. Raises OSError when `host` is not an address of this machine.
    """
    odd: list[socket.socket] = []
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        for _ in range(_PORT_TRIES):
            candidate = socket.socket(family, socket.SOCK_DGRAM)
            odd.append(candidate)
            candidate.setblocking(False)  # noqa: FBT003  the standard library's signature
            candidate.bind((host, 0))
            if candidate.getsockname()[1] % 2 == 0:
                return odd.pop()
    finally:
        for held in odd:
            held.close()
    raise OSError(f"no even UDP port on {host} after {_PORT_TRIES} tries")


class RtpSession(asyncio.DatagramProtocol):
    """
    One RTP stream in each direction. Open it with `RtpSession.open`, end it with `close`.

    Packets are sent at start + n * 20 ms: a delayed packet does not delay the next one, so the
    stream never drifts.
    """

    def __init__(self, *, call_id: str, tone_hz: float, recorder: Recorder, side: str) -> None:
        self.tone_hz = tone_hz
        self._side = side
        self.sent = 0
        self.problems: list[str] = []
        self._call_id = call_id
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._arrivals: ArrivalTimes | None = None
        self._remote: tuple[str, int] | None = None
        self._payload_type = 0
        self._keys: deque[tuple[str, int]] = deque()
        self._key_timestamp = 0
        self._started = 0.0
        self._whole_call = Reception()
        self._ticks = 0
        self._tick_handle: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[None] = self._loop.create_future()
        # RFC 3550 section 5.1: these begin at random values.
        self._ssrc = secrets.randbits(32)
        self._first_sequence = secrets.randbits(16)
        self._first_timestamp = secrets.randbits(32)
        self._forget_heard()

    @classmethod
    async def open(
        cls, host: str, *, call_id: str, tone_hz: float, recorder: Recorder, side: str = "caller"
    ) -> RtpSession:
        """
        Bind an even port on `host`; receive from now on, send after `send_to`.

        `side` is the receiving side in the record: the caller or the callee.
        """
        session = cls(call_id=call_id, tone_hz=tone_hz, recorder=recorder, side=side)
        own_socket = bind_even_port(host)
        loop = asyncio.get_running_loop()
        session._arrivals = ArrivalTimes(own_socket)
        session._transport, _ = await loop.create_datagram_endpoint(
            lambda: session, sock=own_socket
        )
        return session

    @property
    def port(self) -> int:
        """
        Port for the offer.
        """
        assert self._transport is not None, "the session is not open"
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    @property
    def started(self) -> bool:
        """
        True once `send_to` was called: the other side has described its media.
        """
        return self._tick_handle is not None

    @property
    def closed(self) -> bool:
        """
        True if nothing is sent or received any more.
        """
        return self._transport is None or self._transport.is_closing()

    @property
    def first_packet_s(self) -> float | None:
        """
        Seconds from the answer to the first packet, negative if it came earlier; None without one.
        """
        return self._since_answer(self._whole_call.first_at)

    @property
    def first_sound_s(self) -> float | None:
        """
        Seconds from the answer to the first packet that is no silence; None without one.
        """
        return self._since_answer(self._whole_call.first_sound_at)

    def send_to(self, remote: tuple[str, int] | None, *, payload_type: int = 0) -> None:
        """
        Start sending the tone to this address (an IP address and a port), or redirect it there.

        None pauses: the other side does not receive audio for now.
        """
        self._remote, self._payload_type = remote, payload_type
        if self._tick_handle is None:
            self._started = self._loop.time()
            self._tick()

    def press(self, keys: str) -> None:
        """
        Press these keys one after another; each replaces the tone for 160 ms.
        """
        steps = range(_KEY_PACKETS + _KEY_END_PACKETS)
        self._keys.extend((key, step) for key in keys for step in steps)

    async def listen(self, seconds: float) -> Heard:
        """
        Listen for `seconds` from now on and return what was heard; stop early if the call ends.
        """
        self._forget_heard()
        began = self._listening_since
        await asyncio.wait({self._ended}, timeout=seconds)
        ended = self._loop.time()
        heard = Heard(
            ended - began,
            self._reception,
            self._reception.longest_gap_s(ended),
            self._samples,
            frozenset(self._sources),
            own_delay_s=max(self._own_delay_s, ended - began - seconds),
        )
        self._forget_heard()
        tone = heard.dominant_hz
        self._recorder.record(
            Media(
                run_clock.now(),
                f"the {self._side} heard {heard}",
                call=self._call_id,
                side=self._side,
                heard=str(heard),
                packets=heard.packets,
                lost=heard.lost,
                jitter_ms=round(heard.jitter_ms, 2),
                tone_hz=None if tone is None else round(tone, 1),
                level=0.0 if tone is None else round(heard.level(tone), 4),
                problems=tuple(self.problems),
            )
        )
        return heard

    def close(self) -> None:
        """
        Stop sending and receiving; may be called again.
        """
        if self._tick_handle is not None:
            self._tick_handle.cancel()
        if self._transport is not None:
            self._transport.close()
        if not self._ended.done():
            self._ended.set_result(None)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """
        Count a packet and keep its audio. Data that is not RTP is noted, the first few times.
        """
        try:
            packet = rtp.Packet.decode(data)
        except rtp.RtpSyntaxError as error:
            self._note(f"not RTP: {error}")
            return
        assert self._arrivals is not None, "the session is not open"
        arrived = self._arrivals.of_last(self._loop.time())
        is_audio = packet.payload_type == self._payload_type
        samples = rtp.decode_pcmu(packet.payload) if is_audio else []
        self._whole_call.receive(packet, arrived, has_sound=_is_loud(samples))
        self._reception.receive(packet, arrived)
        self._sources.add((str(addr[0]), int(addr[1])))
        self._samples.extend(samples)

    def error_received(self, exc: Exception) -> None:
        """
        Note that the network rejects our packets; the call itself may continue.
        """
        self._note(f"sending failed: {exc}")

    def _since_answer(self, at: float | None) -> float | None:
        return at - self._started if at is not None and self.started else None

    def _note(self, problem: str) -> None:
        if len(self.problems) < 10:  # noqa: PLR2004  a repeated error needs no long list
            self.problems.append(problem)

    def _forget_heard(self) -> None:
        self._reception = Reception()
        self._own_delay_s = 0.0
        self._listening_since = self._loop.time()
        self._samples: array[int] = array("h")
        self._sources: set[tuple[str, int]] = set()

    def _tick(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        due = self._started + self._ticks * PACKET_S
        if due >= self._listening_since:
            self._own_delay_s = max(self._own_delay_s, self._loop.time() - due)
        if self._remote is not None:
            self._transport.sendto(self._packet().encode(), self._remote)
            self.sent += 1
        self._ticks += 1
        self._tick_handle = self._loop.call_at(due + PACKET_S, self._tick)

    def _packet(self) -> rtp.Packet:
        if self._keys:
            return self._key_packet(*self._keys.popleft())
        first_sample = self._ticks * SAMPLES_PER_PACKET
        samples = rtp.tone(self.tone_hz, SAMPLES_PER_PACKET, start=first_sample)
        return rtp.Packet(
            self._payload_type,
            (self._first_sequence + self._ticks) % (1 << 16),
            (self._first_timestamp + first_sample) % (1 << 32),
            self._ssrc,
            rtp.encode_pcmu(samples),
            # RFC 3551 section 4.1: the first packet after silence is marked.
            marker=self.sent == 0,
        )

    def _key_packet(self, key: str, step: int) -> rtp.Packet:
        if step == 0:
            # All packets of one press have the timestamp of its beginning.
            self._key_timestamp = self._first_timestamp + self._ticks * SAMPLES_PER_PACKET
        held = min(step + 1, _KEY_PACKETS) * SAMPLES_PER_PACKET
        return rtp.Packet(
            # The answerer keeps the payload types of our offer, RFC 3264 section 6.1.
            TELEPHONE_EVENT.payload_type,
            (self._first_sequence + self._ticks) % (1 << 16),
            self._key_timestamp % (1 << 32),
            self._ssrc,
            rtp.telephone_event(key, duration=held, end=step >= _KEY_PACKETS),
            marker=step == 0,
        )


def _is_loud(samples: list[int]) -> bool:
    return sum(map(abs, samples)) > _FAINT * rtp.FULL_SCALE * len(samples)
