"""
Phone numbers are masked in reports, and other digits stay.
"""

from __future__ import annotations

import pytest

from livekit_conformance.protocol.phone_numbers import NumberMask

# A number with an unassigned country code.
REAL = "999012345678"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"INVITE sip:+{REAL}@192.0.2.1 SIP/2.0", "INVITE sip:+99***78@192.0.2.1 SIP/2.0"),
        (f"INVITE sip:{REAL}@192.0.2.1 SIP/2.0", "INVITE sip:99***78@192.0.2.1 SIP/2.0"),
        (f"<sips:{REAL};user=phone>", "<sips:99***78;user=phone>"),
        (f"tel:{REAL}", "tel:99***78"),
        (f"room call-_+{REAL}_abc", "room call-_+99***78_abc"),
        (f"?number=%2B{REAL}&x", "?number=%2B99***78&x"),
        (f"from +{REAL} to +{REAL[:-1]}0", "from +99***78 to +99***70"),
    ],
)
def test_a_number_shows_its_ends(text, told):
    assert NumberMask()(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "sip:+15550123@192.0.2.1",
        "+12025550199",
        "sip:15550100@h",
        "2026-01-01T00:00:00+00:00",
        "at 1700000000.123456 s",
        f"Call-ID: {REAL}",
        "sip:1000@h",
        "+49",
        "+1234567890123456",
    ],
)
def test_what_is_fictional_or_no_number_stays(text):
    assert NumberMask()(text) == text


@pytest.mark.parametrize("written", [REAL, f"+{REAL}", f"dialled {REAL}, heard", f'"{REAL}"'])
def test_a_number_of_the_deployment_is_known_however_it_is_written(written):
    assert REAL not in NumberMask([f"+{REAL[:3]} {REAL[3:]}"])(written)


def test_a_longer_row_of_digits_is_not_a_number_of_the_deployment():
    assert NumberMask([REAL])(f"{REAL}0") == f"{REAL}0"


def test_an_extension_of_the_deployment_does_not_mask_ports():
    assert NumberMask(["5060"])("192.0.2.1:5060") == "192.0.2.1:5060"


def test_masked_text_stays_as_it_is():
    mask = NumberMask([REAL])

    assert mask(mask(f"sip:+{REAL}@h")) == mask(f"sip:+{REAL}@h")
