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

    SERVER = "server"  # livekit-server answers HTTP
    API_KEY = "api-key"  # the key pair is accepted
    TOKENS = "tokens"  # bad tokens are refused
    ROOMS = "rooms"  # rooms can be created and listed
    ENDPOINT = "webhook-endpoint"  # the application takes signed events
    DELIVERY = "webhook-delivery"  # livekit-server delivers events
    SIP_SOCKET = "sip-socket"  # livekit-sip answers SIP
    BUS = "bus"  # livekit-server answers livekit-sip over Redis
    TRUNK = "trunk"  # the trunk matches and takes the credentials
    DISPATCH = "dispatch-rule"  # a dispatch rule matches
    JOIN = "sip-join"  # livekit-sip joins the room on livekit-server
    ROOM_NAME = "room-name"  # the room has the right name
    EVENTS = "call-events"  # the webhooks of the call arrive
    ANSWER = "answer"  # the agent speaks, the call is answered
    AUDIO = "audio"  # both hear each other
    HANG_UP = "hang-up"  # the call ends and leaves nothing
    LOGS = "logs"  # the logs tell what happened
