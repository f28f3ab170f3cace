"""
Judge the quality of what the caller heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from livekit_conformance.findings import Code, Finding
from livekit_conformance.observations import CallQuality

# Data: mos, r, least.
MOS_TOO_LOW: Final = Code("call.mos-too-low")
# Data: lost, expected, percent, most.
LOSS_TOO_HIGH: Final = Code("call.loss-too-high")
# Data: jitter_ms, most_ms.
JITTER_TOO_HIGH: Final = Code("call.jitter-too-high")

# A single lost packet proves no rate.
_BY_CHANCE = 1
# A machine that sends its own packets late, by two of them or more, proves nothing about the times
# of others.
_KEPT_TIME_MS = 40.0


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """
    Least MOS, and most loss and jitter, that a call should have.
    """

    mos: float
    loss_percent: float
    jitter_ms: float


def judge_quality(seen: CallQuality, limits: QualityLimits) -> Iterator[Finding]:
    """
    Yield each limit that the call does not keep; no time counts if this machine was late itself.
    """
    has_kept_time = seen.own_delay_ms < _KEPT_TIME_MS
    if seen.mos < limits.mos and (has_kept_time or not seen.late):
        yield Finding(
            MOS_TOO_LOW,
            f"MOS {seen.mos:.2f} (R {seen.r:.0f}), expected {limits.mos:g} or more",
            level="SHOULD",
            data={"mos": seen.mos, "r": seen.r, "least": limits.mos},
        )
    if seen.lost > _BY_CHANCE and seen.loss_percent > limits.loss_percent:
        percent = round(seen.loss_percent, 1)
        yield Finding(
            LOSS_TOO_HIGH,
            f"{seen.lost} of {seen.expected} packets to the caller were lost ({percent:g} %), "
            f"expected {limits.loss_percent:g} % or less",
            level="SHOULD",
            data={
                "lost": seen.lost,
                "expected": seen.expected,
                "percent": percent,
                "most": limits.loss_percent,
            },
        )
    if seen.jitter_ms > limits.jitter_ms and has_kept_time:
        yield Finding(
            JITTER_TOO_HIGH,
            f"the jitter was {seen.jitter_ms:.0f} ms, expected {limits.jitter_ms:g} ms or less",
            level="SHOULD",
            data={"jitter_ms": seen.jitter_ms, "most_ms": limits.jitter_ms},
        )
