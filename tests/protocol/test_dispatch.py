from __future__ import annotations

from dataclasses import replace

import pytest

from livekit_conformance.protocol.dispatch import (
    ConflictError,
    IncomingCall,
    Rule,
    Trunk,
    attributes,
    conflicting_rules,
    conflicting_trunks,
    evaluate,
    identity,
    normalized,
    room_name,
)

CALL = IncomingCall("+15550100", "+15550123", source_ip="192.0.2.7", caller_host="pbx.example")
ANY = Trunk("ST_any")
NUMBER = Trunk("ST_number", numbers=("+15550123",))
RULE = Rule("SDR_1", "individual", "voice-ai-call-", random_suffix=True)


@pytest.mark.parametrize(
    ("number", "same"),
    [
        ("+15550123", "+15550123"),
        ("15550123", "+15550123"),
        ("+1 (555) 01-23", "+15550123"),
        ("anonymous", "anonymous"),
        ("voice-ai-call-12345", "voice-ai-call-12345"),
        ("+1.555.0123", "+1.555.0123"),
        ("++1555", "++1555"),
        ("", ""),
    ],
)
def test_only_phone_numbers_are_normalized(number: str, same: str) -> None:
    """
    Decoration goes, a plus comes; what is no phone number stays.
    """
    assert normalized(number) == same


@pytest.mark.parametrize(
    ("trunk", "why"),
    [
        (Trunk("t", numbers=("1 555 0123",)), None),
        (Trunk("t", numbers=("+15550124",)), "numbers"),
        (Trunk("t", allowed_numbers=("15550100",)), None),
        (Trunk("t", allowed_numbers=("+15550101",)), "allowed_numbers"),
        (Trunk("t", allowed_addresses=("192.0.2.7",)), None),
        (Trunk("t", allowed_addresses=("192.0.2.99/24",)), None),
        (Trunk("t", allowed_addresses=("192.0.2.8",)), "allowed_addresses"),
        (Trunk("t", allowed_addresses=("2001:db8::/32",)), "allowed_addresses"),
        (Trunk("t", allowed_addresses=("pbx.example",)), None),
        (Trunk("t", allowed_addresses=("other.example",)), "allowed_addresses"),
        # Masks that are all unreadable let everybody in; one that is readable counts.
        (Trunk("t", allowed_addresses=("sip://192.0.2.8", "*")), None),
        (Trunk("t", allowed_addresses=("*", "192.0.2.8")), "allowed_addresses"),
    ],
)
def test_a_trunk_takes_or_says_why_not(trunk: Trunk, why: str | None) -> None:
    """
    Caller, source address and dialled number decide, in this order.
    """
    outcome = evaluate([trunk], [RULE], CALL)

    assert (outcome.trunk is trunk) is (why is None)
    assert (why or "") in outcome.not_matched.get("t", "")


def test_an_unreadable_source_is_not_held_against_the_call() -> None:
    """
    As on the real server.
    """
    trunk = Trunk("t", allowed_addresses=("192.0.2.8",))

    assert evaluate([trunk], [], replace(CALL, source_ip="")).trunk is trunk


def test_a_trunk_for_the_number_goes_first() -> None:
    """
    The one without numbers is only for what is left.
    """
    outcome = evaluate([ANY, NUMBER], [], CALL)

    assert outcome.trunk is NUMBER
    assert outcome.not_matched == {"ST_any": "a trunk for the dialled number goes first"}


@pytest.mark.parametrize(
    ("trunks", "text"),
    [
        ([NUMBER, replace(NUMBER, id="b")], 'Multiple SIP Trunks matched for "+15550123"'),
        ([ANY, replace(ANY, id="b")], 'Multiple default SIP Trunks matched for "+15550123"'),
    ],
)
def test_two_trunks_for_one_call_are_a_conflict(trunks: list[Trunk], text: str) -> None:
    """
    The words are the server's.
    """
    with pytest.raises(ConflictError) as caught:
        evaluate(trunks, [], CALL)

    assert str(caught.value) == text


def test_two_default_trunks_are_no_conflict_beside_one_for_the_number() -> None:
    """
    The number decides before the doubt arises.
    """
    assert evaluate([ANY, replace(ANY, id="b"), NUMBER], [], CALL).trunk is NUMBER


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (RULE, None),
        (replace(RULE, numbers=("+15550123",)), None),
        (replace(RULE, numbers=("15550123",)), "dialled number"),
        (replace(RULE, inbound_numbers=("+15550100",)), None),
        (replace(RULE, inbound_numbers=("+1 555 0100",)), "caller"),
        (replace(RULE, trunk_ids=("ST_number",)), None),
        (replace(RULE, trunk_ids=("ST_other",)), "other trunks"),
    ],
)
def test_a_rule_takes_or_says_why_not(rule: Rule, why: str | None) -> None:
    """
    Numbers in rules are compared exactly, unlike those in trunks.
    """
    outcome = evaluate([NUMBER], [rule], CALL)

    assert (outcome.rule is rule) is (why is None)
    assert (outcome.room is None) is (why is not None)
    assert (why or "") in outcome.not_matched.get("SDR_1", "")


def test_a_rule_for_all_trunks_takes_a_call_of_no_trunk() -> None:
    """
    Strangers get a room where a rule names no trunk.
    """
    outcome = evaluate([], [RULE, replace(RULE, id="b", trunk_ids=("ST_number",))], CALL)

    assert (outcome.trunk, outcome.rule) == (None, RULE)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (replace(RULE, trunk_ids=("ST_number",)), Rule("b", "direct", "r", pin="1")),
        (replace(RULE, pin="1"), Rule("b", "direct", "r")),
        (Rule("a", "direct", "r", numbers=("+15550123",)), Rule("b", "direct", "r")),
        (replace(RULE, inbound_numbers=("+15550100",)), Rule("b", "direct", "r")),
        (Rule("a", "direct", "r", trunk_ids=("ST_number",)), RULE),
        (
            Rule("a", "individual", "r", numbers=("+15550123",)),
            Rule("b", "callee", "r", inbound_numbers=("+15550100",)),
        ),
    ],
)
def test_the_more_specific_rule_wins(better: Rule, worse: Rule) -> None:
    """
    Trunk, PIN, numbers and kind decide, whatever the order of the rules.
    """
    for rules in ([better, worse], [worse, better]):
        outcome = evaluate([NUMBER], rules, CALL)
        assert outcome.rule is better
        assert outcome.not_matched == {worse.id: f"rule {better.id} goes first"}


def test_rules_for_the_same_calls_are_a_conflict_even_where_they_do_not_match() -> None:
    """
    The server validates all rules of the trunk before it looks at the call.
    """
    twin = replace(RULE, numbers=("+15550999",), name="n")

    with pytest.raises(ConflictError, match=r'already exists in dispatch rule "SDR_1" "n"'):
        evaluate([NUMBER], [twin, replace(twin, id="b")], CALL)


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (Rule("r", "direct", "lobby"), "lobby"),
        (Rule("r", "individual", "voice-ai-call-"), "voice-ai-call-_+15550100"),
        (Rule("r", "individual"), "+15550100"),
        (
            Rule("r", "individual", "p", random_suffix=True),
            "p_+15550100_AbCdEfGh2345",
        ),
        (Rule("r", "individual", hide_phone_number=True), "0100"),
        (Rule("r", "callee"), "+15550123"),
        (Rule("r", "callee", "voice-ai-call"), "voice-ai-call_+15550123"),
        (Rule("r", "callee", random_suffix=True), "+15550123_AbCdEfGh2345"),
    ],
)
def test_rooms_are_named_by_the_kind_of_rule(rule: Rule, name: str) -> None:
    """
    The name that is made is one that matches.
    """
    made = room_name(rule, CALL)

    assert made.make("AbCdEfGh2345") == name
    assert made.matches(name)
    assert not made.matches(name + "x")


def test_a_hidden_number_is_nowhere() -> None:
    """
    Neither identity nor attributes tell the caller.
    """
    rule = replace(RULE, hide_phone_number=True)
    told = attributes(CALL, call_id="SCL_1", trunk=NUMBER, rule=rule)

    assert CALL.caller not in identity(rule, CALL)
    assert CALL.caller not in told.values()
    assert identity(rule, CALL) == identity(rule, replace(CALL, called="x"))


def test_attributes_name_call_trunk_rule_and_numbers() -> None:
    """
    These are what applications read.
    """
    assert attributes(CALL, call_id="SCL_1", trunk=None, rule=RULE) == {
        "sip.callID": "SCL_1",
        "sip.trunkID": "",
        "sip.ruleID": "SDR_1",
        "sip.hostname": "pbx.example",
        "sip.phoneNumber": "+15550100",
        "sip.trunkPhoneNumber": "+15550123",
    }
    assert identity(RULE, CALL) == "sip_+15550100"


@pytest.mark.parametrize(
    ("trunks", "text"),
    [
        ([NUMBER, replace(NUMBER, id="", numbers=("15550123", "15550124"))], '"<new>" and "ST_n'),
        ([ANY, replace(ANY, id="")], "the same number(s) <any> without AllowedNumbers set"),
        (
            [replace(ANY, allowed_numbers=("1",)), replace(ANY, id="", allowed_numbers=("+1",))],
            'and AllowedNumber "+1"',
        ),
        ([NUMBER, ANY], None),
        ([NUMBER, replace(NUMBER, id="b", allowed_numbers=("1",))], None),
        ([replace(NUMBER, numbers=("15550123", "+15550123"))], None),
    ],
)
def test_trunks_that_overlap_are_refused(trunks: list[Trunk], text: str | None) -> None:
    """
    Same number and same allowed callers are a conflict, anything less is none.
    """
    conflict = conflicting_trunks(trunks)

    assert (conflict is None) is (text is None)
    assert (text or "") in (conflict or "")


def test_rules_that_differ_in_trunk_number_caller_or_pin_are_no_conflict() -> None:
    """
    Only the whole combination is.
    """
    different = [
        RULE,
        replace(RULE, pin="1"),
        replace(RULE, trunk_ids=("t",)),
        replace(RULE, numbers=("1",)),
        replace(RULE, inbound_numbers=("1",)),
    ]

    assert conflicting_rules(different) is None
    assert "<new>" in (conflicting_rules([replace(RULE, id=""), RULE]) or "")
