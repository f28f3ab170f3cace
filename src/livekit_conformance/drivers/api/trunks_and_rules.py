"""
The inbound trunks and dispatch rules of a deployment, and what they make of a call.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from livekit.protocol.models import ParticipantInfo

from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.environments.profile import Sip
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.dispatch import (
    RANDOM_LENGTH,
    ConflictError,
    DispatchOutcome,
    IncomingCall,
    Rule,
    Terms,
    Trunk,
    conflict_of,
    evaluate,
)
from livekit_conformance.protocol.near_miss import Obstacle, rule_obstacles, trunk_obstacles
from livekit_conformance.protocol.telephony import rule_of, trunk_of


@dataclass(frozen=True, slots=True)
class Telephony:
    """
    The trunks and rules as they were listed.
    """

    trunks: tuple[Trunk, ...]
    rules: tuple[Rule, ...]
    recorder: Recorder = field(repr=False, compare=False)

    def predict(
        self, call: IncomingCall, *, pin: str | None = None, ignored: bool = False
    ) -> DispatchOutcome:
        """
        What becomes of `call`; `ignored`: it has been placed, and was. Raises ConflictError where
        trunks or rules are ambiguous.
        """
        outcome = evaluate(self.trunks, self.rules, call, pin=pin)
        against_trunk, against_rule = self._obstacles(outcome, call)
        self.recorder.record(
            time.time(),
            "dispatch",
            told(outcome),
            caller=call.caller,
            called=call.called,
            source=call.source_ip,
            ignored=ignored,
            trunk=outcome.trunk.id if outcome.trunk else None,
            rule=outcome.rule.id if outcome.rule else None,
            asks_for_pin=outcome.asks_for_pin,
            allowed_addresses=", ".join(outcome.trunk.allowed_addresses) if outcome.trunk else "",
            trunks=len(self.trunks),
            rules=len(self.rules),
            trunk_obstacles=" ".join(against_trunk),
            rule_obstacles=" ".join(against_rule),
            **_terms(outcome),
        )
        return outcome

    def _obstacles(
        self, outcome: DispatchOutcome, call: IncomingCall
    ) -> tuple[tuple[Obstacle, ...], tuple[Obstacle, ...]]:
        if outcome.rule is not None:
            return (), ()
        against_trunk = trunk_obstacles(self.trunks, call) if outcome.trunk is None else ()
        return against_trunk, rule_obstacles(self.rules, outcome.trunk, call)

    def is_unambiguous_for(self, call: IncomingCall) -> bool:
        """
        Whether this very call runs into no conflict.
        """
        return self.own_conflict_of(call) is None

    def own_conflict_of(self, call: IncomingCall) -> ConflictError | None:
        """
        The conflict that this very call runs into.
        """
        try:
            evaluate(self.trunks, self.rules, call)
        except ConflictError as conflict:
            return conflict
        return None

    def conflict_of(self, call: IncomingCall) -> ConflictError | None:
        """
        The conflict that somebody runs into who calls the same number; None when nobody does.
        """
        return conflict_of(self.trunks, self.rules, call)

    def unforeseen(
        self, room: str, participant: ParticipantInfo, *, caller: str, called: str
    ) -> str | None:
        """
        What was foretold instead of this SIP participant in this room; None when it was foretold.

        `caller` and `called` are what was sent; the participant tells what arrived, unless a rule
        hides it.
        """
        told_of = participant.attributes
        call = IncomingCall(
            told_of.get("sip.phoneNumber", caller),
            told_of.get("sip.trunkPhoneNumber", called),
            caller_host=told_of.get("sip.hostname", ""),
        )
        trunk_id = told_of.get("sip.trunkID", "")
        # Where the call came from is not known. Trunks with allowed_addresses, other than the one
        # that has taken it, may be for other sources.
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
            stories.append(told(outcome))
        return f"{stories[0]}; it came by trunk {trunk_id} and rule {told_of.get('sip.ruleID')}"


def wrong_account(trunk: Trunk, sip: Sip) -> str | None:
    """
    What of the profile's account is not that of the trunk; None where nothing is.
    """
    if not trunk.asks_for_credentials:
        return None
    if not sip.username:
        return f"sip.username is empty, and trunk {trunk.id} asks for an account"
    fields = (
        ("username", sip.username, trunk.auth_username),
        ("password", sip.password.get_secret_value(), trunk.auth_password),
    )
    wrong = [name for name, ours, theirs in fields if ours != theirs]
    parts = (f"sip.{name} is not auth_{name} of trunk {trunk.id}" for name in wrong)
    return "; ".join(parts) or None


async def read_telephony(client: LiveKitClient) -> Telephony:
    """
    List the trunks and rules of the deployment.

    Raises Blocked when the SIP API does not give them, or gives what nobody here knows.
    """
    try:
        trunks = await client.list_inbound_trunks()
        rules = await client.list_dispatch_rules()
    except ApiRefused as refused:
        raise Blocked(
            f"the trunks and dispatch rules cannot be listed: {refused}",
            remedy="The key pair needs the grant sip.admin, and livekit-server a Redis",
        ) from refused
    try:
        return Telephony(
            tuple(trunk_of(_fields(info)) for info in trunks),
            tuple(rule_of(_fields(info)) for info in rules),
            client.recorder,
        )
    except ValueError as error:
        raise Blocked(str(error), remedy="Use a version of the suite that knows it") from error


def told(outcome: DispatchOutcome) -> str:
    """
    Which trunk and rule take a call, how its room is named, and why each of the others does not.
    """
    trunk = f"trunk {_named(outcome.trunk)}" if outcome.trunk else "no trunk"
    rule = f"rule {_named(outcome.rule)}" if outcome.rule else "no rule"
    parts = [f"{trunk} and {rule} take the call"]
    if outcome.room is not None:
        parts.append(f"the room is {outcome.room.make(f'<{RANDOM_LENGTH} random characters>')!r}")
    if outcome.asks_for_pin:
        parts.append("the caller is asked for a PIN")
    parts += [f"{one}: {why}" for one, why in sorted(outcome.not_matched.items())]
    return "; ".join(parts)


def _terms(outcome: DispatchOutcome) -> dict[str, Any]:
    """
    On which terms the call is taken; in what concerns the media the rule comes before the trunk.
    """
    trunk = outcome.trunk.terms if outcome.trunk else Terms()
    rule = outcome.rule.terms if outcome.rule else Terms()
    return {
        "ringing_timeout_s": trunk.ringing_timeout_s,
        "max_call_duration_s": trunk.max_call_duration_s,
        "only_codecs": ", ".join(rule.only_codecs or trunk.only_codecs),
        "encryption": rule.encryption or trunk.encryption,
    }


def _has_come_true(outcome: DispatchOutcome, room: str, participant: ParticipantInfo) -> bool:
    told_of = participant.attributes
    return (
        outcome.room is not None
        and outcome.room.matches(room)
        and told_of.get("sip.trunkID", "") == (outcome.trunk.id if outcome.trunk else "")
        and told_of.get("sip.ruleID", "") == (outcome.rule.id if outcome.rule else "")
    )


def _named(one: Trunk | Rule) -> str:
    return f"{one.id} {one.name!r}" if one.name else one.id


def _fields(info: Message) -> dict[str, Any]:
    return MessageToDict(info, preserving_proto_field_name=True)
