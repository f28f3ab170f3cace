"""
Which requests may be sent twice.

What is not listed here is done again by a second request, or may be: another call, another trunk of
the same kind, another message.
"""

from __future__ import annotations

from typing import Final

REPEATABLE: Final = frozenset(
    {
        # A room that is there already is given as the answer.
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
