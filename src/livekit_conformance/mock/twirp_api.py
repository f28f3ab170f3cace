"""
The Twirp services of livekit-server that the suites use: RoomService and SIP.

A method is one row of a table: its messages, the grant it needs, and what it does. What is not in
the table does not exist: `bad_route`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from livekit.protocol import room as room_messages
from livekit.protocol import sip as sip_messages
from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.models import Room as RoomInfo

from livekit_conformance.mock.config import Faults
from livekit_conformance.mock.rooms import Rooms
from livekit_conformance.mock.telephony import Telephony
from livekit_conformance.protocol.twirp import Code, TwirpError

# Bytes, not characters; `limit.max_room_name_length`.
MAX_ROOM_NAME: Final = 256

_NO_ENCRYPTION: Final = "SIP_MEDIA_ENCRYPT_DISABLE"

Claims = Mapping[str, Any]


@dataclass(slots=True)
class Call:
    """
    One request to a method, and what the log will say of it.
    """

    request: Any
    rooms: Rooms
    telephony: Telephony
    faults: Faults
    log_fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """
    One method: the class of its request, who may call it, what the log says first, what it does.
    """

    request: type[Message]
    allows: Callable[[Claims, Any], bool]
    logs: Callable[[Any], dict[str, Any]]
    handle: Callable[[Call], Message]


def _video(grant: str) -> Callable[[Claims, Any], bool]:
    return lambda claims, _request: _grants(claims, "video").get(grant) is True


def _room_admin(claims: Claims, request: Any) -> bool:
    video = _grants(claims, "video")
    return video.get("roomAdmin") is True and video.get("room", "") == request.room


def _sip_admin(claims: Claims, _request: Any) -> bool:
    return _grants(claims, "sip").get("admin") is True


def _grants(claims: Claims, kind: str) -> Mapping[str, Any]:
    grants = claims.get(kind)
    return grants if isinstance(grants, Mapping) else {}


def _create_room(call: Call) -> RoomInfo:
    if len(call.request.name.encode()) > MAX_ROOM_NAME:
        raise _unknown(
            Code.INVALID_ARGUMENT, f"room name length exceeds limits: max length {MAX_ROOM_NAME}"
        )
    return call.rooms.create(call.request)


def _list_rooms(call: Call) -> Message:
    if call.faults.rooms_not_listed:
        return room_messages.ListRoomsResponse()
    return room_messages.ListRoomsResponse(rooms=call.rooms.infos(call.request.names))


def _delete_room(call: Call) -> Message:
    if not call.rooms.delete(call.request.room):
        raise _unknown(Code.NOT_FOUND, "requested room does not exist")
    return room_messages.DeleteRoomResponse()


def _list_participants(call: Call) -> Message:
    room = call.rooms.get(call.request.room)
    participants = room.participants.values() if room else ()
    return room_messages.ListParticipantsResponse(participants=participants)


def _get_participant(call: Call) -> ParticipantInfo:
    room = call.rooms.get(call.request.room)
    if room is None or call.request.identity not in room.participants:
        raise _no_participant()
    return room.participants[call.request.identity]


def _remove_participant(call: Call) -> Message:
    room, identity = call.request.room, call.request.identity
    if not call.rooms.leave(room, identity, DisconnectReason.PARTICIPANT_REMOVED):
        raise _no_participant()
    call.rooms.on_removed(room, identity)
    return room_messages.RemoveParticipantResponse()


def _create_trunk(call: Call) -> Message:
    if not call.request.HasField("trunk"):
        raise TwirpError(Code.INVALID_ARGUMENT, "missing trunk")
    trunk = sip_messages.SIPInboundTrunkInfo()
    trunk.CopyFrom(call.request.trunk)
    has_credentials = trunk.auth_username and trunk.auth_password
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


def _list_trunks(call: Call) -> Message:
    ids, numbers = set(call.request.trunk_ids), set(call.request.numbers)
    return sip_messages.ListSIPInboundTrunkResponse(
        items=[
            trunk
            for trunk in call.telephony.trunks.values()
            if (not ids or trunk.sip_trunk_id in ids)
            and (not numbers or not trunk.numbers or numbers.intersection(trunk.numbers))
        ]
    )


def _create_rule(call: Call) -> Message:
    rule = sip_messages.SIPDispatchRuleInfo()
    if call.request.HasField("dispatch_rule"):
        rule.CopyFrom(call.request.dispatch_rule)
    else:
        # The flat fields of older clients.
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


def _list_rules(call: Call) -> Message:
    ids, trunks = set(call.request.dispatch_rule_ids), set(call.request.trunk_ids)
    return sip_messages.ListSIPDispatchRuleResponse(
        items=[
            rule
            for rule in call.telephony.rules.values()
            if (not ids or rule.sip_dispatch_rule_id in ids)
            and (not trunks or not rule.trunk_ids or trunks.intersection(rule.trunk_ids))
        ]
    )


def _delete_trunk(call: Call) -> Message:
    call.log_fields["trunkID"] = call.request.sip_trunk_id
    return call.telephony.remove_trunk(call.request.sip_trunk_id)


def _delete_rule(call: Call) -> Message:
    return call.telephony.remove_rule(call.request.sip_dispatch_rule_id)


def _unknown(code: Code, text: str) -> TwirpError:
    # Errors that cross the bus inside livekit-server arrive in this wrapping.
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


def _shown_trunk(trunk: sip_messages.SIPInboundTrunkInfo) -> dict[str, Any]:
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
        ("RoomService", "GetParticipant"): Method(
            _R.RoomParticipantIdentity, _room_admin, _room_and_participant, _get_participant
        ),
        ("RoomService", "RemoveParticipant"): Method(
            _R.RoomParticipantIdentity, _room_admin, _room_and_participant, _remove_participant
        ),
        ("SIP", "CreateSIPInboundTrunk"): Method(
            _S.CreateSIPInboundTrunkRequest, _sip_admin, _nothing, _create_trunk
        ),
        ("SIP", "ListSIPInboundTrunk"): Method(
            _S.ListSIPInboundTrunkRequest, _sip_admin, _nothing, _list_trunks
        ),
        ("SIP", "CreateSIPDispatchRule"): Method(
            _S.CreateSIPDispatchRuleRequest, _sip_admin, _nothing, _create_rule
        ),
        ("SIP", "ListSIPDispatchRule"): Method(
            _S.ListSIPDispatchRuleRequest, _sip_admin, _nothing, _list_rules
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
