"""
The chain that a voice-AI call runs through, first link first.

A check that fails breaks a link; a check that crosses a broken link is blocked by it.
"""

from __future__ import annotations

from enum import StrEnum


class Link(StrEnum):
    """
    One link of the chain, in the order in which a call crosses them.
    """

    CONFIGURATION = "configuration"  # profile, variables and configuration files fit
    TLS = "tls"  # the certificate of livekit-server is trusted
    SERVER = "server"  # livekit-server answers HTTP
    NODE = "node"  # livekit-server says that it is ready
    CLOCK = "clock"  # its clock agrees with ours
    API_KEY = "api-key"  # the key pair is accepted
    TOKENS = "tokens"  # bad tokens are refused
    GRANTS = "grants"  # a token opens what it grants, and no more
    ROOMS = "rooms"  # rooms can be created and listed
    ROOM_LIFE = "room-life"  # rooms keep name and settings, and end
    WEBRTC = "webrtc"  # a participant can join a room
    ENDPOINT_DNS = "webhook-dns"  # the host of the webhook endpoint resolves
    ENDPOINT_SOCKET = "webhook-socket"  # it accepts connections
    ENDPOINT_TLS = "webhook-tls"  # its certificate is trusted
    ENDPOINT = "webhook-endpoint"  # the application takes signed events
    VERIFICATION = "webhook-verification"  # it refuses what is not proven, and only that
    DELIVERY = "webhook-delivery"  # livekit-server delivers events
    LINE = "line"  # trunks and dispatch rules say unambiguously what becomes of a call
    SIP_SOCKET = "sip-socket"  # livekit-sip answers SIP
    BUS = "bus"  # livekit-server answers livekit-sip over Redis
    TRUNK = "trunk"  # the trunk matches and takes the credentials
    DISPATCH = "dispatch-rule"  # a dispatch rule matches
    STRANGERS = "strangers"  # calls that no trunk is for are kept out
    JOIN = "sip-join"  # livekit-sip joins the room on livekit-server
    ROOM_NAME = "room-name"  # the room has the right name
    EVENTS = "call-events"  # the webhooks of the call arrive
    ANSWER = "answer"  # the agent speaks, the call is answered
    AUDIO = "audio"  # both hear each other
    HANG_UP = "hang-up"  # the call ends and leaves nothing
    CAPACITY = "several-calls"  # calls come through again and again, and at once
    OUTBOUND = "outbound"  # livekit-sip places calls
    OUTBOUND_FAILURE = "outbound-failure"  # how a call failed is told
    RECOVERY = "recovery"  # calls work again after a failure
    CLIENT = "client"  # our own client does as its policies say
    LOGS = "logs"  # the logs tell what happened
