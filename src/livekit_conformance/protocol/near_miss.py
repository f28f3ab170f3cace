"""
Find the mismatches between a call and the trunk, or the rule, that comes closest to taking it.

A deployment also has trunks and rules of other lines, which are expected not to match. Only the
mismatches of the closest one point at the mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from livekit_conformance.protocol.dispatch import (
    IncomingCall,
    Rule,
    Trunk,
    address_allowed,
    normalized,
)

# `absent`: there is none, or all belong to other numbers and trunks.
Obstacle = Literal["absent", "number", "number-form", "caller", "caller-form", "source", "trunk"]

# Weight of each mismatch: the same number in another form is closer than another number.
_DISTANCE: Final[Mapping[Obstacle, int]] = MappingProxyType(
    {"number-form": 1, "caller-form": 1, "source": 2, "caller": 2, "trunk": 3, "number": 7}
)
_ABSENT: Final[tuple[Obstacle, ...]] = ("absent",)
# Numbers whose last digits are equal, at least this many, are one number in two forms.
_SAME_DIGITS: Final = 7


def trunk_obstacles(trunks: Iterable[Trunk], call: IncomingCall) -> tuple[Obstacle, ...]:
    """
    Return the mismatches of the closest trunk with `call`; empty if it takes the call.
    """
    return _nearest(_of_trunk(trunk, call) for trunk in trunks)


def rule_obstacles(
    rules: Iterable[Rule], trunk: Trunk | None, call: IncomingCall
) -> tuple[Obstacle, ...]:
    """
    Return the mismatches of the closest rule with `call`; empty if it takes the call.

    A PIN is no mismatch: a rule that asks for one takes the call. Without a trunk the trunks of the
    rules are ignored, because the trunk they should name is unknown.
    """
    found = _nearest(_of_rule(rule, trunk, call) for rule in rules)
    return _ABSENT if {"trunk", "number"} <= set(found) else found


def same_number(number: str, listed: Iterable[str]) -> str | None:
    """
    Return the entry with the same number in another form; None if there is none.

    Other forms are those without the plus sign, with a prefix, or as a URI.
    """
    digits = _digits(number)
    for entry in listed:
        other = _digits(entry)
        shorter = min(len(digits), len(other))
        if shorter >= _SAME_DIGITS and (digits.endswith(other) or other.endswith(digits)):
            return entry
    return None


def _nearest(found: Iterable[tuple[Obstacle, ...]]) -> tuple[Obstacle, ...]:
    return min(found, key=lambda those: sum(_DISTANCE[one] for one in those), default=_ABSENT)


def _of_trunk(trunk: Trunk, call: IncomingCall) -> tuple[Obstacle, ...]:
    found: list[Obstacle] = []
    if trunk.numbers and normalized(call.called) not in map(normalized, trunk.numbers):
        found.append("number-form" if same_number(call.called, trunk.numbers) else "number")
    allowed = trunk.allowed_numbers
    if allowed and normalized(call.caller) not in map(normalized, allowed):
        found.append("caller-form" if same_number(call.caller, allowed) else "caller")
    if not address_allowed(trunk.allowed_addresses, call):
        found.append("source")
    return tuple(found)


def _of_rule(rule: Rule, trunk: Trunk | None, call: IncomingCall) -> tuple[Obstacle, ...]:
    found: list[Obstacle] = []
    if rule.trunk_ids and trunk is not None and trunk.id not in rule.trunk_ids:
        found.append("trunk")
    if rule.numbers and call.called not in rule.numbers:
        found.append("number-form" if same_number(call.called, rule.numbers) else "number")
    callers = rule.inbound_numbers
    if callers and call.caller not in callers:
        found.append("caller-form" if same_number(call.caller, callers) else "caller")
    return tuple(found)


def _digits(number: str) -> str:
    # Of a URI, use the user part only: sip:+15550100@host
    user = number.partition("@")[0]
    return "".join(char for char in user if char in "0123456789")
