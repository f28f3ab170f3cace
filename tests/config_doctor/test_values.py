"""
What fits into a typed field of the services.
"""

from __future__ import annotations

import pytest

from livekit_conformance.config_doctor.values import FITS, Scalar, port_range, seconds


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30s", 30.0),
        ("1m30s", 90.0),
        ("1.5h", 5400.0),
        ("-1s", -1.0),
        ("500ms", 0.5),
        (".5s", 0.5),
        ("30", None),
        ("", None),
        ("s", None),
        ("30 s", None),
        ("30sec", None),
        ("1d", None),
    ],
)
def test_durations_are_those_of_go(text, length):
    assert seconds(text) == (None if length is None else pytest.approx(length))


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("10000-20000", (10000, 20000)),
        ("10000 - 20000", (10000, 20000)),
        ("7882", (7882, 7882)),
        ("a-b", None),
        ("1-2-3", None),
        ("", None),
        ("-5", None),
    ],
)
def test_port_ranges_are_read_with_or_without_blanks(text, ports):
    assert port_range(text) == ports


@pytest.mark.parametrize(
    ("kind", "text", "quoted", "fits"),
    [
        ("int", "5", False, True),
        ("int", "-5", False, True),
        ("int", "0x1F", False, True),
        ("int", "1_000", False, True),
        ("int", "5.0", False, True),
        ("int", "5.5", False, False),
        ("int", "5", True, False),
        ("int", "five", False, False),
        ("uint", "-5", False, False),
        ("bool", "true", False, True),
        ("bool", "on", True, True),
        ("bool", "true", True, False),
        ("bool", "1", False, False),
        ("float", "0.9", False, True),
        ("float", "1e-1", False, True),
        ("float", "0.9", True, False),
        ("port", "65535", False, True),
        ("port", "65536", False, False),
        ("port", "-1", False, False),
        ("duration", "30s", True, True),
        ("duration", "0", False, False),
        ("text", "anything", False, True),
    ],
)
def test_a_value_fits_its_kind_or_not(kind, text, quoted, fits):
    assert (FITS[kind](Scalar(text, quoted=quoted)) is None) == fits
