"""
Inbound trunks and dispatch rules as the API lists them, in JSON with protobuf field names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from livekit_conformance.protocol.dispatch import Rule, RuleKind, Terms, Trunk

# Kind and name of the room field, by the name of the rule's protobuf field.
_KINDS: Final[Mapping[str, tuple[RuleKind, str]]] = MappingProxyType(
    {
        "dispatch_rule_direct": ("direct", "room_name"),
        "dispatch_rule_individual": ("individual", "room_prefix"),
        "dispatch_rule_callee": ("callee", "room_prefix"),
    }
)


def trunk_of(info: Mapping[str, Any]) -> Trunk:
    """
    Return the trunk that a SIPInboundTrunkInfo describes; omitted fields are empty.
    """
    return Trunk(
        id=info.get("sip_trunk_id", ""),
        name=info.get("name", ""),
        numbers=_texts(info, "numbers"),
        allowed_numbers=_texts(info, "allowed_numbers"),
        allowed_addresses=_texts(info, "allowed_addresses"),
        auth_username=info.get("auth_username", ""),
        auth_password=info.get("auth_password", ""),
        auth_realm=info.get("auth_realm", ""),
        terms=_terms(info),
    )


def rule_of(info: Mapping[str, Any]) -> Rule:
    """
    Return the rule that a SIPDispatchRuleInfo describes; omitted fields are empty.

    Raises ValueError for a kind of rule that is not direct, individual or callee.
    """
    rule: Mapping[str, Mapping[str, Any]] = info.get("rule", {})
    name = next(iter(rule), "nothing")
    if name not in _KINDS:
        rule_id = info.get("sip_dispatch_rule_id", "")
        raise ValueError(f"dispatch rule {rule_id} is of the unknown kind {name}")
    kind, room = _KINDS[name]
    settings = rule[name]
    return Rule(
        id=info.get("sip_dispatch_rule_id", ""),
        kind=kind,
        room=settings.get(room, ""),
        pin=settings.get("pin", ""),
        random_suffix=_is_random(kind, settings),
        trunk_ids=_texts(info, "trunk_ids"),
        numbers=_texts(info, "numbers"),
        inbound_numbers=_texts(info, "inbound_numbers"),
        hide_phone_number=info.get("hide_phone_number", False),
        name=info.get("name", ""),
        terms=_terms(info),
    )


def _terms(info: Mapping[str, Any]) -> Terms:
    media: Mapping[str, Any] = info.get("media", {})
    only_listed = media.get("only_listed_codecs", False)
    return Terms(
        _seconds(info.get("ringing_timeout")),
        _seconds(info.get("max_call_duration")),
        tuple(codec["name"] for codec in media.get("codecs", ())) if only_listed else (),
        # The server still reads the older field, which is outside `media`.
        media.get("encryption") or info.get("media_encryption") or "",
        info.get("room_preset", ""),
    )


def _seconds(duration: str | None) -> float | None:
    # JSON writes durations as "1.500s"; zero stands for the default.
    return float(duration.removesuffix("s")) or None if duration else None


def _is_random(kind: RuleKind, settings: Mapping[str, Any]) -> bool:
    # Individual rules add random characters by default, callee rules only on request.
    match kind:
        case "direct":
            return False
        case "individual":
            return not settings.get("no_randomness", False)
        case "callee":
            return bool(settings.get("randomize", False))


def _texts(info: Mapping[str, Any], name: str) -> tuple[str, ...]:
    texts: Sequence[str] = info.get(name, ())
    return tuple(texts)
