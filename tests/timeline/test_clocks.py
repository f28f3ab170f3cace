"""
Clock offsets by causality: the true offsets are within the bounds, whatever the delays are.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.timeline.clocks import OURS, Before, align

MACHINES = (OURS, "livekit-sip", "livekit-server")
TOLERANCE_S = 1e-6

offsets = st.floats(-7200, 7200).map(lambda s: round(s, 6))
delays = st.floats(0, 5).map(lambda s: round(s, 6))
# A story is a walk over the machines: each event is caused by the previous one.
stories = st.lists(st.tuples(st.sampled_from(MACHINES), delays), min_size=1, max_size=20)


def pairs_of(walk, true, *, whole_seconds=False):
    pairs, now, here = [], 0.0, OURS
    for there, delay in walk:
        caused_at, effect_at = now + true[here], now + delay + true[there]
        if whole_seconds:
            caused_at, effect_at = math.floor(caused_at), math.floor(effect_at) + 1
        pairs.append(Before(here, caused_at, there, effect_at, f"{here} to {there}"))
        now, here = now + delay, there
    return pairs


@given(walk=stories, sip=offsets, server=offsets, coarse=st.booleans())
def test_the_true_offsets_are_inside_the_bounds_and_no_cause_comes_after_its_effect(
    walk, sip, server, coarse
):
    true = {OURS: 0.0, "livekit-sip": sip, "livekit-server": server}
    pairs = pairs_of(walk, true, whole_seconds=coarse)

    aligned = align(pairs)

    assert aligned.contradiction == ""
    for clock, offset in aligned.offsets.items():
        assert offset.low - TOLERANCE_S <= true[clock] <= offset.high + TOLERANCE_S
    for pair in pairs:
        cause = aligned.our_time(pair.cause, pair.caused_at)
        assert cause <= aligned.our_time(pair.effect, pair.effect_at) + TOLERANCE_S


@given(walk=stories)
def test_clocks_that_agree_are_left_as_they_are(walk):
    aligned = align(pairs_of(walk, dict.fromkeys(MACHINES, 0.0)))

    assert all(offset.applied == 0.0 for offset in aligned.offsets.values())


@given(first=delays, second=delays, offset=offsets)
def test_a_difference_greater_than_the_way_there_and_back_is_taken_off(first, second, offset):
    there = Before(OURS, 1.0, "livekit-sip", 1.0 + first + offset, "asked")
    back = Before("livekit-sip", 1.0 + first + offset, OURS, 1.0 + first + second, "answered")

    (seen,) = align([there, back]).offsets.values()

    if abs(offset) > first + second:
        assert seen.applied != 0.0
        assert abs(seen.applied - offset) <= first + second + TOLERANCE_S
    assert seen.high - seen.low == pytest.approx(first + second, abs=TOLERANCE_S)


def test_a_machine_that_we_never_spoke_to_is_bounded_over_one_that_we_did():
    pairs = [
        Before(OURS, 0.0, "livekit-sip", 3.1, "INVITE"),
        Before("livekit-sip", 3.2, "livekit-server", 90.4, "join"),
        Before("livekit-server", 90.5, "livekit-sip", 3.5, "joined"),
        Before("livekit-sip", 3.6, OURS, 0.7, "200"),
    ]

    server = align(pairs).offsets["livekit-server"]

    assert server.low == pytest.approx(89.9)
    assert server.high == pytest.approx(90.3)
    assert server.seen == "INVITE, join; joined, 200"


def test_a_clock_that_is_bounded_from_one_side_is_moved_no_further_than_needed():
    (offset,) = align([Before(OURS, 10.0, "livekit-sip", 7.0, "INVITE")]).offsets.values()

    assert (offset.low, offset.high, offset.applied) == (-math.inf, -3.0, -3.0)


def test_stamps_of_whole_seconds_yield_to_exact_ones_when_they_contradict_each_other():
    exact = [
        Before(OURS, 0.0, "livekit-server", 0.1, "sent"),
        Before("livekit-server", 0.2, OURS, 0.3, "arrived"),
    ]
    of_a_proxy = Before("livekit-server", 60.0, OURS, 0.3, "Date", coarse=True)

    aligned = align([*exact, of_a_proxy])

    assert aligned.contradiction == ""
    assert aligned.offsets["livekit-server"].applied == 0.0


def test_a_clock_that_was_set_during_the_call_is_told_and_nothing_is_moved():
    pairs = [
        Before(OURS, 0.0, "livekit-sip", 0.1, "before it was set"),
        Before("livekit-sip", 5.2, OURS, 0.3, "after it was set"),
    ]

    aligned = align(pairs)

    assert "before it was set" in aligned.contradiction
    assert aligned.our_time("livekit-sip", 7.0) == 7.0


def test_a_line_written_a_moment_late_is_no_contradiction():
    pairs = [
        Before(OURS, 0.0, "livekit-sip", 3.001, "INVITE"),
        Before("livekit-sip", 3.003, OURS, 0.0015, "100"),
    ]

    assert align(pairs).contradiction == ""
