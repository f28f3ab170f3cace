"""
Channels and keys of LiveKit in Redis.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# Channels that psrpc subscribes to, named as in Redis (psrpc pkg/info/channels.go).
TRUNK_AUTHENTICATION: Final = "IOInfo|GetSIPTrunkAuthentication|REQ"
DISPATCH_RULES: Final = "IOInfo|EvaluateSIPDispatchRules|REQ"
CREATE_PARTICIPANT: Final = "SIPInternal|CreateSIPParticipant|REQ"

# Requests of an inbound call, both to livekit-server.
OF_SERVER: Final = (TRUNK_AUTHENTICATION, DISPATCH_RULES)

CHANNELS: Final = MappingProxyType(
    {
        TRUNK_AUTHENTICATION: "livekit-server, for the trunk of an inbound call",
        DISPATCH_RULES: "livekit-server, for the dispatch rule of an inbound call",
        CREATE_PARTICIPANT: "livekit-sip, for outbound calls",
    }
)
# Channel on which each livekit-server answers the keepalive of its own node.
OF_NODE: Final = "Keepalive|Ping|{}|REQ"

# Services of psrpc whose messages both services exchange.
SERVICES: Final = ("IOInfo", "SIPInternal")
# Hash of the running nodes, and the key for the version of livekit-server; an older server that
# starts later does not overwrite it (livekit-server pkg/service/redisstore.go, Start).
NODES: Final = "nodes"
VERSION: Final = "livekit_version"
ROOMS: Final = "rooms"
# Hashes of livekit-server: pkg/routing/redisrouter.go, pkg/service/redisstore.go, redisstore_sip.go
HASHES: Final = (
    *(NODES, "room_node_map", ROOMS, "room_internal", "room_participants:x"),
    *("sip_inbound_trunk", "sip_outbound_trunk", "sip_dispatch_rule"),
    *("agent_dispatch:x", "agent_job:x"),
)
# A service takes a request by setting the hash of the request: it may be any key.
REQUEST: Final = "uRWTYJZ3zA/9kvyzBlZ+oTVJV6rqT2Nh0eWk3xTz4mE="
ROOM_LOCK: Final = "room_lock:x"


def servers_among(listeners: Mapping[str, int]) -> int:
    """
    Return the number of instances of livekit-server that listen, from the subscribers by channel.
    """
    return min(listeners[channel] for channel in OF_SERVER)


def sip_services_among(listeners: Mapping[str, int]) -> int:
    """
    Return the number of instances of livekit-sip that listen, from the subscribers by channel.
    """
    return listeners[CREATE_PARTICIPANT]
