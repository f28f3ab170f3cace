"""
Select the trunk and the dispatch rule of an incoming call and build its room name.

Works as livekit-server 1.13.5 does: first the trunk by caller, source address and dialled number,
then the rule by exact numbers, PIN and trunk, then the room name by the kind of the rule. If a rule
with a PIN comes first, the call is answered, the caller enters the PIN, and the rules are evaluated
again.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from types import MappingProxyType
from typing import Final, Literal

RuleKind = Literal["direct", "individual", "callee"]

# Number and alphabet of the random characters at the end of a room name.
RANDOM_LENGTH: Final = 12
RANDOM_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

_NUMBER: Final = re.compile(r"\+?[0-9\- ()]+")
_NUMBER_DECORATION: Final = str.maketrans("", "", " -()")
_INVALID_IN_MASK: Final = frozenset("()+*;, \t\n\r")
_MASK_LENGTH: Final = re.compile(r"0|[1-9][0-9]*")
_DIGITS_SHOWN: Final = 4
_WITHOUT_ALLOWED: Final = "without AllowedNumbers set"
_PRIORITY: Final[Mapping[RuleKind, int]] = MappingProxyType(
    {"direct": 0, "individual": 1, "callee": 2}
)
_PENALTY_WITHOUT_PIN: Final = 100
_PENALTY_WITHOUT_NUMBERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Terms:
    """
    Time limits of a call in seconds (None: the service's default) and requirements on its media.

    `only_codecs` are the only codecs accepted (empty: those of the service). `room_preset` is the
    configuration of livekit-server that the room gets.
    """

    ringing_timeout_s: float | None = None
    max_call_duration_s: float | None = None
    only_codecs: tuple[str, ...] = ()
    encryption: str = ""
    room_preset: str = ""


@dataclass(frozen=True, slots=True)
class Trunk:
    """
    Inbound trunk: the calls it accepts and, with a user name, the credentials it requires.
    """

    id: str
    name: str = ""
    numbers: tuple[str, ...] = ()
    allowed_numbers: tuple[str, ...] = ()
    allowed_addresses: tuple[str, ...] = ()
    auth_username: str = ""
    auth_password: str = field(default="", repr=False)
    auth_realm: str = ""
    terms: Terms = Terms()

    @property
    def asks_for_credentials(self) -> bool:
        """
        True if the trunk challenges a call, which takes both a user name and a password.
        """
        return bool(self.auth_username and self.auth_password)


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A dispatch rule. `room` is the room name of a direct rule and the prefix of the other kinds.

    `numbers` are dialled numbers, `inbound_numbers` are callers; both are compared without
    normalization.
    """

    id: str
    kind: RuleKind
    room: str = ""
    pin: str = field(default="", repr=False)
    random_suffix: bool = False
    trunk_ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    inbound_numbers: tuple[str, ...] = ()
    hide_phone_number: bool = False
    name: str = ""
    terms: Terms = Terms()

    @property
    def priority(self) -> tuple[int, str]:
        """
        Sort key among rules that match the same call; the lowest wins.
        """
        penalty = 0 if self.pin else _PENALTY_WITHOUT_PIN
        penalty += 0 if self.inbound_numbers else _PENALTY_WITHOUT_NUMBERS
        penalty += 0 if self.numbers else _PENALTY_WITHOUT_NUMBERS
        return _PRIORITY[self.kind] + penalty, self.room


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """
    A call as the server sees it: users of From and To, and the source address of the INVITE.

    An empty `source_ip` means that the address is unknown; every trunk then allows it.
    """

    caller: str
    called: str
    source_ip: str = ""
    caller_host: str = ""


@dataclass(frozen=True, slots=True)
class RoomName:
    """
    Room name that a rule produces, as far as known before the call; random characters may follow.
    """

    stem: str
    random_suffix: bool

    def make(self, random_characters: str) -> str:
        """
        Return the whole name; `random_characters` are used only if the rule asks for them.
        """
        return f"{self.stem}_{random_characters}" if self.random_suffix else self.stem

    def matches(self, name: str) -> bool:
        """
        Return True if this rule can have produced `name`.
        """
        suffix = rf"_[0-9A-Za-z]{{{RANDOM_LENGTH}}}" if self.random_suffix else ""
        return re.fullmatch(re.escape(self.stem) + suffix, name) is not None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """
    Reason why a trunk or rule does not take a call; `field` is its field that rules the call out.
    """

    text: str
    field: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class DispatchOutcome:
    """
    Result of dispatching a call.

    Without a rule the call is dropped: one 180, then silence; a call that was asked for a PIN is
    hung up. `asks_for_pin`: the call is answered and asked for a PIN because of `rule`; the rule
    and its room are known only when the call is evaluated again with the PIN, so `room` is None.
    `not_matched` maps the id of every other trunk and rule to the reason why it did not match.
    """

    trunk: Trunk | None
    rule: Rule | None
    room: RoomName | None
    not_matched: Mapping[str, Mismatch]
    asks_for_pin: bool = False


class ConflictError(Exception):
    """
    Trunks or rules that the server cannot choose between; the text is the server's.

    `trunks` are those that match the same call; empty if the rules are in conflict.
    """

    def __init__(self, text: str, trunks: Iterable[Trunk] = ()) -> None:
        super().__init__(text)
        self.trunks = tuple(trunks)


def evaluate(
    trunks: Iterable[Trunk], rules: Iterable[Rule], call: IncomingCall, *, pin: str | None = None
) -> DispatchOutcome:
    """
    Find the trunk, the rule and the room name of `call`.

    `pin` is what the caller typed before `#`, possibly an empty string; None before the caller is
    asked for it. Raises ConflictError when several trunks match or two rules are for the same
    calls.
    """
    not_matched: dict[str, Mismatch] = {}
    trunk = match_trunk(trunks, call, not_matched)
    rule = match_rule(rules, trunk, call, not_matched, pin=pin)
    asks_for_pin = rule is not None and bool(rule.pin) and pin is None
    room = None if rule is None or asks_for_pin else room_name(rule, call)
    return DispatchOutcome(trunk, rule, room, MappingProxyType(not_matched), asks_for_pin)


def own_conflict_of(
    trunks: Iterable[Trunk], rules: Iterable[Rule], call: IncomingCall
) -> ConflictError | None:
    """
    Return the conflict that exactly this call runs into; None if there is none.
    """
    try:
        evaluate(trunks, rules, call)
    except ConflictError as conflict:
        return conflict
    return None


def conflict_of(
    trunks: Sequence[Trunk], rules: Sequence[Rule], call: IncomingCall
) -> ConflictError | None:
    """
    Return the conflict that a caller of the same number can run into; None if there is none.

    Tries this caller and every caller that a trunk allows: the API accepts a trunk for one caller
    beside a trunk for all callers, and then the calls of that one caller fail.
    """
    callers = {call.caller, *(number for trunk in trunks for number in trunk.allowed_numbers)}
    each = (own_conflict_of(trunks, rules, replace(call, caller=one)) for one in sorted(callers))
    return next(filter(None, each), None)


def match_trunk(
    trunks: Iterable[Trunk], call: IncomingCall, not_matched: dict[str, Mismatch]
) -> Trunk | None:
    """
    Return the trunk that takes `call`; one for the dialled number precedes one without numbers.

    Raises ConflictError when two trunks for the number, or two without numbers, match.
    """
    for_number: list[Trunk] = []
    for_any: list[Trunk] = []
    for trunk in trunks:
        if reason := _why_not_trunk(trunk, call):
            not_matched[trunk.id] = reason
        else:
            (for_number if trunk.numbers else for_any).append(trunk)
    if len(for_number) > 1:
        raise ConflictError(f"Multiple SIP Trunks matched for {_quoted(call.called)}", for_number)
    if for_number:
        better = Mismatch("a trunk for the dialled number goes first")
        not_matched.update((trunk.id, better) for trunk in for_any)
        return for_number[0]
    if len(for_any) > 1:
        raise ConflictError(
            f"Multiple default SIP Trunks matched for {_quoted(call.called)}", for_any
        )
    return for_any[0] if for_any else None


def match_rule(
    rules: Iterable[Rule],
    trunk: Trunk | None,
    call: IncomingCall,
    not_matched: dict[str, Mismatch],
    *,
    pin: str | None = None,
) -> Rule | None:
    """
    Return the rule that takes `call`; one that names the trunk precedes one for all trunks.

    Raises ConflictError when two rules are for the same calls, whether they match or not.
    """
    # The server reads the rules in this order and takes the first of equals.
    rules = sorted(rules, key=lambda rule: rule.id)
    # The server loads the rules for this trunk and those for all trunks (without a trunk: every
    # rule), and validates the rules it has loaded.
    if conflict := conflicting_rules(r for r in rules if trunk is None or _is_for(r, trunk)):
        raise ConflictError(conflict)
    matching = []
    for rule in rules:
        if reason := _why_not_rule(rule, trunk, call, pin):
            not_matched[rule.id] = reason
        else:
            matching.append(rule)
    matching.sort(key=lambda rule: (not rule.trunk_ids, rule.priority))
    if not matching:
        return None
    best, *others = matching
    better = Mismatch(f"rule {best.id} goes first")
    not_matched.update((rule.id, better) for rule in others)
    return best


def room_name(rule: Rule, call: IncomingCall) -> RoomName:
    """
    Return the name of the room that `rule` puts `call` in.
    """
    if rule.kind == "direct":
        return RoomName(rule.room, random_suffix=False)
    number = call.called if rule.kind == "callee" else shown_caller(rule, call)
    return RoomName(f"{rule.room}_{number}" if rule.room else number, rule.random_suffix)


def shown_caller(rule: Rule, call: IncomingCall) -> str:
    """
    Return the caller as names show it: the number, or its last digits if the rule hides it.
    """
    if not rule.hide_phone_number:
        return call.caller
    shown = _DIGITS_SHOWN if len(call.caller) > _DIGITS_SHOWN else 1
    return call.caller[-shown:]


def identity(rule: Rule, call: IncomingCall) -> str:
    """
    Return the identity of the SIP participant: the caller, or a hash of it if the rule hides it.
    """
    if rule.hide_phone_number:
        return f"sip_{hashlib.sha256(call.caller.encode()).digest()[:8].hex()}"
    return f"sip_{call.caller}"


def attributes(
    call: IncomingCall, *, call_id: str, trunk: Trunk | None, rule: Rule
) -> dict[str, str]:
    """
    Return the `sip.*` attributes of the SIP participant; `call_id` is LiveKit's own (`SCL_...`).
    """
    shown = {
        "sip.callID": call_id,
        "sip.ruleID": rule.id,
        "sip.trunkID": trunk.id if trunk else "",
    }
    if not rule.hide_phone_number:
        shown["sip.hostname"] = call.caller_host
        shown["sip.phoneNumber"] = call.caller
        shown["sip.trunkPhoneNumber"] = call.called
    return shown


def conflicting_trunks(trunks: Iterable[Trunk]) -> str | None:
    """
    Return the server's error text for two trunks that take the same calls; None without conflict.
    """
    owners: dict[tuple[str, str], Trunk] = {}
    for trunk in trunks:
        numbers = [normalized(number) for number in trunk.numbers] or [""]
        callers = trunk.allowed_numbers or ("",)
        for number, caller in product(numbers, callers):
            owner = owners.setdefault((number, normalized(caller)), trunk)
            if owner is not trunk:
                how = f"and AllowedNumber {_quoted(caller)}" if caller else _WITHOUT_ALLOWED
                return (
                    f"Conflicting inbound SIP Trunks: {_quoted(trunk.id or '<new>')} and "
                    f"{_quoted(owner.id or '<new>')}, using the same number(s) "
                    f"{_numbers(trunk.numbers)} {how}"
                )
    return None


def conflicting_rules(rules: Iterable[Rule]) -> str | None:
    """
    Return the server's error text for two rules that are for the same calls; None without conflict.

    A rule that lists one number twice, for example with and without a plus, conflicts with itself.
    """
    owners: dict[tuple[str, ...], Rule] = {}
    for rule in rules:
        trunks = rule.trunk_ids or ("",)
        callers = rule.inbound_numbers or ("",)
        for trunk, caller, number in product(trunks, callers, rule.numbers or ("",)):
            key = (rule.pin, trunk, normalized(caller), normalized(number))
            if owner := owners.get(key):
                return (
                    "Dispatch rule for the same trunk, inbound number, number, and PIN "
                    "combination already exists in dispatch rule "
                    f"{_quoted(owner.id or '<new>')} {_quoted(owner.name or '<blank name>')}"
                )
            owners[key] = rule
    return None


def normalized(number: str) -> str:
    """
    Return a phone number without decoration and with a plus sign; anything else unchanged.
    """
    if not _NUMBER.fullmatch(number):
        return number
    return "+" + number.translate(_NUMBER_DECORATION).removeprefix("+")


def address_allowed(masks: Sequence[str], call: IncomingCall) -> bool:
    """
    Return True if a trunk's `allowed_addresses` admit a call, by its source or the host of From.
    """
    valid = [m for m in masks if not _INVALID_IN_MASK.intersection(m) and "://" not in m]
    try:
        address = ipaddress.ip_address(call.source_ip)
    except ValueError:
        return True
    # If no mask can be parsed, every address is allowed, as on the real server.
    return not valid or any(m == call.caller_host or _covers(m, address) for m in valid)


def _why_not_trunk(trunk: Trunk, call: IncomingCall) -> Mismatch | None:
    caller, called = normalized(call.caller), normalized(call.called)
    if trunk.allowed_numbers and caller not in map(normalized, trunk.allowed_numbers):
        return Mismatch(f"caller {call.caller} is not in allowed_numbers", "allowed_numbers")
    if not address_allowed(trunk.allowed_addresses, call):
        return Mismatch(f"source {call.source_ip} is not in allowed_addresses", "allowed_addresses")
    if trunk.numbers and called not in map(normalized, trunk.numbers):
        return Mismatch(f"dialled number {call.called} is not in numbers", "numbers")
    return None


def _is_for(rule: Rule, trunk: Trunk | None) -> bool:
    return not rule.trunk_ids or (trunk is not None and trunk.id in rule.trunk_ids)


def _why_not_rule(
    rule: Rule, trunk: Trunk | None, call: IncomingCall, pin: str | None
) -> Mismatch | None:
    if not _is_for(rule, trunk):
        return Mismatch("is for other trunks", "trunk_ids")
    if rule.inbound_numbers and call.caller not in rule.inbound_numbers:
        return Mismatch(
            f"caller {call.caller} is not exactly in inbound_numbers", "inbound_numbers"
        )
    if rule.numbers and call.called not in rule.numbers:
        return Mismatch(f"dialled number {call.called} is not exactly in numbers", "numbers")
    if pin is None or pin == rule.pin:
        return None
    text = "has another PIN than was entered" if rule.pin else "has no PIN, and one was entered"
    return Mismatch(text, "pin")


def _covers(mask: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    _, slash, length = mask.partition("/")
    if slash and not _MASK_LENGTH.fullmatch(length):
        return False  # e.g. 192.0.2.0/255.255.255.0, which the server cannot parse
    try:
        # A mask without a length is a network of one address.
        return address in ipaddress.ip_network(mask, strict=False)
    except ValueError:
        return False


def _numbers(numbers: Sequence[str]) -> str:
    return f"[{' '.join(map(_quoted, numbers))}]" if numbers else "<any>"


def _quoted(text: str) -> str:
    return f'"{text}"'
