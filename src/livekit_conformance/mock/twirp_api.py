"""
Twirp services of livekit-server that the suites use: RoomService, SIP and AgentDispatchService.

A method is one row of a table: its messages, its grant, its log fields and its handler. A method
that is not in the table does not exist: `bad_route`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from livekit.protocol import agent_dispatch as dispatch_messages
from livekit.protocol import room as room_messages
from livekit.protocol import sip as sip_messages
from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.models import Room as RoomInfo

from livekit_conformance.mock import identifiers
from livekit_conformance.mock.config import Faults
from livekit_conformance.mock.outbound import OutboundCalls
from livekit_conformance.mock.rooms import RoomStore
from livekit_conformance.mock.telephony import TelephonyStore
from livekit_conformance.protocol.twirp import Code, TwirpError

# Bytes, not characters; `limit.max_room_name_length`.
MAX_ROOM_NAME: Final = 256

_NO_ENCRYPTION: Final = "SIP_MEDIA_ENCRYPT_DISABLE"

Claims = Mapping[str, Any]


@dataclass(slots=True)
class TwirpRequest:
    """
    One request to a method, and the fields of its log line.
    """

    request: Any
    rooms: RoomStore
    telephony: TelephonyStore
    outbound: OutboundCalls
    faults: Faults
    keeps_alive: bool = True
    log_fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """
    One method: its request class, permission check, initial log fields and handler.
    """

    request: type[Message]
    allows: Callable[[Claims, Any], bool]
    logs: Callable[[Any], dict[str, Any]]
    handle: Callable[[TwirpRequest], Message | Awaitable[Message]]


def _video(grant: str) -> Callable[[Claims, Any], bool]:
    return lambda claims, _request: _grants(claims, "video").get(grant) is True


def _room_admin(claims: Claims, request: Any) -> bool:
    video = _grants(claims, "video")
    return video.get("roomAdmin") is True and video.get("room", "") == request.room


def _sip_admin(claims: Claims, _request: Any) -> bool:
    return _grants(claims, "sip").get("admin") is True


def _sip_call(claims: Claims, _request: Any) -> bool:
    return _grants(claims, "sip").get("call") is True


def _grants(claims: Claims, kind: str) -> Mapping[str, Any]:
    grants = claims.get(kind)
    return grants if isinstance(grants, Mapping) else {}


def _create_room(call: TwirpRequest) -> RoomInfo:
    request, faults = call.request, call.faults
    if len(request.name.encode()) > MAX_ROOM_NAME and not faults.long_names_accepted:
        limit = "" if faults.limit_not_named else f": max length {MAX_ROOM_NAME}"
        raise _unknown(Code.INVALID_ARGUMENT, f"room name length exceeds limits{limit}")
    if faults.plus_becomes_blank:
        request.name = request.name.replace("+", " ")
    if faults.names_become_ascii:
        request.name = request.name.encode("ascii", "replace").decode()
    if faults.open_rooms_renewed:
        call.rooms.delete(request.name)
    if faults.metadata_forgotten:
        request.metadata = ""
    return call.rooms.create(request)


def _list_rooms(call: TwirpRequest) -> Message:
    if call.faults.rooms_not_listed or (call.faults.nodes_apart and not call.keeps_alive):
        return room_messages.ListRoomsResponse()
    return room_messages.ListRoomsResponse(rooms=call.rooms.infos(call.request.names))


def _delete_room(call: TwirpRequest) -> Message:
    if not call.rooms.delete(call.request.room) and not call.faults.absent_rooms_deleted:
        raise _unknown(Code.NOT_FOUND, "requested room does not exist")
    return room_messages.DeleteRoomResponse()


def _list_participants(call: TwirpRequest) -> Message:
    room = call.rooms.get(call.request.room)
    participants = room.participants.values() if room else ()
    return room_messages.ListParticipantsResponse(participants=participants)


def _list_dispatch(call: TwirpRequest) -> Message:
    if call.rooms.get(call.request.room) is None:
        raise TwirpError(Code.UNAVAILABLE, "twirp error unknown: no response from servers")
    # livekit-server dispatches an agent without a name to each room; the mock has no workers.
    dispatch = dispatch_messages.AgentDispatch(room=call.request.room)
    return dispatch_messages.ListAgentDispatchResponse(agent_dispatches=[dispatch])


def _get_participant(call: TwirpRequest) -> ParticipantInfo:
    room = call.rooms.get(call.request.room)
    if room is None or call.request.identity not in room.participants:
        raise _no_participant()
    return room.participants[call.request.identity]


def _remove_participant(call: TwirpRequest) -> Message:
    room, identity = call.request.room, call.request.identity
    if not call.rooms.leave(room, identity, DisconnectReason.PARTICIPANT_REMOVED):
        raise _no_participant()
    call.rooms.on_removed(room, identity)
    return room_messages.RemoveParticipantResponse()


def _update_participant(call: TwirpRequest) -> ParticipantInfo:
    participant = _get_participant(call)
    if call.request.metadata:
        participant.metadata = call.request.metadata
    return participant


def _reach_participant(_call: TwirpRequest) -> Message:
    # The real server asks the participant over the bus and gives up after 3 s; the mock does so at
    # once, whoever is in the room.
    raise _unknown(Code.UNAVAILABLE, "no response from servers")


def _send_data(_call: TwirpRequest) -> Message:
    return room_messages.SendDataResponse()


def _update_metadata(call: TwirpRequest) -> RoomInfo:
    if (room := call.rooms.get(call.request.room)) is None:
        raise _unknown(Code.NOT_FOUND, "requested room does not exist")
    room.info.metadata = call.request.metadata
    return room.info


def _create_trunk(call: TwirpRequest) -> Message:
    if not call.request.HasField("trunk"):
        raise TwirpError(Code.INVALID_ARGUMENT, "missing trunk")
    trunk = sip_messages.SIPInboundTrunkInfo()
    trunk.CopyFrom(call.request.trunk)
    # One of the two satisfies this check, but a challenge later takes both.
    has_credentials = trunk.auth_username or trunk.auth_password
    if not (has_credentials or trunk.allowed_addresses or trunk.numbers):
        raise TwirpError(
            Code.INVALID_ARGUMENT,
            "for security, one of the fields must be set: AuthUsername+AuthPassword, "
            "AllowedAddresses or Numbers",
        )
    call.log_fields["trunk"] = _shown_trunk(trunk)
    created = call.telephony.add_trunk(trunk)
    call.log_fields["trunk"] = _shown_trunk(created)
    return created


def _list_trunks(call: TwirpRequest) -> Message:
    ids, numbers = set(call.request.trunk_ids), set(call.request.numbers)
    return sip_messages.ListSIPInboundTrunkResponse(
        items=[
            trunk
            for trunk in call.telephony.trunks.values()
            if (not ids or trunk.sip_trunk_id in ids)
            and (not numbers or not trunk.numbers or numbers.intersection(trunk.numbers))
        ]
    )


def _create_rule(call: TwirpRequest) -> Message:
    rule = sip_messages.SIPDispatchRuleInfo()
    if call.request.HasField("dispatch_rule"):
        rule.CopyFrom(call.request.dispatch_rule)
    else:
        # Older clients send flat fields.
        for name in ("rule", "room_config"):
            if call.request.HasField(name):
                getattr(rule, name).CopyFrom(getattr(call.request, name))
        for name in ("trunk_ids", "inbound_numbers"):
            getattr(rule, name).extend(getattr(call.request, name))
        for name in ("name", "metadata", "room_preset", "hide_phone_number"):
            setattr(rule, name, getattr(call.request, name))
        rule.attributes.update(call.request.attributes)
    if rule.rule.WhichOneof("rule") is None:
        raise TwirpError(Code.INVALID_ARGUMENT, "missing rule")
    call.log_fields |= {
        "request": MessageToDict(call.request),
        "trunkID": list(call.request.trunk_ids),
    }
    created = call.telephony.add_rule(rule)
    if call.request.HasField("dispatch_rule"):
        call.log_fields["request"] = {"dispatchRule": _shown_rule(created)}
    return created


def _list_rules(call: TwirpRequest) -> Message:
    ids, trunks = set(call.request.dispatch_rule_ids), set(call.request.trunk_ids)
    return sip_messages.ListSIPDispatchRuleResponse(
        items=[
            rule
            for rule in call.telephony.rules.values()
            if (not ids or rule.sip_dispatch_rule_id in ids)
            and (not trunks or not rule.trunk_ids or trunks.intersection(rule.trunk_ids))
        ]
    )


def _create_outbound_trunk(call: TwirpRequest) -> Message:
    if not call.request.HasField("trunk"):
        raise TwirpError(Code.INVALID_ARGUMENT, "missing trunk")
    trunk = sip_messages.SIPOutboundTrunkInfo()
    trunk.CopyFrom(call.request.trunk)
    problems = {
        "no trunk numbers specified": not trunk.numbers,
        "no outbound address specified": not trunk.address,
        "trunk address should be a hostname or IP, not SIP URI": trunk.address.startswith("sip:"),
        "trunk address should not contain transport parameter": "transport=" in trunk.address,
        "trunk id must not be set": bool(trunk.sip_trunk_id),
    }
    if problem := next((text for text, is_one in problems.items() if is_one), None):
        raise TwirpError(Code.INVALID_ARGUMENT, problem)
    created = call.telephony.add_outbound_trunk(trunk)
    call.log_fields["trunk"] = _shown_trunk(created)
    return created


def _list_outbound_trunks(call: TwirpRequest) -> Message:
    ids, numbers = set(call.request.trunk_ids), set(call.request.numbers)
    return sip_messages.ListSIPOutboundTrunkResponse(
        items=[
            trunk
            for trunk in call.telephony.outbound_trunks.values()
            if (not ids or trunk.sip_trunk_id in ids)
            and (not numbers or numbers.intersection(trunk.numbers))
        ]
    )


async def _create_participant(call: TwirpRequest) -> Message:
    request = call.request
    problems = {
        "missing sip trunk id and sip number": not (request.sip_trunk_id or request.sip_number),
        "missing sip callee number": not request.sip_call_to,
        "SipCallTo should be a phone number or SIP user, not a full SIP URI": (
            "@" in request.sip_call_to
        ),
        "missing room name": not request.room_name,
    }
    if problem := next((text for text, is_one in problems.items() if is_one), None):
        raise TwirpError(Code.INVALID_ARGUMENT, problem)
    if not request.sip_trunk_id:
        raise TwirpError(Code.UNIMPLEMENTED, "the mock places no calls without a trunk")
    trunk = call.telephony.outbound_trunks.get(request.sip_trunk_id)
    if trunk is None:
        raise TwirpError(Code.NOT_FOUND, "requested sip trunk does not exist")
    call_id = identifiers.new(identifiers.SIP_CALL)
    call.log_fields |= {"callID": call_id, "toHost": trunk.address}
    return sip_messages.SIPParticipantInfo(
        participant_id=await call.outbound.place(request, trunk, call_id),
        participant_identity=request.participant_identity or f"sip_{request.sip_call_to}",
        room_name=request.room_name,
        sip_call_id=call_id,
    )


def _update_by_id(id_field: str, what: str) -> Callable[[TwirpRequest], Message]:
    def update(call: TwirpRequest) -> Message:
        if not getattr(call.request, id_field):
            raise TwirpError(Code.INVALID_ARGUMENT, f"{what} id must be set")
        raise TwirpError(Code.UNIMPLEMENTED, "the mock updates no trunk and no rule")

    return update


def _delete_trunk(call: TwirpRequest) -> Message:
    if not call.request.sip_trunk_id:
        raise TwirpError(Code.INVALID_ARGUMENT, "trunk ID is required")
    call.log_fields["trunkID"] = call.request.sip_trunk_id
    return call.telephony.remove_trunk(call.request.sip_trunk_id)


def _delete_rule(call: TwirpRequest) -> Message:
    if not call.request.sip_dispatch_rule_id:
        raise TwirpError(Code.INVALID_ARGUMENT, "dispatch rule ID is required")
    return call.telephony.remove_rule(call.request.sip_dispatch_rule_id)


def _unknown(code: Code, text: str) -> TwirpError:
    # Errors that cross the bus inside livekit-server have this prefix.
    return TwirpError(code, f"twirp error unknown: {text}")


def _no_participant() -> TwirpError:
    return _unknown(Code.NOT_FOUND, "participant does not exist")


def _nothing(_request: Any) -> dict[str, Any]:
    return {}


def _room_and_request(request: room_messages.CreateRoomRequest) -> dict[str, Any]:
    shown = MessageToDict(request)
    if request.metadata:
        # The log counts the quotes too.
        shown["metadata"] = f"<redacted ({len(request.metadata.encode()) + 2} bytes)>"
    return {"room": request.name, "request": shown}


def _room(request: Any) -> dict[str, Any]:
    return {"room": request.room}


def _room_and_participant(request: Any) -> dict[str, Any]:
    return {"room": request.room, "participant": request.identity}


def _room_and_callee(request: sip_messages.CreateSIPParticipantRequest) -> dict[str, Any]:
    return {
        "room": request.room_name,
        "participant": request.participant_identity,
        "toUser": request.sip_call_to,
        "trunkID": request.sip_trunk_id,
    }


def _shown_trunk(
    trunk: sip_messages.SIPInboundTrunkInfo | sip_messages.SIPOutboundTrunkInfo,
) -> dict[str, Any]:
    shown: dict[str, Any] = MessageToDict(trunk)
    shown |= {key: "<redacted>" for key in ("authUsername", "authPassword") if key in shown}
    shown |= {"includeHeaders": "SIP_NO_HEADERS", "mediaEncryption": _NO_ENCRYPTION}
    return _renamed(shown, "sipTrunkId", "sipTrunkID")


def _shown_rule(rule: sip_messages.SIPDispatchRuleInfo) -> dict[str, Any]:
    shown: dict[str, Any] = MessageToDict(rule)
    shown |= {"media": {"encryption": _NO_ENCRYPTION}, "mediaEncryption": _NO_ENCRYPTION}
    return _renamed(shown, "sipDispatchRuleId", "sipDispatchRuleID")


def _renamed(shown: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if key == old else key: value for key, value in shown.items()}


_R: Final = room_messages
_S: Final = sip_messages

METHODS: Final[Mapping[tuple[str, str], Method]] = MappingProxyType(
    {
        ("RoomService", "CreateRoom"): Method(
            _R.CreateRoomRequest, _video("roomCreate"), _room_and_request, _create_room
        ),
        ("RoomService", "ListRooms"): Method(
            _R.ListRoomsRequest,
            _video("roomList"),
            lambda request: {"room": list(request.names)},
            _list_rooms,
        ),
        ("RoomService", "DeleteRoom"): Method(
            _R.DeleteRoomRequest, _video("roomCreate"), _room, _delete_room
        ),
        ("RoomService", "ListParticipants"): Method(
            _R.ListParticipantsRequest, _room_admin, _room, _list_participants
        ),
        ("AgentDispatchService", "ListDispatch"): Method(
            dispatch_messages.ListAgentDispatchRequest, _room_admin, _room, _list_dispatch
        ),
        ("RoomService", "GetParticipant"): Method(
            _R.RoomParticipantIdentity, _room_admin, _room_and_participant, _get_participant
        ),
        ("RoomService", "RemoveParticipant"): Method(
            _R.RoomParticipantIdentity, _room_admin, _room_and_participant, _remove_participant
        ),
        ("RoomService", "UpdateParticipant"): Method(
            _R.UpdateParticipantRequest, _room_admin, _room_and_participant, _update_participant
        ),
        ("RoomService", "MutePublishedTrack"): Method(
            _R.MuteRoomTrackRequest,
            _room_admin,
            lambda request: {
                **_room_and_participant(request),
                "trackID": request.track_sid,
                "muted": request.muted,
            },
            _reach_participant,
        ),
        ("RoomService", "UpdateSubscriptions"): Method(
            _R.UpdateSubscriptionsRequest,
            _room_admin,
            lambda request: {
                **_room_and_participant(request),
                "trackID": list(request.track_sids),
            },
            _reach_participant,
        ),
        ("RoomService", "SendData"): Method(
            _R.SendDataRequest,
            _room_admin,
            lambda request: {"room": request.room, "size": len(request.data)},
            _send_data,
        ),
        ("RoomService", "UpdateRoomMetadata"): Method(
            _R.UpdateRoomMetadataRequest,
            _room_admin,
            lambda request: {"room": request.room, "size": len(request.metadata.encode())},
            _update_metadata,
        ),
        ("SIP", "CreateSIPInboundTrunk"): Method(
            _S.CreateSIPInboundTrunkRequest, _sip_admin, _nothing, _create_trunk
        ),
        ("SIP", "ListSIPInboundTrunk"): Method(
            _S.ListSIPInboundTrunkRequest, _sip_admin, _nothing, _list_trunks
        ),
        ("SIP", "CreateSIPOutboundTrunk"): Method(
            _S.CreateSIPOutboundTrunkRequest, _sip_admin, _nothing, _create_outbound_trunk
        ),
        ("SIP", "ListSIPOutboundTrunk"): Method(
            _S.ListSIPOutboundTrunkRequest, _sip_admin, _nothing, _list_outbound_trunks
        ),
        ("SIP", "CreateSIPParticipant"): Method(
            _S.CreateSIPParticipantRequest, _sip_call, _room_and_callee, _create_participant
        ),
        ("SIP", "CreateSIPDispatchRule"): Method(
            _S.CreateSIPDispatchRuleRequest, _sip_admin, _nothing, _create_rule
        ),
        ("SIP", "ListSIPDispatchRule"): Method(
            _S.ListSIPDispatchRuleRequest, _sip_admin, _nothing, _list_rules
        ),
        ("SIP", "UpdateSIPInboundTrunk"): Method(
            _S.UpdateSIPInboundTrunkRequest,
            _sip_admin,
            _nothing,
            _update_by_id("sip_trunk_id", "trunk"),
        ),
        ("SIP", "UpdateSIPOutboundTrunk"): Method(
            _S.UpdateSIPOutboundTrunkRequest,
            _sip_admin,
            _nothing,
            _update_by_id("sip_trunk_id", "trunk"),
        ),
        ("SIP", "UpdateSIPDispatchRule"): Method(
            _S.UpdateSIPDispatchRuleRequest,
            _sip_admin,
            _nothing,
            _update_by_id("sip_dispatch_rule_id", "rule"),
        ),
        ("SIP", "DeleteSIPTrunk"): Method(
            _S.DeleteSIPTrunkRequest, _sip_admin, _nothing, _delete_trunk
        ),
        ("SIP", "DeleteSIPDispatchRule"): Method(
            _S.DeleteSIPDispatchRuleRequest, _sip_admin, _nothing, _delete_rule
        ),
    }
)

SERVICES: Final = frozenset(service for service, _ in METHODS)
