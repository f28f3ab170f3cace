from __future__ import annotations

from typing import Any

import pytest

from livekit_conformance.protocol.dispatch import Rule, Terms, Trunk
from livekit_conformance.protocol.telephony import rule_of, trunk_of


def test_a_trunk_is_read_whole() -> None:
    """
    Every field that affects a call is read.
    """
    info = {
        "sip_trunk_id": "ST_1",
        "name": "n",
        "numbers": ["1"],
        "allowed_numbers": ["2"],
        "allowed_addresses": ["192.0.2.1"],
        "auth_username": "u",
        "auth_password": "p",
        "auth_realm": "r",
    }

    assert trunk_of(info) == Trunk("ST_1", "n", ("1",), ("2",), ("192.0.2.1",), "u", "p", "r")
    assert trunk_of({}) == Trunk("")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            {"dispatch_rule_direct": {"room_name": "lobby", "pin": "1"}},
            Rule("SDR_1", "direct", "lobby", "1"),
        ),
        (
            {"dispatch_rule_individual": {"room_prefix": "p"}},
            Rule("SDR_1", "individual", "p", random_suffix=True),
        ),
        (
            {"dispatch_rule_individual": {"no_randomness": True}},
            Rule("SDR_1", "individual", random_suffix=False),
        ),
        (
            {"dispatch_rule_callee": {"room_prefix": "p", "pin": "1"}},
            Rule("SDR_1", "callee", "p", "1"),
        ),
        (
            {"dispatch_rule_callee": {"randomize": True}},
            Rule("SDR_1", "callee", random_suffix=True),
        ),
    ],
)
def test_a_rule_is_read_by_its_kind(rule: dict[str, Any], expected: Rule) -> None:
    """
    An absent field has the default of its kind.
    """
    assert rule_of({"sip_dispatch_rule_id": "SDR_1", "rule": rule}) == expected


def test_the_conditions_of_a_rule_are_read() -> None:
    """
    Every field that affects a call is read.
    """
    info = {
        "sip_dispatch_rule_id": "SDR_1",
        "name": "n",
        "rule": {"dispatch_rule_direct": {}},
        "trunk_ids": ["ST_1"],
        "numbers": ["1"],
        "inbound_numbers": ["2"],
        "hide_phone_number": True,
    }

    assert rule_of(info) == Rule(
        "SDR_1",
        "direct",
        name="n",
        trunk_ids=("ST_1",),
        numbers=("1",),
        inbound_numbers=("2",),
        hide_phone_number=True,
    )


@pytest.mark.parametrize("rule", [{}, {"dispatch_rule_of_tomorrow": {}}])
def test_a_rule_of_another_kind_is_refused(rule: dict[str, Any]) -> None:
    """
    The reader does not guess at an unknown kind.
    """
    with pytest.raises(ValueError, match="SDR_1 is of the unknown kind"):
        rule_of({"sip_dispatch_rule_id": "SDR_1", "rule": rule})


def test_the_terms_of_a_call_are_read_from_trunks_and_rules_alike() -> None:
    info = {
        "ringing_timeout": "1.500s",
        "max_call_duration": "60s",
        "media": {"only_listed_codecs": True, "codecs": [{"name": "G722"}]},
        "media_encryption": "SIP_MEDIA_ENCRYPT_REQUIRE",
    }
    terms = Terms(1.5, 60.0, ("G722",), "SIP_MEDIA_ENCRYPT_REQUIRE")
    rule = {"rule": {"dispatch_rule_direct": {"room_name": "lobby"}}}

    assert trunk_of(info).terms == terms
    assert rule_of({**info, **rule}).terms == terms


@pytest.mark.parametrize(
    "info",
    [{}, {"ringing_timeout": "0s"}, {"media": {"codecs": [{"name": "G722"}]}}],
)
def test_terms_that_the_service_decides_are_none(info: dict[str, Any]) -> None:
    """
    A time of zero is the default, and codecs that are only listed forbid no other.
    """
    assert trunk_of(info).terms == Terms()
