"""
Judges with a threshold: of clocks, secrets and certificates.
"""

from __future__ import annotations

import pytest

from livekit_conformance.findings import Says
from livekit_conformance.judges.clock import DIFFERS, EXACT_S, LEEWAY_S, judge_clock
from livekit_conformance.judges.secrecy import judge_expiry, judge_secret
from livekit_conformance.protocol.http_date import ClockOffset


@pytest.mark.parametrize("within", [EXACT_S, LEEWAY_S])
def test_clocks_differ_if_that_is_proven(within):
    assert judge_clock(ClockOffset(-within, within), within=within) is None
    assert judge_clock(ClockOffset(within - 1, within), within=within) is None
    (found,) = [judge_clock(ClockOffset(within + 1, within + 2), within=within)]
    assert (found.code, found.says) == (DIFFERS, Says.VIOLATED)
    assert found.data == {"ahead_s": within + 1.5, "uncertainty_s": 0.5}


def test_a_slow_answer_proves_only_a_difference_that_is_larger():
    assert judge_clock(ClockOffset(-9.0, 9.0), within=EXACT_S).says is Says.UNSEEN
    assert judge_clock(ClockOffset(90.0, 110.0), within=EXACT_S).says is Says.VIOLATED


def test_a_secret_of_32_bytes_is_long_enough():
    assert judge_secret("x" * 32) is None
    assert judge_secret("\u044f" * 16) is None
    assert judge_secret("x" * 31).data == {"length": 31}


def test_a_certificate_lasts_for_14_days():
    assert judge_expiry("h:443", 14.0) is None
    assert judge_expiry("h:443", 13.9).data == {"endpoint": "h:443", "days": 13.9}
