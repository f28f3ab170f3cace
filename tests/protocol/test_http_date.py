"""
The server's clock offset, derived from the header Date of an answer.
"""

from __future__ import annotations

from email.utils import formatdate
from itertools import product

import pytest

from livekit_conformance.protocol.http_date import clock_offset

NOON = 1_700_000_000.0


def offset(server_ahead, *, on_the_way=0.1, fraction=0.0):
    """
    Return the offset of a server that answers halfway and truncates its time to seconds.
    """
    asked = NOON + fraction
    written = formatdate(int(asked + on_the_way / 2 + server_ahead), usegmt=True)
    return clock_offset(written, asked=asked, answered=asked + on_the_way)


@pytest.mark.parametrize("ahead", [-90.0, -5.4, -0.4, 0.0, 0.4, 5.4, 90.0])
def test_the_truth_lies_within_the_bounds(ahead):
    for on_the_way, fraction in product(
        (0.0, 0.02, 1.0, 7.0), (0.0, 0.2, 0.5, 0.949, 0.951, 0.999)
    ):
        found = offset(ahead, on_the_way=on_the_way, fraction=fraction)

        assert found.least <= ahead + 1e-6, (on_the_way, fraction)
        assert ahead <= found.most + 1e-6, (on_the_way, fraction)
        assert found.uncertainty == pytest.approx((1.0 + on_the_way) / 2)


def test_clocks_that_agree_are_never_proven_apart():
    assert max(offset(0.0, fraction=n / 50).proven for n in range(50)) == 0.0


@pytest.mark.parametrize("ahead", [90.0, -90.0])
def test_a_difference_is_proven_but_for_the_resolution_of_the_header(ahead):
    assert 89.0 - 0.1 <= offset(ahead).proven <= 90.0


def test_a_slow_answer_proves_less():
    assert offset(6.0, on_the_way=0.1).proven > 4.0
    assert offset(6.0, on_the_way=14.0).proven == 0.0


@pytest.mark.parametrize(("ahead", "words"), [(90.0, "ahead of ours"), (-90.0, "behind ours")])
def test_an_offset_says_which_clock_is_late(ahead, words):
    assert words in str(offset(ahead))


def test_what_is_no_date_is_refused():
    with pytest.raises(ValueError, match="date"):
        clock_offset("soon", asked=NOON, answered=NOON)
