"""
A number that can be called: create trunks and rules, place calls, and report their outcome.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from livekit import api
from livekit.protocol.models import ParticipantInfo

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.trunks_and_rules import Telephony, read_telephony
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.sip.caller import Credentials, SipAgent, new_call_id
from livekit_conformance.protocol.dispatch import (
    DispatchOutcome,
    IncomingCall,
    attributes,
    identity,
)
from livekit_conformance.waiting import wait_until
from tests.scenarios.dispatch_cases import PASSWORD, USERNAME, Case

CALL_WITHIN_S = 10.0
PIN_WITHIN_S = 15.0
HOST = "127.0.0.1"


@dataclass
class Seen:
    """
    Observations of one call by the caller, the API and the log of livekit-sip.
    """

    call_id: str
    status: int | None = None
    room: str | None = None
    participant: ParticipantInfo | None = None
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def comes_to(self) -> str | None:
        if self.participant is not None:
            return "room"
        if self.logged("Requesting Pin for SIP call"):
            return "pin"
        if self.status is not None and self.status != 200:
            return str(self.status)
        # A call without a rule is dropped with this line, and no further response comes.
        dropped = self.logged("Closing inbound call") and not self.logged("Joining room")
        return "silence" if dropped else None

    def logged(self, message: str) -> dict[str, Any] | None:
        return next((fields for fields in self.log if fields["msg"] == message), None)

    @property
    def trunk_id(self) -> str:
        if self.participant is not None:
            return self.participant.attributes["sip.trunkID"]
        return next((fields["sipTrunk"] for fields in self.log if "sipTrunk" in fields), "")


@dataclass
class Line:
    """
    A deployment with a caller and an administrator; `redis_url` is its data store.
    """

    redis_url: str
    client: LiveKitClient
    sdk: api.LiveKitAPI
    agent: SipAgent
    sip_log: LogTail

    async def listed(self) -> Telephony:
        return await read_telephony(self.client)

    async def make(self, case: Case) -> None:
        """
        Create the trunks and rules of a case; raise the server's error when it refuses.
        """
        ids = []
        for info in case.trunks:
            new_trunk = api.CreateSIPInboundTrunkRequest(trunk=info)
            ids.append((await self.sdk.sip.create_inbound_trunk(new_trunk)).sip_trunk_id)
        for rule in case.rules:
            new_rule = api.CreateSIPDispatchRuleRequest(dispatch_rule=bound(rule, ids))
            await self.sdk.sip.create_dispatch_rule(new_rule)

    async def leave_behind(self, case: Case) -> None:
        """
        Write the trunks and rules of a case straight into livekit-server's store.
        """
        ids = [f"ST_old{n}" for n in range(len(case.trunks))]
        async with redis.asyncio.from_url(self.redis_url) as store:
            for trunk_id, info in zip(ids, case.trunks, strict=True):
                trunk = api.SIPInboundTrunkInfo(sip_trunk_id=trunk_id)
                trunk.MergeFrom(info)
                await store.hset("sip_inbound_trunk", trunk_id, trunk.SerializeToString())
            for n, unbound in enumerate(case.rules):
                rule = bound(unbound, ids)
                rule.sip_dispatch_rule_id = f"SDR_old{n}"
                await store.hset("sip_dispatch_rule", f"SDR_old{n}", rule.SerializeToString())

    async def clear(self) -> None:
        for room in await self.client.list_rooms():
            try:
                await self.sdk.room.delete_room(api.DeleteRoomRequest(room=room.name))
            except api.ServerError as error:
                # The room has just ended by itself; while it ends, no node accepts the request.
                if error.code not in {"not_found", "unavailable"}:
                    raise
        for rule in await self.client.list_dispatch_rules():
            old_rule = api.DeleteSIPDispatchRuleRequest(
                sip_dispatch_rule_id=rule.sip_dispatch_rule_id
            )
            await self.sdk.sip.delete_dispatch_rule(old_rule)
        for trunk in await self.client.list_inbound_trunks():
            old_trunk = api.DeleteSIPTrunkRequest(sip_trunk_id=trunk.sip_trunk_id)
            await self.sdk.sip.delete_trunk(old_trunk)

    async def call(self, case: Case) -> Seen:
        """
        Place the call of a case and give it up as soon as its outcome is known.
        """
        seen = Seen(new_call_id())
        known: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        account = Credentials(USERNAME, PASSWORD) if case.has_credentials else None
        calling = asyncio.create_task(
            self.agent.call(
                number=case.called,
                caller=case.caller,
                caller_host=case.caller_host,
                credentials=account,
                call_id=seen.call_id,
                answer_within=CALL_WITHIN_S,
                give_up=known,
                cancel_within=0,
            )
        )
        try:
            waited = await wait_until(lambda: self.look(seen, calling), within=CALL_WITHIN_S)
        finally:
            known.set_result(None)
            call = await calling
        await call.hang_up()
        assert waited.came_true, f"what becomes of the call is {waited}; {call.summary}"
        return seen

    async def enter_pin(self, case: Case, pin: str) -> Seen:
        """
        Place a call that is asked for its PIN, and press the keys of `pin`.
        """
        seen = Seen(new_call_id())
        call = await self.agent.call(
            number=case.called,
            caller=case.caller,
            call_id=seen.call_id,
            answer_within=CALL_WITHIN_S,
        )
        assert call.media is not None, call.summary
        call.media.press(f"{pin}#")

        async def why_not_yet() -> str | None:
            await self.find(seen)
            known = seen.participant is not None or call.remote_bye
            return None if known else f"neither in a room nor hung up on: {seen.log[-1]['msg']}"

        waited = await wait_until(why_not_yet, within=PIN_WITHIN_S, poll=0.1)
        await call.hang_up()
        assert waited.came_true, waited
        return seen

    async def look(self, seen: Seen, calling: asyncio.Task[Any]) -> str | None:
        if calling.done() and calling.result().final is not None:
            seen.status = calling.result().final.status
        await self.find(seen)
        if seen.comes_to is None:
            return f"not known after {[line['msg'] for line in seen.log]}"
        return None

    async def find(self, seen: Seen) -> None:
        seen.log = [
            {"msg": line.message, **line.fields}
            for line in self.sip_log.read()
            if line.fields.get("sipCallID") == seen.call_id
        ]
        for room in await self.client.list_rooms():
            for participant in await self.client.list_participants(room.name):
                if participant.attributes.get("sip.callIDFull") == seen.call_id:
                    seen.room, seen.participant = room.name, participant


def bound(info: api.SIPDispatchRuleInfo, ids: list[str]) -> api.SIPDispatchRuleInfo:
    rule = api.SIPDispatchRuleInfo()
    rule.CopyFrom(info)
    del rule.trunk_ids[:]
    rule.trunk_ids.extend(ids[int(position)] for position in info.trunk_ids)
    return rule


def as_json(info: Message) -> dict[str, Any]:
    return MessageToDict(info, preserving_proto_field_name=True)


def incoming(case: Case) -> IncomingCall:
    return IncomingCall(case.caller, case.called, HOST, case.caller_host or HOST)


def foretold(outcome: DispatchOutcome, case: Case) -> str:
    """
    Return the predicted outcome, as the caller sees it.
    """
    if outcome.trunk and outcome.trunk.asks_for_credentials and not case.has_credentials:
        return "407"
    if outcome.asks_for_pin:
        return "pin"
    if outcome.room is None:
        return "silence"
    # A room without a name cannot be joined.
    return "room" if outcome.room.make("x") else "486"


def unlike(seen: Seen, outcome: DispatchOutcome, case: Case) -> str | None:
    """
    Return the differences between a call and its prediction, None when there are none.
    """
    differences: list[tuple[object, object]] = [(seen.comes_to, foretold(outcome, case))]
    differences.append((seen.trunk_id, outcome.trunk.id if outcome.trunk else ""))
    if seen.participant is not None and outcome.rule is not None and outcome.room is not None:
        call, told = incoming(case), dict(seen.participant.attributes)
        if not outcome.room.matches(seen.room or ""):
            differences.append((seen.room, outcome.room.stem))
        differences.append((seen.participant.identity, identity(outcome.rule, call)))
        more = {
            name: told.pop(name) for name in ("sip.callIDFull", "sip.callTag", "sip.callStatus")
        }
        assert more["sip.callIDFull"] == seen.call_id
        should = attributes(
            call, call_id=told["sip.callID"], trunk=outcome.trunk, rule=outcome.rule
        )
        differences.append((told, should))
    wrong = [f"{was} instead of {should}" for was, should in differences if was != should]
    return "; ".join(wrong) or None
