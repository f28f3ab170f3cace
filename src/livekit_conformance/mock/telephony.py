"""
Trunks and dispatch rules that livekit-server stores for livekit-sip.
"""

from __future__ import annotations

from google.protobuf.json_format import MessageToDict
from livekit.protocol.sip import (
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
    SIPOutboundTrunkInfo,
    SIPTrunkInfo,
)

from livekit_conformance.mock import identifiers
from livekit_conformance.protocol.dispatch import (
    Rule,
    Trunk,
    conflicting_rules,
    conflicting_trunks,
)
from livekit_conformance.protocol.telephony import rule_of, trunk_of
from livekit_conformance.protocol.twirp import Code, TwirpError


class TelephonyStore:
    """
    Trunks and rules by id, in order of creation.
    """

    def __init__(self) -> None:
        self.trunks: dict[str, SIPInboundTrunkInfo] = {}
        self.outbound_trunks: dict[str, SIPOutboundTrunkInfo] = {}
        self.rules: dict[str, SIPDispatchRuleInfo] = {}

    def matchable_trunks(self) -> list[Trunk]:
        """
        Return the trunks in the form that the dispatch evaluation takes.
        """
        return [as_trunk(info) for info in self.trunks.values()]

    def matchable_rules(self) -> list[Rule]:
        """
        Return the rules in the form that the dispatch evaluation takes.
        """
        return [as_rule(info) for info in self.rules.values()]

    def add_trunk(self, info: SIPInboundTrunkInfo) -> SIPInboundTrunkInfo:
        """
        Store a trunk under a new id.

        Raises TwirpError when it would take the calls of another trunk.
        """
        if conflict := conflicting_trunks([*self.matchable_trunks(), as_trunk(info)]):
            raise TwirpError(Code.INVALID_ARGUMENT, conflict)
        info.sip_trunk_id = identifiers.new(identifiers.SIP_TRUNK)
        self.trunks[info.sip_trunk_id] = info
        return info

    def add_outbound_trunk(self, info: SIPOutboundTrunkInfo) -> SIPOutboundTrunkInfo:
        """
        Store an outbound trunk under a new id; duplicates are allowed.
        """
        info.sip_trunk_id = identifiers.new(identifiers.SIP_TRUNK)
        self.outbound_trunks[info.sip_trunk_id] = info
        return info

    def add_rule(self, info: SIPDispatchRuleInfo) -> SIPDispatchRuleInfo:
        """
        Store a dispatch rule under a new id.

        Raises TwirpError when another rule is for the same calls.
        """
        if conflict := conflicting_rules([*self.matchable_rules(), as_rule(info)]):
            raise TwirpError(Code.INVALID_ARGUMENT, conflict)
        info.media.SetInParent()
        info.sip_dispatch_rule_id = identifiers.new(identifiers.SIP_DISPATCH_RULE)
        self.rules[info.sip_dispatch_rule_id] = info
        return info

    def remove_trunk(self, trunk_id: str) -> SIPTrunkInfo:
        """
        Delete a trunk of either direction and return an empty one of the old kind.

        A trunk that does not exist gets the same answer.
        """
        self.trunks.pop(trunk_id, None)
        self.outbound_trunks.pop(trunk_id, None)
        return SIPTrunkInfo(sip_trunk_id=trunk_id)

    def remove_rule(self, rule_id: str) -> SIPDispatchRuleInfo:
        """
        Delete a dispatch rule and return it.

        Raises TwirpError when no rule has that id.
        """
        if rule_id not in self.rules:
            raise TwirpError(Code.NOT_FOUND, "requested sip dispatch rule does not exist")
        return self.rules.pop(rule_id)


def as_trunk(info: SIPInboundTrunkInfo) -> Trunk:
    """
    Return a trunk of the API as a value for the dispatch evaluation.
    """
    return trunk_of(MessageToDict(info, preserving_proto_field_name=True))


def as_rule(info: SIPDispatchRuleInfo) -> Rule:
    """
    Return a dispatch rule of the API as a value for the dispatch evaluation.
    """
    return rule_of(MessageToDict(info, preserving_proto_field_name=True))
