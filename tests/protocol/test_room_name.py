"""
Room names against the profile's pattern.
"""

import pytest

from livekit_conformance.protocol.room_name import call_id_in, expected_call_id, is_named

PATTERN = "voice-ai-call-{call_id}"


def test_the_call_id_is_what_stands_in_its_place():
    assert call_id_in("voice-ai-call-12345", PATTERN) == "12345"
    assert call_id_in("a.b-7-z", "a.b-{call_id}-z") == "7"


@pytest.mark.parametrize(
    "name", ["voice-ai-call_12345", "voice-ai-call-", "xvoice-ai-call-1", "VOICE-AI-CALL-1", ""]
)
def test_another_name_does_not_fit(name):
    assert call_id_in(name, PATTERN) is None


def test_the_dot_of_a_pattern_is_a_dot():
    assert call_id_in("aXb-7", "a.b-{call_id}") is None


@pytest.mark.parametrize(
    ("rule", "fits", "fits_not"),
    [
        ("any", "_+15550100_AbC", ""),
        ("sip-call-id", "abc@host", "abcXhost"),
        ("caller", "+15550100", "15550100"),
        ("dialled", "+15550123", "+15550100"),
        (r"regex:\d{5}", "12345", "123456"),
    ],
)
def test_the_rule_says_what_a_call_id_must_be(rule, fits, fits_not):
    wanted = expected_call_id(rule, sip_call_id="abc@host", caller="+15550100", dialled="+15550123")

    assert wanted.fullmatch(fits)
    assert not wanted.fullmatch(fits_not)


@pytest.mark.parametrize(
    ("name", "call_id", "is_right"),
    [
        ("voice-ai-call-+15550100", "caller", True),
        ("voice-ai-call-+15550100", "dialled", False),
        ("voice-ai-call_+15550100", "caller", False),
        ("voice-ai-call-1", "any", True),
    ],
)
def test_pattern_and_call_id_must_both_fit(name, call_id, is_right):
    told = {"sip_call_id": "abc@host", "caller": "+15550100", "dialled": "+15550123"}

    assert is_named(name, PATTERN, call_id=call_id, **told) is is_right
