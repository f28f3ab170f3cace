"""
Values that a typed field of the services accepts or rejects.
"""

from __future__ import annotations

import pytest

from livekit_conformance.config_doctor.values import FITS, Scalar, integer, port_range, seconds


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
        # Go truncates the fraction.
        ("int", "5.5", False, True),
        ("int", "5", True, False),
        ("int", "five", False, False),
        ("int", "9223372036854775808", False, False),
        ("int32", "2147483648", False, False),
        ("uint8", "256", False, False),
        ("uint32", "-5", False, False),
        ("uint32", "4294967295", False, True),
        ("bool", "true", False, True),
        ("bool", "on", True, True),
        ("bool", "true", True, False),
        ("bool", "1", False, False),
        ("float", "0.9", False, True),
        ("float", "1e-1", False, True),
        ("float", "0.9", True, False),
        ("float", "0x1F", False, True),
        ("float", "nine", False, False),
        ("port-range", "7882", False, True),
        ("port-range", "7000-7882", True, True),
        ("port-range", "7882-7000", False, False),
        ("node-ip", "192.0.2.1", False, True),
        ("node-ip", "192.0.2.1, 2001:db8::1", False, True),
        ("node-ip", "192.0.2.1,192.0.2.2", False, False),
        ("node-ip", "livekit", False, False),
        ("duration", "30s", True, True),
        ("duration", "0", False, False),
        ("duration", "0", True, True),
        ("duration", "30", True, False),
        ("text", "anything", False, True),
    ],
)
def test_a_value_fits_its_kind_or_not(kind, text, quoted, fits):
    assert (FITS[kind](Scalar(text, quoted=quoted)) is None) == fits


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5060", 5060),
        # Octal, unless a digit rules that out.
        ("05060", 2608),
        ("07880", 7880),
        ("0o17", 15),
        ("-0b11", -3),
        ("1_000", 1000),
        ("5.9", 5),
        ("1e3", 1000),
        ("-.inf", -(2**63)),
        (".inf", None),
        ("18446744073709551616", 18446744073709551616),
        ("_1", None),
        ("five", None),
        ("1:30", None),
        ("2024-01-01", None),
        ("", None),
    ],
)
def test_whole_numbers_are_those_of_go(text, value):
    assert integer(text) == value
