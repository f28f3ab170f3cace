from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from livekit_conformance.protocol.dispatch import (
    ConflictError,
    DispatchOutcome,
    IncomingCall,
    Mismatch,
    Rule,
    Trunk,
    attributes,
    conflict_of,
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
        # Digits of other scripts do not count.
        ("+1555\u0660123", "+1555\u0660123"),
        ("++1555", "++1555"),
        ("", ""),
    ],
)
def test_only_phone_numbers_are_normalized(number: str, same: str) -> None:
    """
    Separators are removed and a plus is added; anything else stays unchanged.
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
        (Trunk("t", allowed_addresses=("192.0.2.0/255.255.255.0",)), "allowed_addresses"),
        (Trunk("t", allowed_addresses=("192.0.2.0/024",)), "allowed_addresses"),
        # Masks that are all unreadable admit every source; a readable one counts.
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
    assert {one: no.field for one, no in outcome.not_matched.items()} == ({"t": why} if why else {})
    assert (why or "") in str(outcome.not_matched.get("t", ""))


def test_an_unreadable_source_is_not_held_against_the_call() -> None:
    """
    As on the real server.
    """
    trunk = Trunk("t", allowed_addresses=("192.0.2.8",))

    assert evaluate([trunk], [], replace(CALL, source_ip="")).trunk is trunk


def test_a_trunk_for_the_number_goes_first() -> None:
    """
    A trunk without numbers gets only the calls that no other matches.
    """
    outcome = evaluate([ANY, NUMBER], [], CALL)

    assert outcome.trunk is NUMBER
    better = Mismatch("a trunk for the dialled number goes first")
    assert outcome.not_matched == {"ST_any": better}


@pytest.mark.parametrize(
    ("trunks", "text"),
    [
        ([NUMBER, replace(NUMBER, id="b")], 'Multiple SIP Trunks matched for "+15550123"'),
        ([ANY, replace(ANY, id="b")], 'Multiple default SIP Trunks matched for "+15550123"'),
    ],
)
def test_two_trunks_for_one_call_are_a_conflict(trunks: list[Trunk], text: str) -> None:
    """
    The wording is the server's.
    """
    with pytest.raises(ConflictError) as caught:
        evaluate(trunks, [], CALL)

    assert str(caught.value) == text


def test_two_default_trunks_are_no_conflict_beside_one_for_the_number() -> None:
    """
    The number decides before a conflict arises.
    """
    assert evaluate([ANY, replace(ANY, id="b"), NUMBER], [], CALL).trunk is NUMBER


@pytest.mark.parametrize(
    ("rule", "field", "why"),
    [
        (RULE, None, None),
        (replace(RULE, numbers=("+15550123",)), None, None),
        (replace(RULE, numbers=("15550123",)), "numbers", "dialled number"),
        (replace(RULE, inbound_numbers=("+15550100",)), None, None),
        (replace(RULE, inbound_numbers=("+1 555 0100",)), "inbound_numbers", "caller"),
        (replace(RULE, trunk_ids=("ST_number",)), None, None),
        (replace(RULE, trunk_ids=("ST_other",)), "trunk_ids", "other trunks"),
    ],
)
def test_a_rule_takes_or_says_why_not(rule: Rule, field: str | None, why: str | None) -> None:
    """
    Numbers in rules are compared exactly, unlike those in trunks.
    """
    outcome = evaluate([NUMBER], [rule], CALL)

    assert (outcome.rule is rule) is (why is None)
    assert (outcome.room is None) is (why is not None)
    mismatches = outcome.not_matched.values()
    assert [mismatch.field for mismatch in mismatches] == ([field] if field else [])
    assert (why or "") in "".join(map(str, mismatches))


def test_a_rule_for_all_trunks_takes_a_call_of_no_trunk() -> None:
    """
    A rule that names no trunk gives a room to a call without one.
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
        assert outcome.not_matched == {worse.id: Mismatch(f"rule {better.id} goes first")}


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
    The generated name matches the rule.
    """
    made = room_name(rule, CALL)

    assert made.make("AbCdEfGh2345") == name
    assert made.matches(name)
    assert not made.matches(name + "x")


def test_a_hidden_number_is_nowhere() -> None:
    """
    Neither identity nor attributes contain the caller's number.
    """
    rule = replace(RULE, hide_phone_number=True)
    told = attributes(CALL, call_id="SCL_1", trunk=NUMBER, rule=rule)

    assert CALL.caller not in identity(rule, CALL)
    assert CALL.caller not in told.values()
    assert identity(rule, CALL) == identity(rule, replace(CALL, called="x"))


def test_attributes_name_call_trunk_rule_and_numbers() -> None:
    """
    Applications read these attributes.
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
    The same number and the same allowed callers conflict, nothing less does.
    """
    conflict = conflicting_trunks(trunks)

    assert (conflict is None) is (text is None)
    assert (text or "") in (conflict or "")


def test_rules_that_differ_in_trunk_number_caller_or_pin_are_no_conflict() -> None:
    """
    Only an equal combination conflicts.
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


@pytest.mark.parametrize(
    ("pin", "winner", "not_matched"),
    [
        ("1111", "a", {"b": "another PIN", "open": "has no PIN"}),
        ("2222", "b", {"a": "another PIN", "open": "has no PIN"}),
        ("9999", None, {"a": "another PIN", "b": "another PIN", "open": "has no PIN"}),
        ("", "open", {"a": "another PIN", "b": "another PIN"}),
    ],
)
def test_a_pin_is_asked_for_and_then_only_its_rule_matches(
    pin: str, winner: str | None, not_matched: dict[str, str]
) -> None:
    """
    A wrong PIN does not open the open rule's room; no PIN does.
    """
    rules = [
        Rule("a", "direct", "a", pin="1111"),
        Rule("b", "individual", "b", pin="2222"),
        Rule("open", "callee", "open"),
    ]

    asked, opened = evaluate([], rules, CALL), evaluate([], rules, CALL, pin=pin)

    assert asked.asks_for_pin
    assert asked.rule is rules[0]
    assert asked.room is None
    assert not opened.asks_for_pin
    assert (opened.rule.id if opened.rule else None) == winner
    assert (opened.room is None) is (winner is None)
    assert set(opened.not_matched) == set(not_matched)
    assert all(text in str(opened.not_matched[one]) for one, text in not_matched.items())
    assert not any(rule.pin in str(opened) for rule in rules[:2])


@pytest.mark.parametrize(
    ("username", "password", "asks"),
    [("u", "p", True), ("u", "", False), ("", "p", False), ("", "", False)],
)
def test_only_user_name_and_password_together_are_asked_for(
    username: str, password: str, *, asks: bool
) -> None:
    """
    The API accepts a trunk with one of the two, and it is open.
    """
    trunk = Trunk("t", auth_username=username, auth_password=password)

    assert trunk.asks_for_credentials is asks


def test_without_a_trunk_all_rules_are_validated() -> None:
    """
    Rules of trunks that do not match too; with a trunk, only its own rules and those for all.
    """
    twins = [
        Rule("a", "direct", "a", trunk_ids=("ST_other",)),
        Rule("b", "direct", "b", trunk_ids=("ST_other",)),
    ]

    assert evaluate([NUMBER], [*twins, RULE], CALL).rule is RULE
    with pytest.raises(ConflictError, match='already exists in dispatch rule "a"'):
        evaluate([], [*twins, RULE], CALL)


def test_a_rule_that_names_a_number_twice_is_in_its_own_way() -> None:
    """
    A number with and without a plus is one to the validation and two to the evaluation.
    """
    rule = replace(RULE, numbers=("+15550123", "15550123"), name="n")

    assert 'dispatch rule "SDR_1" "n"' in (conflicting_rules([rule]) or "")


def test_of_equal_rules_the_first_by_id_wins() -> None:
    """
    In whatever order they are given.
    """
    one = Rule("a", "direct", "r", numbers=("+15550123",))
    other = Rule("b", "direct", "r", inbound_numbers=("+15550100",))

    assert evaluate([], [one, other], CALL).rule is one
    assert evaluate([], [other, one], CALL).rule is one


@pytest.mark.parametrize(
    ("trunks", "between"),
    [
        ([NUMBER], None),
        ([NUMBER, replace(NUMBER, id="b", allowed_numbers=("+15550177",))], {"ST_number", "b"}),
        ([ANY, replace(ANY, id="b", allowed_numbers=("+15550177",))], {"ST_any", "b"}),
        ([ANY, replace(ANY, id="b", allowed_numbers=("+15550177",)), NUMBER], None),
        ([NUMBER, replace(NUMBER, id="b", numbers=("+15550124",))], None),
    ],
)
def test_a_conflict_that_only_another_caller_runs_into_is_found(
    trunks: list[Trunk], between: set[str] | None
) -> None:
    """
    The API accepts a trunk for one caller beside one for all, and that caller's calls fail.
    """
    conflict = conflict_of(trunks, [RULE], CALL)

    assert (conflict and {trunk.id for trunk in conflict.trunks}) == between
    evaluate(trunks, [RULE], CALL)


def test_a_conflict_of_rules_names_no_trunk() -> None:
    """
    The rules are equal, not the trunks.
    """
    conflict = conflict_of([NUMBER], [RULE, replace(RULE, id="b")], CALL)

    assert conflict is not None
    assert conflict.trunks == ()


NUMBERS = st.sampled_from(["+15550123", "15550123", "1 555 0123", "+15550124", "anonymous", ""])
SOME = st.lists(NUMBERS, max_size=2).map(tuple)
TRUNKS = st.lists(
    st.builds(
        Trunk,
        id=st.sampled_from(["t1", "t2", "t3"]),
        numbers=SOME,
        allowed_numbers=SOME,
        allowed_addresses=st.lists(st.sampled_from(["192.0.2.7", "198.51.100.0/24", "*"])).map(
            tuple
        ),
    ),
    max_size=3,
    unique_by=lambda trunk: trunk.id,
)
RULES = st.lists(
    st.builds(
        Rule,
        id=st.sampled_from(["r1", "r2", "r3", "r4"]),
        kind=st.sampled_from(["direct", "individual", "callee"]),
        room=st.sampled_from(["", "a", "b"]),
        pin=st.sampled_from(["", "1"]),
        random_suffix=st.booleans(),
        trunk_ids=st.lists(st.sampled_from(["t1", "t2"]), max_size=2).map(tuple),
        numbers=SOME,
        inbound_numbers=SOME,
        hide_phone_number=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda rule: rule.id,
)
CALLS = st.builds(IncomingCall, NUMBERS, NUMBERS, st.sampled_from(["", "192.0.2.7"]))


@given(TRUNKS, RULES, CALLS, st.sampled_from([None, "", "1"]), st.randoms())
def test_every_trunk_and_rule_is_accounted_for_whatever_their_order(
    trunks: list[Trunk], rules: list[Rule], call: IncomingCall, pin: str | None, order: Random
) -> None:
    """
    Each matches the call or has a reason, and the outcome does not depend on the order.
    """

    def result() -> DispatchOutcome | str:
        try:
            return evaluate(trunks, rules, call, pin=pin)
        except ConflictError as conflict:
            return str(conflict)

    first = result()
    order.shuffle(trunks)
    order.shuffle(rules)
    again = result()

    assert first == again
    if isinstance(first, DispatchOutcome):
        winners = {one.id for one in (first.trunk, first.rule) if one is not None}
        ids = {trunk.id for trunk in trunks} | {rule.id for rule in rules}
        assert winners | set(first.not_matched) == ids
        assert winners.isdisjoint(first.not_matched)
        assert (first.room is not None) is (first.rule is not None and not first.asks_for_pin)


@given(TRUNKS, RULES, CALLS)
def test_what_the_api_accepts_has_conflicts_of_trunks_only_by_allowed_numbers(
    trunks: list[Trunk], rules: list[Rule], call: IncomingCall
) -> None:
    """
    Rules that were accepted together never conflict when they are evaluated.
    """
    assume(conflicting_trunks(trunks) is None)
    assume(conflicting_rules(rules) is None)

    conflict = conflict_of(trunks, rules, call)

    assert conflict is None or any(trunk.allowed_numbers for trunk in conflict.trunks)
