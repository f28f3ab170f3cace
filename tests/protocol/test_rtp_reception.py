"""
Reception of an RTP stream: losses, order, jitter and gaps, as RFC 3550 counts them.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.protocol.rtp import Packet
from livekit_conformance.protocol.rtp_reception import Reception


def packet(sequence: int, timestamp: int | None = None, ssrc: int = 1) -> Packet:
    at = sequence * 160 if timestamp is None else timestamp
    return Packet(0, sequence % 65536, at % 2**32, ssrc, b"\xff" * 160)


def test_losses_are_counted_over_the_wrap_of_the_sequence() -> None:
    """
    RFC 3550 appendix A.3: expected minus received.
    """
    reception = Reception()
    for n in range(65530, 65546):
        if n not in {65533, 65540}:
            reception.receive(packet(n), n * 0.02)

    assert (reception.packets, reception.lost) == (14, 2)


def test_late_and_double_packets_are_no_losses() -> None:
    """
    Order does not matter, and a duplicate never makes the count negative.
    """
    reception = Reception()
    for n in (1, 3, 2, 2, 4):
        reception.receive(packet(n), n * 0.02)

    assert reception.lost == 0


def test_jitter_is_nothing_for_a_steady_stream_and_grows_with_unsteadiness() -> None:
    """
    RFC 3550 appendix A.8; alternately 10 ms early and late is a jitter of about 20 ms.
    """
    steady, shaken = Reception(), Reception()
    for n in range(500):
        steady.receive(packet(n), 5.0 + n * 0.02)
        shaken.receive(packet(n), 5.0 + n * 0.02 + (0.01 if n % 2 else -0.01))

    assert steady.jitter_ms == pytest.approx(0.0, abs=1e-6)
    assert shaken.jitter_ms == pytest.approx(20.0, rel=0.01)


def test_jitter_survives_the_wrap_of_the_timestamp() -> None:
    """
    The timestamp has 32 bits and starts anywhere.
    """
    reception = Reception()
    for n in range(10):
        reception.receive(packet(n, 2**32 - 800 + n * 160), n * 0.02)

    assert math.isclose(reception.jitter_ms, 0.0, abs_tol=1e-6)


def test_nothing_received_is_nothing_lost() -> None:
    """
    Before the first packet the expected count is unknown.
    """
    assert (Reception().packets, Reception().lost, Reception().jitter_ms) == (0, 0, 0.0)


@given(
    start=st.integers(0, 65535),
    order=st.lists(st.integers(0, 60), min_size=1).map(lambda each: [0, *each]),
)
def test_the_counts_agree_with_sets(start: int, order: list[int]) -> None:
    """
    Whatever the order, each packet is counted once, and what is missing in between is lost.
    """
    reception = Reception()
    for number in order:
        reception.receive(packet(start + number, number * 160), number * 0.02)

    came = set(order)
    assert reception.packets == len(came)
    assert reception.duplicated == len(order) - len(came)
    assert reception.expected == max(came) + 1
    missing = max(came) + 1 - len(came)
    assert reception.lost <= missing
    if not reception.reordered:
        assert reception.lost == missing


@pytest.mark.parametrize("lost", [[], [31], [31, 32]])
def test_packets_that_are_under_way_are_not_lost(lost: list[int]) -> None:
    """
    Listening begins and ends while packets overtake each other: one in three is held for a while.
    """
    order = sorted(range(60), key=lambda n: n + (6.5 if n % 3 == 0 else 0))
    reception = Reception()
    for at, n in enumerate(order[15:45]):
        if n not in lost:
            reception.receive(packet(n), at * 0.02)

    assert reception.expected > reception.packets + len(lost)
    assert reception.lost == len(lost)


def test_a_packet_before_the_first_one_is_expected_too() -> None:
    """
    The second packet may overtake the first.
    """
    reception = Reception()
    for n in (11, 10, 12):
        reception.receive(packet(n), n * 0.02)

    assert (reception.expected, reception.lost, reception.reordered) == (3, 0, 1)


@pytest.mark.parametrize("ssrc", [1, 2], ids=["same source", "other source"])
def test_a_sender_that_counts_anew_loses_nothing(ssrc: int) -> None:
    """
    After a re-INVITE, or when another source speaks, sequence and time go on from anywhere.
    """
    reception = Reception()
    for n in range(50):
        reception.receive(packet(n), n * 0.02)
    for n in range(50, 100):
        reception.receive(packet(n + 30000, n * 160 + 10**9, ssrc), n * 0.02)

    assert (reception.expected, reception.lost, reception.late(0.001)) == (100, 0, 0)
    assert reception.jitter_ms == pytest.approx(0.0, abs=1e-6)


def test_a_key_press_is_no_jitter() -> None:
    """
    RFC 4733: its packets come every 20 ms and have one timestamp.
    """
    reception = Reception()
    for n in range(20):
        held = 10 if n in range(10, 15) else n
        reception.receive(packet(n, held * 160), n * 0.02)

    assert reception.jitter_ms == pytest.approx(0.0, abs=1e-6)
    assert reception.late(0.001) == 0


def test_packets_are_late_against_the_fastest_one() -> None:
    """
    Half of them are 30 ms later than the others, whichever comes first.
    """
    for first_is_late in (False, True):
        reception = Reception()
        for n in range(100):
            is_late = n % 2 == (0 if first_is_late else 1)
            reception.receive(packet(n), n * 0.02 + (0.03 if is_late else 0.0))

        assert (reception.late(0.029), reception.late(0.031)) == (50, 0)


def test_the_longest_gap_may_be_the_last_one() -> None:
    """
    A stream that stops has a gap until now.
    """
    reception = Reception()
    assert reception.longest_gap_s(5.0) == 0.0
    for at in (0.0, 0.02, 0.12, 0.14):
        reception.receive(packet(round(at * 50)), at)

    assert reception.longest_gap_s(0.15) == pytest.approx(0.1)
    assert reception.longest_gap_s(0.5) == pytest.approx(0.36)


def test_the_first_sound_may_be_later_than_the_first_packet() -> None:
    """
    Silence comes first from many services.
    """
    reception = Reception()
    assert (reception.first_at, reception.first_sound_at) == (None, None)
    for n in range(5):
        reception.receive(packet(n), n * 0.02, has_sound=n >= 3)

    assert reception.first_at == 0.0
    assert reception.first_sound_at == pytest.approx(0.06)
