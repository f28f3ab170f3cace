"""
Guard in front of every driver: requests that the profile does not allow are not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.errors import NotPermitted
from livekit_conformance.protocol.mark import Kind

# All methods that the suite may call; any other is refused, whatever the profile allows.
API_EFFECTS = MappingProxyType(
    {
        "livekit.RoomService/ListRooms": Effect.READ,
        "livekit.RoomService/ListParticipants": Effect.READ,
        "livekit.AgentDispatchService/ListDispatch": Effect.READ,
        "livekit.RoomService/GetParticipant": Effect.READ,
        "livekit.RoomService/CreateRoom": Effect.CREATE_ROOMS,
        "livekit.RoomService/DeleteRoom": Effect.CREATE_ROOMS,
        "livekit.RoomService/UpdateRoomMetadata": Effect.CREATE_ROOMS,
        "livekit.RoomService/UpdateParticipant": Effect.CREATE_ROOMS,
        "livekit.RoomService/UpdateSubscriptions": Effect.CREATE_ROOMS,
        "livekit.RoomService/MutePublishedTrack": Effect.CREATE_ROOMS,
        "livekit.RoomService/SendData": Effect.CREATE_ROOMS,
        "livekit.SIP/DeleteSIPTrunk": Effect.CONFIGURE_SIP,
        "livekit.SIP/DeleteSIPDispatchRule": Effect.CONFIGURE_SIP,
        "livekit.SIP/ListSIPInboundTrunk": Effect.READ,
        "livekit.SIP/ListSIPDispatchRule": Effect.READ,
        "livekit.SIP/CreateSIPInboundTrunk": Effect.CONFIGURE_SIP,
        "livekit.SIP/CreateSIPDispatchRule": Effect.CONFIGURE_SIP,
        "livekit.SIP/ListSIPOutboundTrunk": Effect.READ,
        "livekit.SIP/CreateSIPOutboundTrunk": Effect.CONFIGURE_SIP,
        "livekit.SIP/UpdateSIPInboundTrunk": Effect.CONFIGURE_SIP,
        "livekit.SIP/UpdateSIPOutboundTrunk": Effect.CONFIGURE_SIP,
        "livekit.SIP/UpdateSIPDispatchRule": Effect.CONFIGURE_SIP,
        "livekit.SIP/CreateSIPParticipant": Effect.PLACE_CALLS,
        # Hanging up a call that the suite has placed.
        "livekit.RoomService/RemoveParticipant": Effect.PLACE_CALLS,
    }
)

# Effects that are required to create an object.
_CREATION: Mapping[Kind, Effect] = MappingProxyType(
    {
        "room": Effect.CREATE_ROOMS,
        "inbound-trunk": Effect.CONFIGURE_SIP,
        "outbound-trunk": Effect.CONFIGURE_SIP,
        "dispatch-rule": Effect.CONFIGURE_SIP,
        "participant": Effect.PLACE_CALLS,
    }
)

_TWIRP_PREFIX = "/twirp/"


@dataclass(frozen=True, slots=True)
class Permit:
    """
    Effects that a profile allows.
    """

    allowed: frozenset[Effect]

    @classmethod
    def everything(cls) -> Permit:
        """
        Return a permit for a deployment that is our own.
        """
        return cls(frozenset(Effect))

    def require(self, effect: Effect, what: str) -> None:
        """
        Raise NotPermitted, before anything is sent, unless `effect` is allowed.
        """
        if effect not in self.allowed:
            raise NotPermitted(f"{what} has the effect {effect}, which the profile does not allow")

    def require_creation(self, kind: Kind) -> None:
        """
        Raise NotPermitted unless an object of `kind` may be created.
        """
        self.require(_CREATION[kind], f"creating a {kind}")

    def require_for_path(self, path: str) -> None:
        """
        Raise NotPermitted unless a request to this path of livekit-server is allowed.
        """
        if _TWIRP_PREFIX not in path:
            return
        # A path below a method leads nowhere, and needs what the method needs.
        method = "/".join(path.partition(_TWIRP_PREFIX)[2].split("/")[:2])
        if method not in API_EFFECTS:
            raise NotPermitted(f"{method} is not a method that this suite calls")
        self.require(API_EFFECTS[method], method)
