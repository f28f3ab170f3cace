"""
G.711 and tones, for a telephone that shares no code with the product.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

RATE = 8000
FRAME = 160
PCMU, PCMA = 0, 8
# Louder than comfort noise, quieter than any voice.
LOUD = 300.0


def _ulaw(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _alaw(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = code >> 4 & 7, code & 0x0F
    magnitude = (mantissa << 4) + 8 if not exponent else ((mantissa << 4) + 0x108) << exponent - 1
    return magnitude if code & 0x80 else -magnitude


_DECODED = {PCMU: [_ulaw(code) for code in range(256)], PCMA: [_alaw(code) for code in range(256)]}
_SORTED = {
    payload: sorted((value, code) for code, value in enumerate(table))
    for payload, table in _DECODED.items()
}


def decode(payload_type: int, payload: bytes) -> list[int]:
    """
    Return the 16-bit samples of a payload.
    """
    table = _DECODED[payload_type]
    return [table[code] for code in payload]


def encode(payload_type: int, samples: Sequence[float]) -> bytes:
    """
    Return the payload of 16-bit samples.
    """
    table = _SORTED[payload_type]
    last = len(table) - 1
    return bytes(table[min(bisect_left(table, (sample, 0)), last)][1] for sample in samples)


def tone(hertz: float, start: int, count: int = FRAME, level: float = 8000.0) -> list[float]:
    """
    Return samples of a sine from the sample number `start` on.
    """
    step = 2 * math.pi * hertz / RATE
    return [level * math.sin(step * number) for number in range(start, start + count)]


def loudness(samples: Sequence[float]) -> float:
    """
    Return the root mean square of samples, 0 without any.
    """
    return math.sqrt(sum(one * one for one in samples) / len(samples)) if samples else 0.0


def share(samples: Sequence[float], hertz: float) -> float:
    """
    Return the amplitude of one frequency in samples (Goertzel), 0 without any.
    """
    if not samples:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * hertz / RATE)
    before, now = 0.0, 0.0
    for sample in samples:
        before, now = now, sample + factor * now - before
    power = before * before + now * now - factor * before * now
    return 2 * math.sqrt(max(power, 0.0)) / len(samples)
