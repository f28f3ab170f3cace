"""
Quality of a received voice stream: its reception, behind the jitter buffer of a phone, rated by the
E-model.

Sources: ITU-T G.107 (the rating), RFC 3611 section 4.7 (a packet too late for the jitter buffer is
as good as lost).
"""

from __future__ import annotations

from dataclasses import dataclass

from livekit_conformance.protocol import e_model
from livekit_conformance.protocol.rtp import PACKET_S
from livekit_conformance.protocol.rtp_reception import Reception

# An adaptive jitter buffer: so many times as deep as the jitter, within these bounds.
_DEPTH_IN_JITTERS = 4
_SHALLOWEST_S = 3 * PACKET_S
_DEEPEST_S = 0.12


@dataclass(frozen=True, slots=True)
class VoiceQuality:
    """
    Rating `r` (0 to 93) and `mos` (1 to 4.5) of a stream, and what they are made of.

    `late` packets did arrive, after their turn to be played. `delay_ms` is one-way: the packet, the
    jitter buffer, and half of the round trip.
    """

    r: float
    mos: float
    expected: int
    lost: int
    late: int
    jitter_ms: float
    delay_ms: float

    def __str__(self) -> str:
        return (
            f"MOS {self.mos:.2f} (R {self.r:.0f}): {self.lost} of {self.expected} packets lost, "
            f"{self.late} too late, jitter {self.jitter_ms:.1f} ms, delay {self.delay_ms:.0f} ms"
        )


def quality_of(reception: Reception, round_trip_s: float = 0.0) -> VoiceQuality | None:
    """
    Return the quality of what was received; None if there was nothing.
    """
    if not reception.expected:
        return None
    jitter_s = reception.jitter_ms / 1000
    buffer_s = min(max(_DEPTH_IN_JITTERS * jitter_s, _SHALLOWEST_S), _DEEPEST_S)
    late = reception.late(buffer_s)
    delay_ms = 1000 * (PACKET_S + buffer_s + round_trip_s / 2)
    unheard_percent = 100 * (reception.lost + late) / reception.expected
    r = e_model.rating(delay_ms, unheard_percent)
    return VoiceQuality(
        r,
        e_model.mos(r),
        reception.expected,
        reception.lost,
        late,
        reception.jitter_ms,
        delay_ms,
    )
