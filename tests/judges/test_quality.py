"""
Quality of what the caller heard, against limits.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from livekit_conformance.judges.quality import (
    JITTER_TOO_HIGH,
    LOSS_TOO_HIGH,
    MOS_TOO_LOW,
    QualityLimits,
    judge_quality,
)
from livekit_conformance.observations import CallQuality

LIMITS = QualityLimits(mos=3.6, loss_percent=3.0, jitter_ms=30.0)
GOOD = CallQuality(
    1.0,
    "",
    call="a@b",
    r=92.0,
    mos=4.38,
    expected=50,
    lost=0,
    late=0,
    reordered=0,
    duplicated=0,
    jitter_ms=1.0,
    longest_gap_ms=22.0,
    delay_ms=60.0,
    own_delay_ms=1.0,
    first_packet_s=0.1,
    first_sound_s=0.1,
)


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        ({}, []),
        ({"mos": 3.6, "jitter_ms": 30.0}, []),
        ({"mos": 3.59}, [MOS_TOO_LOW]),
        ({"lost": 1}, []),
        ({"lost": 2}, [LOSS_TOO_HIGH]),
        ({"lost": 3, "expected": 100}, []),
        ({"lost": 4, "expected": 100}, [LOSS_TOO_HIGH]),
        ({"jitter_ms": 31.0}, [JITTER_TOO_HIGH]),
        ({"mos": 2.0, "lost": 9, "jitter_ms": 50.0}, [MOS_TOO_LOW, LOSS_TOO_HIGH, JITTER_TOO_HIGH]),
    ],
)
def test_each_limit_is_judged(seen, codes):
    found = [*judge_quality(replace(GOOD, **seen), LIMITS)]

    assert [each.code for each in found] == codes
    assert {each.level for each in found} <= {"SHOULD"}


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        ({"jitter_ms": 80.0}, []),
        ({"mos": 2.0, "late": 9, "jitter_ms": 80.0}, []),
        # What never arrived was not lost by a busy machine.
        ({"mos": 2.0, "lost": 9}, [MOS_TOO_LOW, LOSS_TOO_HIGH]),
        ({"mos": 2.0, "lost": 9, "late": 3}, [LOSS_TOO_HIGH]),
    ],
)
def test_a_machine_that_was_late_itself_blames_nobody_for_times(seen, codes):
    busy = replace(GOOD, own_delay_ms=40.0, **seen)

    assert [each.code for each in judge_quality(busy, LIMITS)] == codes


def test_a_finding_has_its_figures():
    (found,) = judge_quality(replace(GOOD, lost=5), LIMITS)

    assert found.data == {"lost": 5, "expected": 50, "percent": 10.0, "most": 3.0}
    assert found.seen == "5 of 50 packets to the caller were lost (10 %), expected 3 % or less"
