"""
Trunks, dispatch rules and one call each, on which evaluator and real services must agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from livekit.api import (
    SIPDispatchRule,
    SIPDispatchRuleCallee,
    SIPDispatchRuleDirect,
    SIPDispatchRuleIndividual,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
)

NUMBER, OTHER_NUMBER = "+15550123", "+15550124"
CALLER, OTHER_CALLER = "+15550100", "+15550101"
USERNAME, PASSWORD = "conformance", "for-this-test-only"
CREDENTIALS = {"auth_username": USERNAME, "auth_password": PASSWORD}
# A trunk must have numbers, credentials or addresses; these admit every caller here.
EVERYBODY = {"allowed_addresses": ["127.0.0.0/8"]}

# A rule names the trunks of its case by their position, because they have no ids yet.
FIRST, SECOND = "0", "1"


@dataclass(frozen=True)
class Case:
    """
    One call; `comes_to` is its outcome: the room or its absence, else the status.

    `old_data`: trunks and rules are written straight into Redis, because the API would refuse them.
    """

    id: str
    comes_to: str
    trunks: tuple[SIPInboundTrunkInfo, ...] = ()
    rules: tuple[SIPDispatchRuleInfo, ...] = ()
    caller: str = CALLER
    called: str = NUMBER
    caller_host: str | None = None
    has_credentials: bool = False
    old_data: bool = False


def trunk(*numbers: str, **fields: Any) -> SIPInboundTrunkInfo:
    return SIPInboundTrunkInfo(name="t", numbers=numbers, **fields)


def direct(room: str, *, pin: str = "", **fields: Any) -> SIPDispatchRuleInfo:
    kind = SIPDispatchRuleDirect(room_name=room, pin=pin)
    return _rule(SIPDispatchRule(dispatch_rule_direct=kind), fields)


def individual(
    prefix: str, *, pin: str = "", plain: bool = True, **fields: Any
) -> SIPDispatchRuleInfo:
    kind = SIPDispatchRuleIndividual(room_prefix=prefix, pin=pin, no_randomness=plain)
    return _rule(SIPDispatchRule(dispatch_rule_individual=kind), fields)


def callee(
    prefix: str, *, pin: str = "", randomize: bool = False, **fields: Any
) -> SIPDispatchRuleInfo:
    kind = SIPDispatchRuleCallee(room_prefix=prefix, pin=pin, randomize=randomize)
    return _rule(SIPDispatchRule(dispatch_rule_callee=kind), fields)


def _rule(kind: SIPDispatchRule, fields: dict[str, Any]) -> SIPDispatchRuleInfo:
    return SIPDispatchRuleInfo(**{"name": "r", "rule": kind, **fields})


# One trunk for the number that is dialled; most cases need no more.
T = (trunk(NUMBER),)

NAMES = (
    Case("direct", "room", T, (direct("lobby"),)),
    Case("individual", "room", T, (individual("voice"),)),
    Case("individual_without_prefix", "room", T, (individual(""),)),
    Case("individual_random", "room", T, (individual("voice", plain=False),)),
    Case("individual_random_without_prefix", "room", T, (individual("", plain=False),)),
    Case("individual_prefix_ends_with_hyphen", "room", T, (individual("voice-"),)),
    Case("callee", "room", T, (callee("voice"),)),
    Case("callee_without_prefix", "room", T, (callee(""),)),
    Case("callee_random", "room", T, (callee("voice", randomize=True),)),
    Case("callee_random_without_prefix", "room", T, (callee("", randomize=True),)),
    Case(
        "callee_dialled_by_room_name",
        "room",
        (trunk(**EVERYBODY),),
        (callee(""),),
        called="voice-ai-call-12345",
    ),
    Case("direct_without_room", "486", T, (direct(""),)),
    Case("individual_hidden", "room", T, (individual("voice", hide_phone_number=True),)),
    Case(
        "individual_hidden_random",
        "room",
        T,
        (individual("voice", plain=False, hide_phone_number=True),),
    ),
    Case("direct_hidden", "room", T, (direct("lobby", hide_phone_number=True),)),
    Case("callee_hidden", "room", T, (callee("voice", hide_phone_number=True),)),
    Case(
        "four_digits_hidden",
        "room",
        T,
        (individual("voice", hide_phone_number=True),),
        caller="1234",
    ),
    Case(
        "letters_hidden",
        "room",
        T,
        (individual("voice", hide_phone_number=True),),
        caller="anonymous",
    ),
)

CALLERS = tuple(
    Case(name, "room", T, (individual("voice"),), caller=caller)
    for name, caller in (
        ("caller_without_plus", "15550100"),
        ("caller_anonymous", "anonymous"),
        ("caller_is_a_name", "alice.smith"),
        ("caller_with_hyphens", "+1-555-0100"),
        ("caller_with_an_escaped_space", "+1%205550100"),
        ("caller_with_parameters", "+15550100;phone-context=example.com"),
    )
)

# The rule is bound to the trunk, so a trunk that does not match results in silence.
BOUND = individual("voice", trunk_ids=[FIRST])

NUMBERS = tuple(
    Case(name, comes_to, (trunk(*numbers),), (BOUND,), called=called)
    for name, comes_to, numbers, called in (
        ("trunk_number_without_plus", "room", ["15550123"], NUMBER),
        ("dialled_without_plus", "room", [NUMBER], "15550123"),
        ("trunk_number_decorated", "room", ["+1 (555) 01-23"], NUMBER),
        ("dialled_with_hyphens", "room", [NUMBER], "1-555-0123"),
        ("dialled_with_an_escaped_plus", "silence", [NUMBER], "%2B15550123"),
        ("trunk_for_another_number", "silence", [OTHER_NUMBER], NUMBER),
        ("second_number_of_a_trunk", "room", [OTHER_NUMBER, NUMBER], NUMBER),
        ("one_number_twice_in_a_trunk", "room", [NUMBER, "15550123"], NUMBER),
        ("trunk_number_with_dots", "silence", ["+1.555.0123"], NUMBER),
        ("dots_and_a_plus_too_many", "silence", ["1.555.0123"], "+1.555.0123"),
        ("trunk_number_with_other_digits", "silence", ["+1555\u0660123"], "+15550123"),
        ("trunk_number_is_a_name", "room", ["helpdesk"], "helpdesk"),
        ("names_differ_in_case", "silence", ["Helpdesk"], "helpdesk"),
    )
)

RULES = (
    Case("no_rule", "silence", T),
    Case("no_trunk_and_no_rule", "silence"),
    Case("no_trunk_but_a_rule_for_all", "room", (), (individual("voice"),)),
    Case(
        "other_trunk_but_a_rule_for_all",
        "room",
        (trunk(OTHER_NUMBER),),
        (individual("voice"),),
    ),
    Case("rule_number_exact", "room", T, (individual("voice", numbers=[NUMBER]),)),
    Case("rule_number_without_plus", "silence", T, (individual("v", numbers=["15550123"]),)),
    Case(
        "rule_number_as_dialled_without_plus",
        "room",
        T,
        (individual("voice", numbers=["15550123"]),),
        called="15550123",
    ),
    Case("rule_for_another_number", "silence", T, (individual("v", numbers=[OTHER_NUMBER]),)),
    Case("rule_caller_exact", "room", T, (individual("voice", inbound_numbers=[CALLER]),)),
    Case(
        "rule_caller_without_plus",
        "silence",
        T,
        (individual("voice", inbound_numbers=["15550100"]),),
    ),
    Case(
        "rule_caller_anonymous",
        "room",
        T,
        (individual("voice", inbound_numbers=["anonymous"]),),
        caller="anonymous",
    ),
    Case(
        "rule_for_another_caller",
        "silence",
        T,
        (individual("voice", inbound_numbers=[OTHER_CALLER]),),
    ),
    Case(
        "rule_for_two_trunks",
        "room",
        (trunk(OTHER_NUMBER), trunk(NUMBER)),
        (individual("voice", trunk_ids=[FIRST, SECOND]),),
    ),
    Case(
        "rules_of_two_trunks",
        "room",
        (trunk(OTHER_NUMBER), trunk(NUMBER)),
        (individual("a", trunk_ids=[FIRST]), individual("b", trunk_ids=[SECOND])),
    ),
)

PRIORITIES = (
    Case(
        "bound_before_all",
        "room",
        T,
        (direct("all", numbers=[NUMBER], inbound_numbers=[CALLER]), callee("b", trunk_ids=[FIRST])),
    ),
    Case(
        "all_where_the_bound_does_not_match",
        "room",
        T,
        (callee("all"), direct("bound", trunk_ids=[FIRST], numbers=[OTHER_NUMBER])),
    ),
    Case(
        "direct_before_individual",
        "room",
        T,
        (individual("a", numbers=[NUMBER]), direct("z", inbound_numbers=[CALLER])),
    ),
    Case(
        "individual_before_callee",
        "room",
        T,
        (callee("a", numbers=[NUMBER]), individual("z", inbound_numbers=[CALLER])),
    ),
    Case("number_before_kind", "room", T, (direct("a"), callee("z", numbers=[NUMBER]))),
    Case("caller_before_kind", "room", T, (direct("a"), callee("z", inbound_numbers=[CALLER]))),
    Case(
        "number_and_caller_before_number",
        "room",
        T,
        (
            direct("a", numbers=[NUMBER]),
            callee("z", numbers=[NUMBER], inbound_numbers=[CALLER]),
        ),
    ),
    Case(
        "equal_but_for_the_room",
        "room",
        T,
        (direct("z", numbers=[NUMBER]), direct("a", inbound_numbers=[CALLER])),
    ),
    Case(
        "equal_but_for_the_id",
        "room",
        T,
        (direct("a", numbers=[NUMBER]), direct("a", inbound_numbers=[CALLER])),
    ),
)

ALLOWED = (
    Case("caller_allowed", "room", (trunk(NUMBER, allowed_numbers=["1 555 0100"]),), (BOUND,)),
    Case(
        "caller_not_allowed", "silence", (trunk(NUMBER, allowed_numbers=[OTHER_CALLER]),), (BOUND,)
    ),
    Case(
        "caller_not_allowed_but_a_rule_for_all",
        "room",
        (trunk(NUMBER, allowed_numbers=[OTHER_CALLER]),),
        (individual("voice"),),
    ),
    *(
        Case(name, comes_to, (trunk(NUMBER, allowed_addresses=masks),), (BOUND,), caller_host=host)
        for name, comes_to, masks, host in (
            ("address", "room", ["127.0.0.1"], None),
            ("network", "room", ["127.0.0.0/8"], None),
            ("network_with_host_bits", "room", ["127.0.0.99/8"], None),
            ("second_mask", "room", ["192.0.2.1", "127.0.0.1/32"], None),
            ("other_address", "silence", ["192.0.2.1"], None),
            ("other_network", "silence", ["192.0.2.0/24"], None),
            ("netmask", "silence", ["127.0.0.0/255.0.0.0"], None),
            ("length_with_a_zero", "silence", ["127.0.0.0/08"], None),
            ("address_with_a_zero", "silence", ["127.0.0.01"], None),
            ("network_of_ipv6", "silence", ["2001:db8::/32"], None),
            ("mapped_into_ipv6", "silence", ["::ffff:127.0.0.1"], None),
            ("everybody", "room", ["0.0.0.0/0"], None),
            ("host_of_from", "room", ["pbx.example"], "pbx.example"),
            ("other_host_of_from", "silence", ["pbx.example"], "other.example"),
            # livekit-sip does not verify the host that a caller claims.
            ("address_that_from_claims", "room", ["192.0.2.1"], "192.0.2.1"),
            ("only_unreadable_masks", "room", ["sip://192.0.2.1", "*"], None),
            ("one_readable_mask", "silence", ["192.0.2.1", "*"], None),
            ("brackets", "silence", ["[::1]"], None),
        )
    ),
)

CREDENTIAL_CASES = (
    Case(
        "credentials_given", "room", (trunk(NUMBER, **CREDENTIALS),), (BOUND,), has_credentials=True
    ),
    Case("credentials_missing", "407", (trunk(NUMBER, **CREDENTIALS),), (BOUND,)),
    Case("user_name_without_password", "room", (trunk(auth_username=USERNAME),), (BOUND,)),
    Case("password_without_user_name", "room", (trunk(auth_password=PASSWORD),), (BOUND,)),
)

TRUNKS = (
    Case(
        "number_before_any",
        "room",
        (trunk(**EVERYBODY), trunk(NUMBER)),
        (individual("a", trunk_ids=[FIRST]), individual("b", trunk_ids=[SECOND])),
    ),
    Case(
        "any_for_what_is_left",
        "room",
        (trunk(OTHER_NUMBER), trunk(**EVERYBODY)),
        (individual("a", trunk_ids=[FIRST]), individual("b", trunk_ids=[SECOND])),
    ),
    Case(
        "told_apart_by_the_caller",
        "room",
        (trunk(NUMBER, allowed_numbers=[OTHER_CALLER]), trunk(NUMBER, allowed_numbers=[CALLER])),
        (individual("a", trunk_ids=[FIRST]), individual("b", trunk_ids=[SECOND])),
    ),
    Case(
        "any_told_apart_by_the_caller",
        "room",
        (
            trunk(allowed_numbers=[OTHER_CALLER], **EVERYBODY),
            trunk(allowed_numbers=[CALLER], **EVERYBODY),
        ),
        (individual("a", trunk_ids=[FIRST]), individual("b", trunk_ids=[SECOND])),
    ),
    # The API accepts these two, and every call of the one caller fails.
    Case(
        "one_of_two_is_for_this_caller",
        "503",
        (trunk(NUMBER), trunk(NUMBER, allowed_numbers=[CALLER])),
        (individual("voice"),),
    ),
    Case(
        "one_of_two_any_is_for_this_caller",
        "503",
        (trunk(**EVERYBODY), trunk(allowed_numbers=[CALLER], **EVERYBODY)),
        (individual("voice"),),
    ),
    Case(
        "two_any_beside_one_for_the_number",
        "room",
        (trunk(**EVERYBODY), trunk(allowed_numbers=[CALLER], **EVERYBODY), trunk(NUMBER)),
        (individual("voice"),),
    ),
)

# Cases that the API refuses, with its message.
REFUSED = (
    Case("trunks_for_one_number", "refused", (trunk(NUMBER), trunk(NUMBER))),
    Case("trunks_for_one_number_written_twice", "refused", (trunk(NUMBER), trunk("1 555 0123"))),
    Case("trunks_for_one_of_two_numbers", "refused", (*T, trunk(OTHER_NUMBER, NUMBER))),
    Case(
        "trunks_for_any_number_at_two_addresses",
        "refused",
        (trunk(allowed_addresses=["192.0.2.1"]), trunk(allowed_addresses=["192.0.2.2"])),
    ),
    Case(
        "trunks_for_one_caller",
        "refused",
        (
            trunk(NUMBER, allowed_numbers=[OTHER_CALLER, CALLER]),
            trunk(NUMBER, allowed_numbers=["1-555-0100"]),
        ),
    ),
    Case("rules_for_all_calls", "refused", T, (direct("a"), callee("b"))),
    Case(
        "rules_for_one_trunk",
        "refused",
        T,
        (direct("a", trunk_ids=[FIRST]), individual("b", trunk_ids=[FIRST])),
    ),
    Case(
        "rules_for_one_number_written_twice",
        "refused",
        T,
        (direct("a", numbers=[NUMBER]), direct("b", numbers=["15550123"])),
    ),
    Case(
        "rules_for_one_caller_without_a_name",
        "refused",
        T,
        (direct("a", inbound_numbers=[CALLER], name=""), callee("b", inbound_numbers=[CALLER])),
    ),
    Case("rules_with_one_pin", "refused", T, (direct("a", pin="1"), direct("b", pin="1"))),
    # Numbers of rules match exactly, yet one rule cannot have both spellings of a number.
    Case("rule_in_its_own_way", "refused", T, (direct("a", numbers=[NUMBER, "15550123"]),)),
)

PINS = (
    Case("pin", "pin", T, (direct("lobby", pin="1234"),)),
    Case("pin_before_open", "pin", T, (direct("a"), callee("z", pin="1234"))),
    Case("two_pins", "pin", T, (direct("a", pin="1111"), individual("b", pin="2222"))),
    Case("number_before_pin", "room", T, (direct("a", numbers=[NUMBER]), direct("z", pin="1234"))),
    Case("bound_before_pin", "room", T, (BOUND, direct("a", pin="1234"))),
)

# Leftovers of an older server, a race or a manual change; the API would refuse them.
OLD_DATA = (
    Case("old_trunks_for_one_number", "503", (*T, *T), (individual("v"),), old_data=True),
    Case(
        "old_trunks_for_any_number",
        "503",
        (trunk(**EVERYBODY), trunk(auth_username=USERNAME)),
        (individual("v"),),
        old_data=True,
    ),
    Case("old_rules_for_all_calls", "503", T, (direct("a"), callee("b")), old_data=True),
    Case(
        "old_rules_for_another_number",
        "503",
        T,
        (direct("a"), direct("b", numbers=[OTHER_NUMBER]), direct("c", numbers=[OTHER_NUMBER])),
        old_data=True,
    ),
    Case(
        "old_rules_of_another_trunk",
        "room",
        (trunk(NUMBER), trunk(OTHER_NUMBER)),
        (direct("a"), direct("b", trunk_ids=[SECOND]), direct("c", trunk_ids=[SECOND])),
        old_data=True,
    ),
    Case(
        "old_rules_of_a_trunk_that_does_not_match",
        "503",
        (trunk(OTHER_NUMBER),),
        (direct("a"), direct("b", trunk_ids=[FIRST]), direct("c", trunk_ids=[FIRST])),
        old_data=True,
    ),
)

CASES = (
    *NAMES,
    *CALLERS,
    *NUMBERS,
    *RULES,
    *PRIORITIES,
    *ALLOWED,
    *CREDENTIAL_CASES,
    *TRUNKS,
    *REFUSED,
    *PINS,
    *OLD_DATA,
)
