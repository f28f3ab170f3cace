"""
Strangers that speak HTTP: requests to the API, joins and webhooks.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from livekit import api

from livekit_conformance.drivers.sip.callee import BUSY, SipListener
from livekit_conformance.drivers.webhooks.sender import new_event
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.webhook_forgery import FORGERIES, Signer
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.failing_worker import Worker, registered
from tests.scenarios.harness import reveal
from tests.scenarios.strangers.target import BUSY_NUMBER, LOBBY, LOBBY_NUMBER, PIN_NUMBER, Target
from tests.vectors.bad_requests import BAD_REQUESTS
from tests.vectors.bad_tokens import BAD_TOKENS
from tests.vectors.raw_http import exchange

_LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"
_STAYS_S = 0.2
# Rooms of others exist while a call of ours is searched for.
_ROOM_STAYS_S = 3.0
_LONG_AGO_S = 86_400
# Vectors of several megabytes test the server's limits, which is another matter.
_SMALL = 100_000
_MANY_ROOMS, _MANY_TRUNKS, _MANY_LINES = 1000, 500, 2000
_AT_ONCE = 20


async def garbage_request(target: Target) -> str:
    """
    Send one of the malformed API requests.
    """
    request = BAD_REQUESTS[next(target.numbers) % len(BAD_REQUESTS)].make(target.issuer)
    if len(request) > _SMALL:
        return "too large"
    return str((await exchange(target.api, request)).status)


async def ask_for_nothing(target: Target) -> str:
    """
    Send a well-formed request for a room, participant or recording that does not exist.
    """
    room, nobody = target.room("missing"), "nobody"
    rooms, sip = target.server.room, target.server.sip
    calls = (
        lambda: rooms.remove_participant(api.RoomParticipantIdentity(room=room, identity=nobody)),
        lambda: rooms.update_participant(api.UpdateParticipantRequest(room=room, identity=nobody)),
        lambda: rooms.mute_published_track(
            api.MuteRoomTrackRequest(room=room, identity=nobody, track_sid="TR_nobody")
        ),
        lambda: rooms.update_room_metadata(api.UpdateRoomMetadataRequest(room=room, metadata="x")),
        lambda: sip.transfer_sip_participant(
            api.TransferSIPParticipantRequest(
                room_name=room, participant_identity=nobody, transfer_to="tel:+15550180"
            ),
            timeout=5,
        ),
        lambda: target.server.egress.stop_egress(api.StopEgressRequest(egress_id="EG_nobody")),
    )
    await calls[next(target.numbers) % len(calls)]()
    return "done"


async def bad_token(target: Target) -> str:
    """
    List rooms with a token that is expired, of another key, or no token.
    """
    token = BAD_TOKENS[next(target.numbers) % len(BAD_TOKENS)].header(target.issuer)
    headers = {} if token is None else {"Authorization": token}
    async with target.http.post(_url(target, _LIST_ROOMS), json={}, headers=headers) as answer:
        return str(answer.status)


async def passing_room(target: Target) -> str:
    """
    Create a room, and delete it a moment later.
    """
    return await _passing(target, target.room("other"))


async def look_alike_room(target: Target) -> str:
    """
    Create and delete a room with a name like those of a run.
    """
    return await _passing(target, target.room(f"lkc-{next(target.numbers):08x}"))


async def deleted_room(target: Target) -> str:
    """
    Delete a room while a participant is in it.
    """
    room = target.room("deleted")
    async with target.http.ws_connect(_join(target, room)) as joined:
        await joined.receive(timeout=5)
        await target.server.room.delete_room(api.DeleteRoomRequest(room=room))
        return "deleted"


async def forged_webhook(target: Target) -> str:
    """
    Send a forged webhook to the endpoint; outside of a run nobody listens there.
    """
    livekit = target.profile.livekit
    forge = list(FORGERIES.values())[next(target.numbers) % len(FORGERIES)]
    signer = Signer(livekit.api_key, reveal(livekit.api_secret), time.time())
    delivery = forge(signer, new_event())
    async with target.http.post(
        target.profile.webhook.url, data=delivery.body, headers=dict(delivery.headers)
    ) as answer:
        return str(answer.status)


async def join_with_a_bad_token(target: Target) -> str:
    """
    Join a room with a token of another secret.
    """
    issuer = replace(target.issuer, secret="another-secret-of-32-characters!")
    async with target.http.get(_join(target, target.room("kept-out"), issuer)) as answer:
        return str(answer.status)


async def join_and_drop(target: Target) -> str:
    """
    Join a room and drop the connection without a word.
    """
    room = target.room("dropped")
    async with target.http.ws_connect(_join(target, room)) as joined:
        first = await joined.receive(timeout=5)
        return first.type.name


async def half_a_request(target: Target) -> str:
    """
    Open a connection, send half a header, and leave.
    """
    _, writer = await asyncio.open_connection(*target.api)
    writer.write(b"POST /twirp/livekit.RoomService/ListRooms HTTP/1.1\r\nHost: ")
    await asyncio.sleep(_STAYS_S)
    writer.transport.abort()
    return "left"


async def record_without_egress(target: Target) -> str:
    """
    Ask for a recording where no egress service runs.
    """
    room = target.room("recorded")
    await target.server.room.create_room(api.CreateRoomRequest(name=room, empty_timeout=10))
    request = api.RoomCompositeEgressRequest(
        room_name=room,
        file_outputs=[api.EncodedFileOutput(filepath="recording.mp4")],
    )
    return (await target.server.egress.start_room_composite_egress(request)).room_name


async def change_metadata(target: Target) -> str:
    """
    Change the metadata of a room ten times.
    """
    room = target.room("changing")
    await target.server.room.create_room(api.CreateRoomRequest(name=room, empty_timeout=10))
    for number in range(10):
        await target.server.room.update_room_metadata(
            api.UpdateRoomMetadataRequest(room=room, metadata=f"{number}" * 100)
        )
    await target.server.room.delete_room(api.DeleteRoomRequest(room=room))
    return "changed"


async def ask_for_an_unknown_agent(target: Target) -> str:
    """
    Dispatch an agent that no worker has registered.
    """
    room = target.room("agentless")
    await target.server.agent_dispatch.create_dispatch(
        api.CreateAgentDispatchRequest(room=room, agent_name="an-agent-of-nobody")
    )
    await target.server.room.delete_room(api.DeleteRoomRequest(room=room))
    return "dispatched"


async def crash_an_agent(target: Target) -> str:
    """
    Dispatch an agent whose worker takes the job, and crashes.
    """
    room, name = target.room("crashed"), f"agent-{next(target.numbers)}"
    async with registered(target.profile.livekit, Worker(name, "takes-and-stays-away")):
        await target.server.agent_dispatch.create_dispatch(
            api.CreateAgentDispatchRequest(room=room, agent_name=name)
        )
        await asyncio.sleep(_STAYS_S)
    await target.server.room.delete_room(api.DeleteRoomRequest(room=room))
    return "crashed"


async def remove_participant(target: Target) -> str:
    """
    Remove a participant from its room.
    """
    room = target.room("removed")
    async with target.http.ws_connect(_join(target, room)) as joined:
        await joined.receive(timeout=5)
        await target.server.room.remove_participant(
            api.RoomParticipantIdentity(room=room, identity="stranger")
        )
        await target.server.room.delete_room(api.DeleteRoomRequest(room=room))
        return "removed"


async def passing_trunk(target: Target) -> str:
    """
    Create a trunk and a rule for another number, and delete both.
    """
    number = f"+1555010{next(target.numbers) % 10_000:04}"
    trunk = await _trunk(target, number)
    rule = await _rule(target, trunk, f"other-{number}")
    await target.server.sip.delete_dispatch_rule(
        api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule)
    )
    await target.server.sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=trunk))
    return "deleted"


async def dial_a_busy_number(target: Target) -> str:
    """
    Place an outbound call to a callee that is busy.
    """
    async with _busy_callee(target) as trunk:
        return await _dial(target, trunk)


async def dial_nowhere(target: Target) -> str:
    """
    Place an outbound call to an address where nobody listens.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((target.own_host, 0))
        trunk = await _outbound_trunk(target, silent)
        return await _dial(target, trunk, ringing_s=1)


async def thousand_rooms(target: Target) -> str:
    """
    Create rooms that outlive the run.
    """
    names = [target.room("standing") for _ in range(_MANY_ROOMS)]

    async def create(name: str) -> None:
        await target.server.room.create_room(api.CreateRoomRequest(name=name, empty_timeout=3600))

    for start in range(0, len(names), _AT_ONCE):
        await asyncio.gather(*map(create, names[start : start + _AT_ONCE]))
    return "created"


async def many_trunks(target: Target) -> str:
    """
    Create trunks with a rule each, all for other numbers.
    """

    async def create(number: int) -> None:
        trunk = await _trunk(target, f"+15550101{number:03}")
        await _rule(target, trunk, f"standing-{number}")

    for start in range(0, _MANY_TRUNKS, _AT_ONCE):
        await asyncio.gather(*map(create, range(start, start + _AT_ONCE)))
    return "created"


async def number_with_pin(target: Target) -> str:
    """
    Create the number that asks for a PIN, unless an earlier run has.
    """
    if not await _is_known(target, PIN_NUMBER):
        await _rule(target, await _trunk(target, PIN_NUMBER), "with-pin", pin="4711")
    return "created"


async def lobby(target: Target) -> str:
    """
    Create the lobby and its number, unless an earlier run has.
    """
    if not await _is_known(target, LOBBY_NUMBER):
        await _rule(target, await _trunk(target, LOBBY_NUMBER), LOBBY)
    await target.server.room.create_room(api.CreateRoomRequest(name=LOBBY, empty_timeout=3600))
    return "created"


async def failures_of_yesterday(target: Target) -> str:
    """
    Add failures of yesterday to the log of livekit-sip.
    """
    ts = time.time() - _LONG_AGO_S
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(ts))
    failure: dict[str, Any] = {
        "level": "error",
        "ts": at,
        "logger": "sip",
        "caller": "sip/inbound.go:372",
        "msg": "auth check failed",
        "error": "no response from servers",
        "fromIP": "192.0.2.7",
        "fromUser": "+15550160",
        "toUser": target.profile.sip.number,
    }
    lines = (
        json.dumps(failure | {"callID": f"SCL_old{number}", "sipCallID": f"old-{number}"})
        for number in range(_MANY_LINES)
    )
    text = "".join(f"{line}\n" for line in lines)
    with target.log("livekit-sip").open("a") as log:
        await asyncio.to_thread(log.write, text)
    return "written"


async def _passing(target: Target, room: str) -> str:
    await target.server.room.create_room(api.CreateRoomRequest(name=room, empty_timeout=10))
    await asyncio.sleep(_ROOM_STAYS_S)
    await target.server.room.delete_room(api.DeleteRoomRequest(room=room))
    return "deleted"


def _url(target: Target, path: str) -> str:
    host, port = target.api
    return f"http://{host}:{port}{path}"


def _join(target: Target, room: str, issuer: Any = None) -> str:
    issuer = issuer or target.issuer
    grant = {"roomJoin": True, "room": room}
    token = issuer.sign(issuer.claims(sub="stranger", video=grant))
    return _url(target, f"/rtc?access_token={token}&protocol=9")


async def _is_known(target: Target, number: str) -> bool:
    found = await target.server.sip.list_inbound_trunk(
        api.ListSIPInboundTrunkRequest(numbers=[number])
    )
    return any(number in trunk.numbers for trunk in found.items)


async def _trunk(target: Target, number: str) -> str:
    trunk = api.SIPInboundTrunkInfo(name="other", numbers=[number])
    made = await target.server.sip.create_inbound_trunk(
        api.CreateSIPInboundTrunkRequest(trunk=trunk)
    )
    return made.sip_trunk_id


async def _rule(target: Target, trunk: str, room: str, *, pin: str = "") -> str:
    direct = api.SIPDispatchRuleDirect(room_name=room, pin=pin)
    rule = api.SIPDispatchRuleInfo(
        name="other",
        trunk_ids=[trunk],
        rule=api.SIPDispatchRule(dispatch_rule_direct=direct),
    )
    made = await target.server.sip.create_dispatch_rule(
        api.CreateSIPDispatchRuleRequest(dispatch_rule=rule)
    )
    return made.sip_dispatch_rule_id


@asynccontextmanager
async def _busy_callee(target: Target) -> AsyncIterator[str]:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind((target.own_host, 0))
    recorder = Recorder(Redactor())
    async with SipListener(bound, number=BUSY_NUMBER, recorder=recorder) as callee:
        with callee.behaving(BUSY):
            yield await _outbound_trunk(target, bound)


async def _outbound_trunk(target: Target, bound: socket.socket) -> str:
    host, port = bound.getsockname()
    trunk = api.SIPOutboundTrunkInfo(
        name="other",
        address=f"{host}:{port}",
        transport=api.SIPTransport.SIP_TRANSPORT_UDP,
        numbers=[next(target.callers)],
    )
    made = await target.server.sip.create_outbound_trunk(
        api.CreateSIPOutboundTrunkRequest(trunk=trunk)
    )
    return made.sip_trunk_id


async def _dial(target: Target, trunk: str, *, ringing_s: int = 3) -> str:
    request = api.CreateSIPParticipantRequest(
        sip_trunk_id=trunk,
        sip_call_to=BUSY_NUMBER,
        room_name=target.room("dialled"),
        participant_identity="stranger",
        wait_until_answered=True,
    )
    request.ringing_timeout.FromSeconds(ringing_s)
    try:
        answered = await target.server.sip.create_sip_participant(request, timeout=10)
        return str(answered.participant_id)
    finally:
        await target.server.sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=trunk))
