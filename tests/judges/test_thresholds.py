"""
Judges with a threshold: of clocks, secrets and certificates.
"""

from __future__ import annotations

import pytest

from livekit_conformance.findings import Says
from livekit_conformance.judges.clock import (
    DIFFERS,
    EXACT_S,
    LEEWAY_S,
    NO_DATE,
    judge_clock,
    judge_offset,
)
from livekit_conformance.judges.secrecy import judge_expiry, judge_secret
from livekit_conformance.protocol.http_date import ClockOffset


@pytest.mark.parametrize("within", [EXACT_S, LEEWAY_S])
def test_clocks_differ_if_that_is_proven(within):
    assert [*judge_offset(ClockOffset(-within, within), within=within)] == []
    assert [*judge_offset(ClockOffset(within - 1, within), within=within)] == []
    (found,) = judge_offset(ClockOffset(within + 1, within + 2), within=within)
    assert (found.code, found.says) == (DIFFERS, Says.VIOLATED)
    assert found.data == {"ahead_s": within + 1.5, "uncertainty_s": 0.5}


def test_a_slow_answer_proves_only_a_difference_that_is_larger():
    (unknown,) = judge_offset(ClockOffset(-9.0, 9.0), within=EXACT_S)
    (proven,) = judge_offset(ClockOffset(90.0, 110.0), within=EXACT_S)
    assert (unknown.says, proven.says) == (Says.UNSEEN, Says.VIOLATED)


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_an_answer_without_a_date_shows_no_clock(headers):
    (found,) = judge_clock(headers, asked=0.0, answered=0.1, within=EXACT_S)
    assert (found.code, found.says) == (NO_DATE, Says.UNSEEN)


def test_a_secret_of_32_bytes_is_long_enough():
    assert [*judge_secret("x" * 32), *judge_secret("\u044f" * 16)] == []
    assert [found.data for found in judge_secret("x" * 31)] == [{"length": 31}]


def test_a_certificate_lasts_for_14_days():
    assert [*judge_expiry("h:443", 14.0)] == []
    (found,) = judge_expiry("h:443", 13.9)
    assert found.data == {"endpoint": "h:443", "days": 13.9}
