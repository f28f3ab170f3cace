"""
API methods with the grants that each requires, and requests that change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Body = Mapping[str, Any]

_NOBODY: Final = "conformance-nobody"


@dataclass(frozen=True, slots=True)
class GuardedMethod:
    """
    One method: the required grants, by kind, and a request that does no harm if it is allowed.

    `body` gets the name of a room of ours. `control` is another method with the same grants, for a
    positive control where the method itself would wait for an absent participant.
    """

    service: str
    name: str
    grants: Mapping[str, tuple[str, ...]]
    body: Callable[[str], Body]
    control: str | None = None

    @property
    def path(self) -> str:
        """
        URL path of the method.
        """
        return _path(self.service, self.name)

    @property
    def control_path(self) -> str:
        """
        URL path of the positive control.
        """
        return _path(self.service, self.control or self.name)

    def exact(self, room: str) -> dict[str, Any]:
        """
        Return the claims of a token that opens this method only; `room` is the token's room.
        """
        claims: dict[str, Any] = {
            kind: dict.fromkeys(names, True) for kind, names in self.grants.items()
        }
        if "roomAdmin" in self.grants.get("video", ()):
            claims["video"]["room"] = room
        return claims

    def all_others(self, room: str) -> dict[str, Any]:
        """
        Return the claims of a token that opens everything else.
        """
        claims: dict[str, Any] = {
            kind: {name: True for name in names if name not in self.grants.get(kind, ())}
            for kind, names in _ALL_GRANTS.items()
        }
        claims["video"]["room"] = room
        return claims


def _path(service: str, name: str) -> str:
    return f"/twirp/livekit.{service}/{name}"


_ALL_GRANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "video": (
        *("roomCreate", "roomList", "roomAdmin", "roomJoin", "roomRecord", "ingressAdmin"),
        *("canPublish", "canSubscribe", "canPublishData", "canUpdateOwnMetadata"),
    ),
    "sip": ("admin", "call"),
}
_ADMIN: Final = {"video": ("roomAdmin",)}
_CREATE: Final = {"video": ("roomCreate",)}
_SIP_ADMIN: Final = {"sip": ("admin",)}


def _nothing(_room: str) -> Body:
    return {}


def _room(room: str) -> Body:
    return {"room": room}


def _nobody(room: str) -> Body:
    return {"room": room, "identity": _NOBODY}


READING: Final = (
    GuardedMethod(
        "RoomService", "ListRooms", {"video": ("roomList",)}, lambda room: {"names": [room]}
    ),
    GuardedMethod("RoomService", "ListParticipants", _ADMIN, _room),
    GuardedMethod("RoomService", "GetParticipant", _ADMIN, _nobody),
    GuardedMethod("SIP", "ListSIPInboundTrunk", _SIP_ADMIN, _nothing),
    GuardedMethod("SIP", "ListSIPOutboundTrunk", _SIP_ADMIN, _nothing),
    GuardedMethod("SIP", "ListSIPDispatchRule", _SIP_ADMIN, _nothing),
)

CHANGING_ROOMS: Final = (
    # An existing room is not changed.
    GuardedMethod("RoomService", "CreateRoom", _CREATE, lambda room: {"name": room}),
    GuardedMethod("RoomService", "DeleteRoom", _CREATE, lambda room: {"room": f"{room}-absent"}),
    GuardedMethod("RoomService", "UpdateRoomMetadata", _ADMIN, _room),
    # Up to 1.8 it waits for the participant.
    GuardedMethod("RoomService", "UpdateParticipant", _ADMIN, _nobody, "ListParticipants"),
    GuardedMethod("RoomService", "SendData", _ADMIN, _room),
    GuardedMethod("RoomService", "MutePublishedTrack", _ADMIN, _nobody, "ListParticipants"),
    GuardedMethod("RoomService", "UpdateSubscriptions", _ADMIN, _nobody, "ListParticipants"),
)

# Each of them is refused for its missing argument, once it has been authorised.
CHANGING_SIP: Final = tuple(
    GuardedMethod("SIP", name, _SIP_ADMIN, _nothing)
    for name in (
        "CreateSIPInboundTrunk",
        "UpdateSIPInboundTrunk",
        "CreateSIPOutboundTrunk",
        "UpdateSIPOutboundTrunk",
        "DeleteSIPTrunk",
        "CreateSIPDispatchRule",
        "UpdateSIPDispatchRule",
        "DeleteSIPDispatchRule",
    )
)

CALLING: Final = (
    GuardedMethod("SIP", "CreateSIPParticipant", {"sip": ("call",)}, _nothing),
    GuardedMethod("RoomService", "RemoveParticipant", _ADMIN, _nobody),
)
