"""
API methods that may be sent twice.

A second request of any other method has a further effect, or may have: another call, another trunk
of the same kind, another message.
"""

from __future__ import annotations

from typing import Final

REPEATABLE: Final = frozenset(
    {
        # Returns the room if it exists already.
        "CreateRoom",
        "ListRooms",
        "DeleteRoom",
        "UpdateRoomMetadata",
        "ListParticipants",
        "GetParticipant",
        "RemoveParticipant",
        "UpdateParticipant",
        "UpdateSubscriptions",
        "MutePublishedTrack",
        "ListDispatch",
        "DeleteDispatch",
        "ListSIPInboundTrunk",
        "ListSIPOutboundTrunk",
        "ListSIPDispatchRule",
        "DeleteSIPTrunk",
        "DeleteSIPDispatchRule",
        "ListEgress",
        "StopEgress",
        "ListIngress",
        "DeleteIngress",
    }
)
