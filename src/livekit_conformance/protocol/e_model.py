"""
E-model of ITU-T G.107: how satisfied people are with a call, from its delay and its loss.

Sources: ITU-T G.107 (06/2015), with its default values for everything that a caller cannot measure
(levels, noise, echo); ITU-T G.113 appendix I for the codec. G.107 annex B turns R into MOS.
Delays are in milliseconds, loss is in percent.
"""

from __future__ import annotations

import math

# Default values, G.107 table 2: loudness ratings, sidetone, noise and echo.
_SLR, _RLR, _STMR, _LSTR = 8.0, 2.0, 15.0, 18.0
_DS = 3.0
_NC, _NFOR, _PS, _PR = -70.0, -64.0, 35.0, 35.0
_TELR, _WEPL, _QDU = 65.0, 110.0, 1.0
_OLR = _SLR + _RLR
# G.711 with packet loss concealment (its appendix I), as phones have it: G.113 appendix I.
_IE, _BPL = 0.0, 25.1
_BEST_R = 100.0
_BEST_MOS = 4.5
# Delays up to here disturb no conversation, G.107 section 7.4.
_UNNOTICED_MS = 100.0


def rating(delay_ms: float = 0.0, loss_percent: float = 0.0, burst_ratio: float = 1.0) -> float:
    """
    Return the rating R of a G.711 call with this one-way delay and this loss of packets.

    `burst_ratio` is 1 for random loss, above it for bursts.
    """
    impaired = _simultaneous(delay_ms) + _delayed(delay_ms) + _lossy(loss_percent, burst_ratio)
    return _basic() - impaired


def mos(r: float) -> float:
    """
    Return the mean opinion score, 1 to 4.5, of a rating; G.107 annex B.
    """
    if r <= 0:
        return 1.0
    if r >= _BEST_R:
        return _BEST_MOS
    # Just above R = 0 the polynomial of the annex is a little below 1.
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def _noise() -> float:
    """
    Return No, the sum of the noise in the circuit and the rooms, in dBm0p; section 7.2.
    """
    heard = _PR + 10 * math.log10(1 + math.pow(10, (10 - _LSTR) / 10))
    powers = (
        _NC,
        _PS - _SLR - _DS - 100 + 0.004 * (_PS - _OLR - _DS - 14) ** 2,
        _RLR - 121 + heard + 0.008 * (heard - 35) ** 2,
        _NFOR + _RLR,
    )
    return 10 * math.log10(sum(math.pow(10, power / 10) for power in powers))


def _basic() -> float:
    """
    Return Ro, the signal-to-noise ratio as a rating; section 7.2.
    """
    return 15 - 1.5 * (_SLR + _noise())


def _simultaneous(delay_ms: float) -> float:
    """
    Return Is: too loud, sidetone, quantizing; section 7.3.
    """
    loudness = (_OLR + 0.2 * (64 + _noise() - _RLR)) / 8
    too_loud = 20 * (_above_one(loudness, 8) - loudness)
    echo = math.exp(-delay_ms / 4) * math.pow(10, -_TELR / 10)
    masked = -10 * math.log10(math.pow(10, -_STMR / 10) + echo)
    sidetone = (
        12 * _above_one((masked - 13) / 6, 8)
        - 28 * _above_one((masked + 1) / 19.4, 35)
        - 13 * _above_one((masked - 3) / 33, 13)
        + 29
    )
    q = 37 - 15 * math.log10(_QDU)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    y, z = (_basic() - 100) / 15 + 46 / 8.4 - g / 9, 46 / 30 - g / 40
    return too_loud + sidetone + 15 * math.log10(1 + math.pow(10, y) + math.pow(10, z))


def _delayed(delay_ms: float) -> float:
    """
    Return Id: echo to the talker and to the listener, and delay itself; section 7.4.
    """
    loss = 40 * math.log10((1 + delay_ms / 10) / (1 + delay_ms / 150))
    audible = _TELR - loss + 6 * math.exp(-0.3 * delay_ms**2)
    margin = -1.5 * (_noise() - _RLR) - (80 + 2.5 * (audible - 14))
    to_talker = (margin / 2 + math.sqrt(margin**2 / 4 + 100) - 1) * (1 - math.exp(-delay_ms))
    margin = _basic() - 10.5 * (_WEPL + 7) * math.pow(2 * delay_ms + 1, -0.25)
    to_listener = margin / 2 + math.sqrt(margin**2 / 4 + 169)
    return to_talker + to_listener + _slow(delay_ms)


def _slow(delay_ms: float) -> float:
    if delay_ms <= _UNNOTICED_MS:
        return 0.0
    x = math.log2(delay_ms / _UNNOTICED_MS)
    return 25 * (_above_one(x, 6) - 3 * _above_one(x / 3, 6) + 2)


def _lossy(loss_percent: float, burst_ratio: float) -> float:
    """
    Return Ie-eff, the impairment by codec and loss; section 7.5.
    """
    return _IE + (95 - _IE) * loss_percent / (loss_percent / burst_ratio + _BPL)


def _above_one(x: float, sharpness: int) -> float:
    """
    Return 1 for small x and x for large ones, with a round bend between.
    """
    return math.pow(1 + math.pow(x, sharpness), 1 / sharpness)
