"""
Log lines of livekit-sip and livekit-server for an ordinary call, and the meaning of each.

From the sources of livekit-sip 1.8.0 (pkg/sip/inbound.go, outbound.go, room.go, pkg/service) and
livekit-server 1.13.5 (pkg/service, pkg/rtc, pkg/agent, protocol/webhook), and from calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from livekit_conformance.catalogue.milestones import Milestone


class Lane(StrEnum):
    """
    Participants of a call, in order from the caller's side.
    """

    CALLER = "caller"
    SIP = "livekit-sip"
    BUS = "bus"
    SERVER = "livekit-server"
    ENDPOINT = "webhook-endpoint"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class LineMeaning:
    """
    Meaning of a line: sender and receiver (None: within the service), and the fields to show.

    `reached` is the step that the call has completed when the line is written.
    """

    source: Lane | None = None
    target: Lane | None = None
    fields: tuple[str, ...] = ()
    reached: Milestone | None = None


# The line that each service writes once when it starts.
STARTS: Mapping[str, str] = MappingProxyType(
    {"livekit-server": "starting LiveKit server", "livekit-sip": "server starting"}
)

_NOTE = LineMeaning()
_TO_SERVER = LineMeaning(Lane.SIP, Lane.SERVER, ("error",))
_TO_BUS = LineMeaning(Lane.SIP, Lane.BUS, ("error",))

LINES: Mapping[str, Mapping[str, LineMeaning]] = MappingProxyType(
    {
        "livekit-sip": {
            "processing invite": LineMeaning(fields=("callID", "fromIP")),
            "Starting SIP invite authentication": LineMeaning(
                Lane.BUS, Lane.SIP, ("sipTrunk",), Milestone.TRUNK
            ),
            "SIP invite authentication successful": LineMeaning(reached=Milestone.CREDENTIALS),
            "using codecs": LineMeaning(Lane.BUS, Lane.SIP, ("sipRule",), Milestone.DISPATCHED),
            "Joining room": LineMeaning(
                Lane.SIP, Lane.SERVER, ("room", "participant"), Milestone.DISPATCHED
            ),
            "SIP participant joined room": LineMeaning(
                Lane.SERVER, Lane.SIP, ("participantID",), Milestone.JOINED
            ),
            "Waiting for track subscription(s)": LineMeaning(reached=Milestone.JOINED),
            "track subscribed": LineMeaning(
                Lane.SERVER, Lane.SIP, ("participant",), Milestone.AGENT
            ),
            "Accepting the call": LineMeaning(reached=Milestone.AGENT),
            "Closing inbound call": LineMeaning(fields=("result",)),
            "Closing inbound call with error": LineMeaning(fields=("status", "result", "reason")),
            "Rejecting inbound, auth check failed": _TO_BUS,
            "Rejecting inbound call, dispatch evaluation failed": _TO_BUS,
            "SIP handle dispatch rule error": _TO_BUS,
            "error establishing signal connection": LineMeaning(
                Lane.SIP, Lane.SERVER, ("status", "error")
            ),
            "error getting validation": _TO_SERVER,
            "validation error": _TO_SERVER,
            "Cannot create LiveKit participant": _TO_SERVER,
            "Creating SIP participant": LineMeaning(
                Lane.BUS, Lane.SIP, ("callID", "room"), Milestone.TAKEN
            ),
            "Outbound SIP call established": _NOTE,
            "Closing outbound call": _NOTE,
            "SIP invite failed": LineMeaning(fields=("error",)),
        },
        "livekit-server": {
            "starting RTC session": LineMeaning(fields=("participant",)),
            "participant active": LineMeaning(fields=("participant",)),
            "participant closing": LineMeaning(fields=("participant", "reason")),
            "mediaTrack published": LineMeaning(fields=("participant",)),
            "sent webhook": LineMeaning(
                Lane.SERVER, Lane.ENDPOINT, ("event", "participant", "status")
            ),
            "failed to send webhook": LineMeaning(Lane.SERVER, Lane.ENDPOINT, ("event", "error")),
            "dropped webhook": LineMeaning(Lane.SERVER, Lane.ENDPOINT, ("event", "reason")),
            # Of /rtc: the join attempt of livekit-sip.
            "error handling request": LineMeaning(
                Lane.SIP, Lane.SERVER, ("status", "path", "error")
            ),
            "API SIP.CreateSIPParticipant": LineMeaning(fields=("callID", "status")),
            "cannot create sip participant": LineMeaning(Lane.BUS, Lane.SERVER, ("error",)),
            "cannot create sip participant request": LineMeaning(fields=("error",)),
            "not dispatching agent job since no worker is available": LineMeaning(
                Lane.SERVER, Lane.AGENT, ("agentName",)
            ),
        },
    }
)

# Only useful for comparing clocks: the messages that they report are seen on the wire.
UNDRAWN = frozenset({"ACK from remote", "BYE from remote"})

# After BYE both sides close their connection while one of them may still be writing: in about
# one healthy call in ten. Before BYE this line means a broken connection.
PARTING = frozenset({"error writing to websocket"})

# Lines of every healthy call, or about events that are better observed elsewhere.
NOISE = frozenset(
    {
        "API RoomService.ListParticipants",
        "API RoomService.ListRooms",
        "Inbound call closed",
        "No Proxy header found. Sending 407 Unauthorized response with Proxy-Authenticate header",
        "SIP call ended",
        "SIP call failed",
        "Stopped discarding packets",
        "accepting RTP stream",
        "auth requested",
        "call statistics",
        "closing idle room",
        "closing room",
        "could not match local candidate",
        "deleting room",
        "deleting room state",
        "error reading data channel",
        "ice reconnected or switched pair",
        "media timeout loop stopped",
        "published track",
        "room closed",
        "selected node for room",
        "server initiated leave",
        "setting media destination",
        "setting media source",
        "signaling timestamps",
        "stats worker active",
        "track closed",
        "validate succeeded",
    }
)
