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
        "+00:00 2026-11-30 12:04:00, 00 2026-11-30",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0.00123456789012, 127.0.0.1, 8f14e45f-1234-4321-9538-123456789012",
        "called 1795 times, (202) 555-0123",
    ],
)
def test_what_is_fictional_or_no_number_stays(text):
    assert NumberMask()(text) == text


@pytest.mark.parametrize("written", [REAL, f"+{REAL}", f"dialled {REAL}, heard", f'"{REAL}"'])
def test_a_number_of_the_deployment_is_known_however_it_is_written(written):
    assert REAL not in NumberMask([f"+{REAL[:3]} {REAL[3:]}"])(written)


SPELLINGS = (
    *("+{}", "{}", "00{}", "011{}", "%2b{}", "%2B{}", "tel:{}", "tel:+{}"),
    *("sip:{}@h", "sip:+{}@h", "sip:{}:5060", "<sip:{}>", "sips:{};user=phone"),
    *("fromUser={}", '"fromUser":"{}"', '"toUser": "{}"', r"\"from\":\"{}\"", "caller: {}"),
    *('"A" <{}>', "dialing {}", "ANI {}", "msisdn={}", "caller_id: {}", "X-LK-CallFrom: {}"),
    *(r"\u002b{}", "&#43;{}", "%252B{}", "\uff0b{}", "+\u200b{}"),
    *("room call-_{}_abc", "voice-ai-call-{}", "sip_{}", "dialled {}, heard", "phone_number={}"),
)
# Without a plus or a field, only the own number is known for one.
UNKNOWN = ("{}", "room", "voice")
GROUPED = (
    *("+999 21 2345678", "+999-212-345-678", "+999 (0)212 345678", "+999.212.345.678"),
    *("+999\u00a021\u00a02345678", "+999\u201121\u20112345678", "+999&nbsp;21&nbsp;2345678"),
    *("00 999 21 2345678", "0099-921-2345678", "011 999 21 2345678"),
    *("(999) 212345678", "%2B999%20212%20345678", "00999 212 345 678", "+999/212/345678"),
    # The national form of the own number.
    *("212345678", "0212345678", "0212 345678", "(0)212-345-678", '"to":"0212345678"'),
)


@pytest.mark.parametrize(
    "written", [*(spelling.format("999212345678") for spelling in SPELLINGS), *GROUPED]
)
def test_the_own_number_is_masked_in_every_spelling(written):
    told = NumberMask(["+999212345678"])(written)

    assert "***" in told
    assert "12345" not in "".join(filter(str.isdigit, told))


@pytest.mark.parametrize(
    "written",
    [
        *(spelling.format(REAL) for spelling in SPELLINGS if not spelling.startswith(UNKNOWN)),
        *("+999 012 345 678", "+999-012345678", "%2B999-012-345678", "%2B999%20012%20345678"),
        *("(999) 212-3456", "1-999-212-3456", "999-212-3456", "0099-921-2345678"),
    ],
)
def test_any_number_is_masked_by_its_field_or_its_form(written):
    told = NumberMask()(written)

    assert "***" in told
    assert "12345" not in "".join(filter(str.isdigit, told))


@pytest.mark.parametrize(
    "written", ["+1 202 555 0123", "+1-202-555-0123", '"fromUser":"2025550123"', "tel:2025550123"]
)
def test_a_fictional_number_stays_in_every_spelling(written):
    assert NumberMask()(written) == written


def test_a_longer_row_of_digits_is_not_a_number_of_the_deployment():
    assert NumberMask([REAL])(f"{REAL}0") == f"{REAL}0"


def test_an_extension_of_the_deployment_does_not_mask_ports():
    assert NumberMask(["5060"])("192.0.2.1:5060") == "192.0.2.1:5060"


def test_masked_text_stays_as_it_is():
    mask = NumberMask([REAL])

    assert mask(mask(f"sip:+{REAL}@h")) == mask(f"sip:+{REAL}@h")
