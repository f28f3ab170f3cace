"""
E-model and quality of a stream: values of the standard, another form of it, and synthetic streams.
"""

from __future__ import annotations

import random

import pytest

from livekit_conformance.protocol import e_model
from livekit_conformance.protocol.rtp import Packet
from livekit_conformance.protocol.rtp_reception import Reception
from livekit_conformance.protocol.voice_quality import VoiceQuality, quality_of


def stream(*, loss: float = 0.0, jitter_s: float = 0.0, count: int = 2000) -> Reception:
    """
    Return the reception of a stream with random loss, and delays spread over ± `jitter_s`.
    """
    chance = random.Random(1)
    arrivals = []
    for n in range(count):
        at = n * 0.02 + chance.uniform(-jitter_s, jitter_s)
        if chance.random() >= loss:
            arrivals.append((at, Packet(0, n, n * 160, 1, b"\xff" * 160)))
    reception = Reception()
    for at, packet in sorted(arrivals, key=lambda each: each[0]):
        reception.receive(packet, at)
    return reception


def judged(*, loss: float = 0.0, jitter_s: float = 0.0) -> VoiceQuality:
    quality = quality_of(stream(loss=loss, jitter_s=jitter_s))
    assert quality is not None
    return quality


def simplified(delay_ms: float, loss_percent: float) -> float:
    """
    Return the MOS by the short form of Cole and Rosenbluth (ACM SIGCOMM CCR 31, 2001).

    Its terms for the delay replace four equations of G.107; the loss is that of G.113.
    """
    beyond = max(0.0, delay_ms - 177.3)
    r = 94.2 - 0.024 * delay_ms - 0.11 * beyond - 95 * loss_percent / (loss_percent + 25.1)
    return 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r)


def test_the_default_values_have_the_rating_of_the_standard() -> None:
    """
    G.107 section 7.7: R is 93.2, and MOS 4.41. Other implementations have 93.206208.
    """
    r = e_model.rating()

    assert r == pytest.approx(93.206208, abs=1e-6)
    assert e_model.mos(r) == pytest.approx(4.41, abs=0.005)


@pytest.mark.parametrize(("r", "mos"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
def test_mos_has_the_values_of_the_standard(r: float, mos: float) -> None:
    """
    G.107 annex B, table B.1.
    """
    assert e_model.mos(r) == pytest.approx(mos, abs=0.01)


def test_mos_stays_within_its_scale() -> None:
    """
    It rises with R, from 1 to 4.5.
    """
    scores = [e_model.mos(r / 10) for r in range(-200, 1200)]

    assert scores == sorted(scores)
    assert (scores[0], scores[-1]) == (1.0, 4.5)


@pytest.mark.parametrize("loss_percent", [0, 1, 3, 5, 10, 20])
@pytest.mark.parametrize("delay_ms", [0, 20, 50, 100, 150, 200, 250, 300, 350])
def test_another_form_of_the_model_agrees(delay_ms: float, loss_percent: float) -> None:
    """
    Within 0.1 of MOS over all delays that a call can have.
    """
    ours = e_model.mos(e_model.rating(delay_ms, loss_percent))

    assert ours == pytest.approx(simplified(delay_ms, loss_percent), abs=0.1)


def test_bursts_are_worse_than_random_loss() -> None:
    """
    G.107 section 7.5: the same loss in bursts lowers the rating.
    """
    assert e_model.rating(0, 5, burst_ratio=2) < e_model.rating(0, 5)


def test_a_perfect_stream_is_rated_as_good_as_calls_get() -> None:
    """
    Packet and the shallowest jitter buffer are the only delay.
    """
    quality = judged()

    assert quality.mos > 4.3
    assert (quality.lost, quality.late, quality.delay_ms) == (0, 0, 80)


def test_more_loss_is_less_quality() -> None:
    """
    With 1, 3 and 5 percent; the figure is that of the other form of the model.
    """
    rated = [judged(loss=loss) for loss in (0, 0.01, 0.03, 0.05)]

    assert [each.mos for each in rated] == sorted((each.mos for each in rated), reverse=True)
    assert len({each.mos for each in rated}) == len(rated)
    for each in rated:
        assert each.mos == pytest.approx(
            simplified(each.delay_ms, 100 * each.lost / each.expected), abs=0.1
        )


def test_more_jitter_is_less_quality() -> None:
    """
    30 ms cost delay in the jitter buffer, 100 ms are more than it can hold.
    """
    steady, shaken, torn = (judged(jitter_s=jitter_s) for jitter_s in (0, 0.03, 0.1))

    assert steady.mos > shaken.mos > 4.0 > torn.mos
    assert (steady.late, shaken.late) == (0, 0)
    assert torn.late > 0
    assert torn.lost == 0
    for each in (steady, shaken, torn):
        unheard = 100 * (each.lost + each.late) / each.expected
        assert each.mos == pytest.approx(simplified(each.delay_ms, unheard), abs=0.1)


def test_a_long_way_is_less_quality() -> None:
    """
    Half of the round trip is delay.
    """
    near, far = (quality_of(stream(), round_trip_s) for round_trip_s in (0.0, 0.6))

    assert near is not None
    assert far is not None
    assert far.delay_ms == pytest.approx(near.delay_ms + 300)
    assert far.mos < near.mos - 0.5


def test_nothing_received_has_no_quality() -> None:
    """
    No packet proves nothing about the sound.
    """
    assert quality_of(Reception()) is None
