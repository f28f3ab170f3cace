"""
Inbound trunks and dispatch rules of a deployment, and the routing of a call through them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from livekit.protocol.models import ParticipantInfo

from livekit_conformance import run_clock
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.errors import Blocked, blocked
from livekit_conformance.judges.preconditions import NOT_LISTABLE
from livekit_conformance.observations import DispatchMatch, Recorder
from livekit_conformance.protocol.dispatch import (
    RANDOM_LENGTH,
    ConflictError,
    DispatchOutcome,
    IncomingCall,
    Rule,
    Terms,
    Trunk,
    evaluate,
    own_conflict_of,
)
from livekit_conformance.protocol.near_miss import Obstacle, rule_obstacles, trunk_obstacles
from livekit_conformance.protocol.telephony import rule_of, trunk_of


@dataclass(frozen=True, slots=True)
class Telephony:
    """
    Trunks and rules as the server listed them.
    """

    trunks: tuple[Trunk, ...]
    rules: tuple[Rule, ...]
    recorder: Recorder = field(repr=False, compare=False)

    def predict(
        self, call: IncomingCall, *, pin: str | None = None, ignored: bool = False
    ) -> DispatchOutcome:
        """
        Predict the routing of `call`. Raises ConflictError where trunks or rules are ambiguous.

        `ignored` is only recorded: the call has been placed, and no response came.
        """
        outcome = evaluate(self.trunks, self.rules, call, pin=pin)
        against_trunk, against_rule = self._obstacles(outcome, call)
        allowed = outcome.trunk.allowed_addresses if outcome.trunk else ()
        terms = _terms(outcome)
        self.recorder.record(
            DispatchMatch(
                run_clock.now(),
                describe_outcome(outcome),
                caller=call.caller,
                called=call.called,
                source=call.source_ip,
                ignored=ignored,
                trunk=outcome.trunk.id if outcome.trunk else None,
                rule=outcome.rule.id if outcome.rule else None,
                asks_for_pin=outcome.asks_for_pin,
                allowed_addresses=", ".join(allowed),
                trunks=len(self.trunks),
                rules=len(self.rules),
                trunk_obstacles=against_trunk,
                rule_obstacles=against_rule,
                ringing_timeout_s=terms.ringing_timeout_s,
                max_call_duration_s=terms.max_call_duration_s,
                only_codecs=", ".join(terms.only_codecs),
                encryption=terms.encryption,
                room_preset=terms.room_preset,
            )
        )
        return outcome

    def _obstacles(
        self, outcome: DispatchOutcome, call: IncomingCall
    ) -> tuple[tuple[Obstacle, ...], tuple[Obstacle, ...]]:
        if outcome.rule is not None:
            return (), ()
        against_trunk = trunk_obstacles(self.trunks, call) if outcome.trunk is None else ()
        return against_trunk, rule_obstacles(self.rules, outcome.trunk, call)

    def own_conflict_of(self, call: IncomingCall) -> ConflictError | None:
        """
        Return the conflict that this exact call runs into.
        """
        return own_conflict_of(self.trunks, self.rules, call)

    def unforeseen(
        self, room: str, participant: ParticipantInfo, *, caller: str, called: str
    ) -> str | None:
        """
        Return a different prediction for this SIP participant in this room; None when it matches.

        `caller` and `called` are the numbers that were sent; the participant's attributes are those
        that arrived, unless a rule hides them.
        """
        attributes = participant.attributes
        call = IncomingCall(
            attributes.get("sip.phoneNumber", caller),
            attributes.get("sip.trunkPhoneNumber", called),
            caller_host=attributes.get("sip.hostname", ""),
        )
        trunk_id = attributes.get("sip.trunkID", "")
        # The source address of the call is not known. Trunks with allowed_addresses, other than the
        # one that has accepted the call, may be for other sources.
        trunks = (t for t in self.trunks if t.id == trunk_id or not t.allowed_addresses)
        stories = []
        for telephony in (self, replace(self, trunks=tuple(trunks))):
            try:
                outcome = telephony.predict(call)
            except ConflictError as conflict:
                stories.append(str(conflict))
                continue
            if _has_come_true(outcome, room, participant):
                return None
            stories.append(describe_outcome(outcome))
        rule_id = attributes.get("sip.ruleID")
        return f"{stories[0]}; it came through trunk {trunk_id} and rule {rule_id}"


async def read_telephony(client: LiveKitClient) -> Telephony:
    """
    List the trunks and rules of the deployment.

    Raises Blocked when the SIP API refuses the list, or when it contains unknown values.
    """
    try:
        trunks = await client.list_inbound_trunks()
        rules = await client.list_dispatch_rules()
    except ApiRefused as refused:
        raise blocked(
            NOT_LISTABLE,
            f"the trunks and dispatch rules cannot be listed: {refused}",
            remedy="Check that the key pair has the grant sip.admin and that livekit-server has "
            "Redis",
            answer=refused.code,
        ) from refused
    try:
        return Telephony(
            tuple(trunk_of(_fields(info)) for info in trunks),
            tuple(rule_of(_fields(info)) for info in rules),
            client.recorder,
        )
    except ValueError as error:
        raise Blocked(
            str(error), remedy="Upgrade the suite to a version that knows this value"
        ) from error


def describe_outcome(outcome: DispatchOutcome) -> str:
    """
    Return a description: trunk and rule of the call, name of its room, reasons against all others.
    """
    trunk = f"trunk {_named(outcome.trunk)}" if outcome.trunk else "no trunk"
    rule = f"rule {_named(outcome.rule)}" if outcome.rule else "no rule"
    parts = [f"{trunk} and {rule} take the call"]
    if outcome.room is not None:
        parts.append(f"the room is {outcome.room.make(f'<{RANDOM_LENGTH} random characters>')!r}")
    if outcome.asks_for_pin:
        parts.append("the caller must enter a PIN")
    parts += [f"{one}: {why}" for one, why in sorted(outcome.not_matched.items())]
    return "; ".join(parts)


def _terms(outcome: DispatchOutcome) -> Terms:
    """
    Return the terms of the call; for media settings the rule takes precedence over the trunk.
    """
    trunk = outcome.trunk.terms if outcome.trunk else Terms()
    rule = outcome.rule.terms if outcome.rule else Terms()
    return replace(
        trunk,
        only_codecs=rule.only_codecs or trunk.only_codecs,
        encryption=rule.encryption or trunk.encryption,
        room_preset=rule.room_preset,
    )


def _has_come_true(outcome: DispatchOutcome, room: str, participant: ParticipantInfo) -> bool:
    attributes = participant.attributes
    return (
        outcome.room is not None
        and outcome.room.matches(room)
        and attributes.get("sip.trunkID", "") == (outcome.trunk.id if outcome.trunk else "")
        and attributes.get("sip.ruleID", "") == (outcome.rule.id if outcome.rule else "")
    )


def _named(one: Trunk | Rule) -> str:
    return f"{one.id} {one.name!r}" if one.name else one.id


def _fields(info: Message) -> dict[str, Any]:
    return MessageToDict(info, preserving_proto_field_name=True)
