"""
RTP packets, G.711 mu-law and measurements on audio streams.

Sources: RFC 3550 (packets), RFC 3551 (PCMU), ITU-T G.711 (mu-law), RFC 4733
(DTMF keys).
Samples are numbers from -32768 to 32767 at 8000 Hz unless stated otherwise.
"""

from __future__ import annotations

import cmath
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PCMU_RATE = 8000
PACKET_S = 0.02
FULL_SCALE = 32768
_VERSION = 2
_HEADER = struct.Struct("!BBHII")
SEQUENCES = 1 << 16
TIMESTAMPS = 1 << 32
# In the order of their event codes, RFC 4733 section 3.2.
KEYS = "0123456789*#ABCD"
_KEY_VOLUME = 10


class RtpSyntaxError(ValueError):
    """
    Bytes that are not an RTP packet.
    """


@dataclass(frozen=True, slots=True)
class Packet:
    """
    RTP packet; CSRCs, header extension and padding are removed on decoding.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    @classmethod
    def decode(cls, data: bytes) -> Packet:
        """
        Read a packet, RFC 3550 section 5.1.

        Raises RtpSyntaxError: another version, or shorter than its own header announces.
        """
        if len(data) < _HEADER.size or data[0] >> 6 != _VERSION:
            raise RtpSyntaxError(f"no RTP version 2 header in {len(data)} bytes")
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        begin, end = _HEADER.size + 4 * (first & 0x0F), len(data)
        if first & 0x10:
            if end < begin + 4:
                raise RtpSyntaxError("header extension is cut off")
            begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4], "big")
        if first & 0x20:
            end -= data[-1] or len(data)
        if end < begin:
            raise RtpSyntaxError(f"{len(data)} bytes are fewer than the header announces")
        return cls(second & 0x7F, sequence, timestamp, ssrc, data[begin:end], bool(second & 0x80))

    def encode(self) -> bytes:
        """
        Return the packet as it goes on the wire; counters wrap as the RFC specifies.
        """
        second = self.payload_type | (0x80 if self.marker else 0)
        header = _HEADER.pack(
            _VERSION << 6, second, self.sequence % SEQUENCES, self.timestamp % TIMESTAMPS, self.ssrc
        )
        return header + self.payload


def _mulaw_to_linear(code: int) -> int:
    # G.711: sign, 3 bits of segment, 4 bits of step; all bits inverted on the wire.
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code >> 4) & 0x07)) - 0x84
    return -magnitude if code & 0x80 else magnitude


_LINEAR = tuple(map(_mulaw_to_linear, range(256)))
_LARGEST_LINEAR = max(_LINEAR)


def decode_pcmu(payload: bytes) -> list[int]:
    """
    Return the samples of a mu-law payload.
    """
    return [_LINEAR[code] for code in payload]


def encode_pcmu(samples: Iterable[float]) -> bytes:
    """
    Return the mu-law payload of `samples`, clipped to the range of mu-law.
    """
    return bytes(map(_linear_to_mulaw, samples))


def _linear_to_mulaw(sample: float) -> int:
    sign = 0x80 if sample < 0 else 0
    # 0x84 is the bias that makes the segments' borders powers of two.
    biased = min(round(abs(sample)), _LARGEST_LINEAR) + 0x84
    segment = biased.bit_length() - 8
    return ~(sign | segment << 4 | biased >> (segment + 3) & 0x0F) & 0xFF


def telephone_event(key: str, *, duration: int, end: bool) -> bytes:
    """
    Return the payload for `key`, held for `duration` so far, RFC 4733 section 2.3.

    `duration` is in timestamp units; `end` marks the release of the key.
    """
    return struct.pack("!BBH", KEYS.index(key), (0x80 if end else 0) | _KEY_VOLUME, duration)


def tone(
    frequency: float,
    count: int,
    *,
    amplitude: float = 0.3,
    rate: int = PCMU_RATE,
    start: int = 0,
) -> list[float]:
    """
    Return `count` samples of a sine from sample number `start` on; `amplitude` 1.0 is full scale.
    """
    step = 2 * math.pi * frequency / rate
    return [amplitude * FULL_SCALE * math.sin(step * n) for n in range(start, start + count)]


def level(
    samples: Sequence[float], frequency: float, *, rate: int = PCMU_RATE, block: int = 800
) -> float:
    """
    Return the level of `frequency` in `samples`: the mean amplitude of a sine, 1.0 is full scale.

    Measured by Goertzel's algorithm in blocks of 100 ms (10 Hz wide) and averaged, so that a
    lost packet, which breaks the phase, spoils one block and not the whole measurement.
    0.0 if there is less than one block.
    """
    blocks = [samples[at : at + block] for at in range(0, len(samples) - block + 1, block)]
    if not blocks:
        return 0.0
    return sum(_goertzel(part, frequency, rate) for part in blocks) / len(blocks)


def share(samples: Sequence[float], frequency: float, *, rate: int = PCMU_RATE) -> float:
    """
    Return the part of the energy of `samples` that `frequency` has, from 0.0 to 1.0.

    A sine of amplitude A has the mean square A * A / 2. 0.0 for silence.
    """
    if not any(samples):
        return 0.0
    mean_square = sum(sample * sample for sample in samples) / len(samples) / FULL_SCALE**2
    return min(1.0, level(samples, frequency, rate=rate) ** 2 / 2 / mean_square)


def _goertzel(samples: Sequence[float], frequency: float, rate: int) -> float:
    omega = 2 * math.pi * frequency / rate
    coefficient = 2 * math.cos(omega)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    # Rounding may leave a tiny negative power where there is silence.
    return 2 * math.sqrt(max(0.0, power)) / (len(samples) * FULL_SCALE)


def dominant_frequency(
    samples: Sequence[float], *, rate: int = PCMU_RATE, floor: float = 0.001
) -> float | None:
    """
    Return the strongest frequency in Hz, accurate to a few Hz; None for silence.

    Uses the last 2048 samples (a quarter of a second at 8000 Hz), or fewer if there are fewer.
    `floor` is the amplitude, 1.0 is full scale, below which everything counts as silence.
    """
    size = 2048
    while size > len(samples):
        size //= 2
    if size < 64:  # noqa: PLR2004  fewer samples cannot distinguish speech from a hum
        return None
    # A Hann window keeps a tone between two bins from leaking all over the spectrum.
    last = samples[len(samples) - size :]
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * n / size) for n in range(size)]
    spectrum = _fft([complex(sample * weight) for sample, weight in zip(last, hann, strict=True)])
    magnitudes = [abs(value) for value in spectrum[: size // 2]]
    peak = max(range(2, len(magnitudes) - 1), key=magnitudes.__getitem__)
    # A sine of amplitude A gives A * size / 4 in its bin: half is mirrored, the window halves.
    if magnitudes[peak] * 4 / (size * FULL_SCALE) < floor:
        return None
    left, middle, right = magnitudes[peak - 1 : peak + 2]
    # The peak between two bins is interpolated by the parabola through the three highest.
    bend = left - 2 * middle + right
    offset = 0.5 * (left - right) / bend if bend else 0.0
    return (peak + offset) * rate / size


def _fft(values: list[complex]) -> list[complex]:
    # Cooley and Tukey, radix 2; the length is a power of two.
    if len(values) == 1:
        return values
    even, odd = _fft(values[::2]), _fft(values[1::2])
    half = len(even)
    twisted = [cmath.exp(-1j * math.pi * k / half) * odd[k] for k in range(half)]
    sums = [even[k] + twisted[k] for k in range(half)]
    differences = [even[k] - twisted[k] for k in range(half)]
    return sums + differences
