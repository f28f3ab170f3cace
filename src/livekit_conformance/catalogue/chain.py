"""
Chain that a voice-AI call runs through, first link first.

A check that fails breaks a link; a check that crosses a broken link is blocked by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Link(StrEnum):
    """
    One link of the chain, in the order in which a call crosses them.
    """

    CONFIGURATION = "configuration"  # profile, variables and configuration files are consistent
    DNS = "dns"  # the host of livekit.url resolves
    TCP = "tcp"  # its port accepts connections
    TLS = "tls"  # the certificate of livekit-server is trusted
    SERVER = "server"  # livekit-server answers HTTP
    NODE = "node"  # livekit-server reports that it is ready
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
    ENDPOINT = "webhook-endpoint"  # the application accepts signed events
    VERIFICATION = "webhook-verification"  # it refuses unproven events, and only those
    DELIVERY = "webhook-delivery"  # livekit-server delivers events
    LINE = "line"  # trunks and dispatch rules route a call unambiguously
    SIP_SOCKET = "sip-socket"  # livekit-sip answers SIP
    BUS = "bus"  # livekit-server answers livekit-sip over Redis
    BUS_SIP = "bus-sip"  # livekit-sip answers livekit-server over Redis
    TRUNK = "trunk-match"  # an inbound trunk matches the call
    CREDENTIALS = "trunk-credentials"  # and accepts the account
    DISPATCH = "dispatch-rule"  # a dispatch rule matches
    OFFER = "media-offer"  # livekit-sip accepts the offered codecs and encryption, and has a port
    STRANGERS = "strangers"  # calls that match no trunk are kept out
    JOIN = "sip-join"  # livekit-sip joins the room on livekit-server
    ROOM_NAME = "room-name"  # the room has the right name
    EVENTS = "call-events"  # the webhooks of the call arrive
    AGENT = "agent"  # an agent comes into the room and speaks
    ANSWER = "answer"  # the call is answered
    MEDIA = "media"  # RTP arrives
    AUDIO = "audio"  # both hear each other
    HANG_UP = "hang-up"  # the call ends and leaves nothing
    CAPACITY = "several-calls"  # calls come through again and again, and at once
    OUTBOUND = "outbound"  # livekit-sip places calls
    OUTBOUND_FAILURE = "outbound-failure"  # the outcome of a failed call is reported
    RECOVERY = "recovery"  # calls work again after a failure
    CLIENT = "client"  # our own client follows its policies
    LOGS = "logs"  # the logs record what happened


class Stage(StrEnum):
    """
    Section of an inbound call: links that are shown together.
    """

    SERVER = "server"  # livekit-server is reachable and ready
    ACCESS = "access"  # it accepts our key and creates rooms
    ENTRY = "entry"  # livekit-sip accepts the call and finds a room for it
    WEBHOOKS = "webhooks"  # the application is notified
    TALK = "talk"  # an agent answers and both hear each other


# Links that an inbound call itself crosses. The other links are examined separately; they
# explain a broken call, or another failure.
CALL_STAGES: Mapping[Stage, tuple[Link, ...]] = MappingProxyType(
    {
        Stage.SERVER: (Link.DNS, Link.TCP, Link.TLS, Link.SERVER, Link.NODE, Link.CLOCK),
        Stage.ACCESS: (Link.API_KEY, Link.GRANTS, Link.ROOMS),
        Stage.ENTRY: (
            Link.SIP_SOCKET,
            Link.BUS,
            Link.TRUNK,
            Link.CREDENTIALS,
            Link.DISPATCH,
            Link.OFFER,
            Link.JOIN,
            Link.ROOM_NAME,
        ),
        Stage.WEBHOOKS: (
            Link.ENDPOINT_DNS,
            Link.ENDPOINT_SOCKET,
            Link.ENDPOINT_TLS,
            Link.ENDPOINT,
            Link.DELIVERY,
            Link.EVENTS,
        ),
        Stage.TALK: (Link.AGENT, Link.ANSWER, Link.MEDIA, Link.AUDIO, Link.HANG_UP),
    }
)
CALL_PATH: tuple[Link, ...] = tuple(link for links in CALL_STAGES.values() for link in links)
# Clauses about the call as its caller sees it, and whether each alone proves that calls work.
PROVES_A_CALL: Mapping[str, bool] = MappingProxyType(
    {
        "1.5-invite-is-not-rejected": False,
        "1.5-call-is-answered": True,
        "1.5-audio-flows-both-ways": True,
    }
)
# These links report on others: they show a cause or an effect of a failure there.
WITNESSES = frozenset({Link.LOGS, Link.CONFIGURATION, Link.LINE})
# A call that reaches the key has crossed the values: no check examines the values alone.
IMPLIED: Mapping[Link, tuple[Link, ...]] = MappingProxyType(
    {
        Link.TCP: (Link.DNS,),
        Link.TLS: (Link.DNS, Link.TCP),
        Link.SERVER: (Link.DNS, Link.TCP),
        Link.CREDENTIALS: (Link.TRUNK,),
        Link.DISPATCH: (Link.TRUNK,),
        Link.OFFER: (Link.TRUNK, Link.DISPATCH),
        Link.JOIN: (Link.TRUNK, Link.DISPATCH, Link.OFFER),
        Link.ANSWER: (Link.AGENT,),
        Link.AUDIO: (Link.MEDIA,),
    }
)

# What a service that ends takes with it: its port and its place on the bus.
ENDS_WITH: Mapping[Link, tuple[Link, ...]] = MappingProxyType(
    {Link.SERVER: (Link.TCP, Link.BUS), Link.SIP_SOCKET: (Link.BUS_SIP,)}
)

# What each link needs directly; a link that is not here needs none. Our view of livekit-server is
# not that of livekit-sip, so no link of a call needs it.
NEEDS: Mapping[Link, tuple[Link, ...]] = MappingProxyType(
    {
        Link.TCP: (Link.DNS,),
        Link.TLS: (Link.TCP,),
        Link.SERVER: (Link.TLS,),
        Link.NODE: (Link.SERVER,),
        Link.CLOCK: (Link.SERVER,),
        Link.API_KEY: (Link.SERVER, Link.CLOCK),
        Link.TOKENS: (Link.SERVER,),
        Link.GRANTS: (Link.API_KEY,),
        Link.ROOMS: (Link.NODE, Link.GRANTS),
        Link.ROOM_LIFE: (Link.ROOMS,),
        Link.WEBRTC: (Link.ROOMS,),
        Link.ENDPOINT_SOCKET: (Link.ENDPOINT_DNS,),
        Link.ENDPOINT_TLS: (Link.ENDPOINT_SOCKET,),
        Link.ENDPOINT: (Link.ENDPOINT_TLS,),
        Link.VERIFICATION: (Link.ENDPOINT,),
        Link.DELIVERY: (Link.ENDPOINT,),
        Link.TRUNK: (Link.SIP_SOCKET, Link.BUS),
        Link.STRANGERS: (Link.SIP_SOCKET, Link.BUS),
        Link.CREDENTIALS: (Link.TRUNK,),
        Link.DISPATCH: (Link.CREDENTIALS,),
        Link.OFFER: (Link.DISPATCH,),
        Link.JOIN: (Link.OFFER,),
        Link.ROOM_NAME: (Link.JOIN,),
        Link.EVENTS: (Link.JOIN, Link.DELIVERY),
        Link.AGENT: (Link.JOIN,),
        Link.ANSWER: (Link.AGENT,),
        Link.MEDIA: (Link.ANSWER,),
        Link.AUDIO: (Link.MEDIA,),
        Link.HANG_UP: (Link.ANSWER,),
        Link.CAPACITY: (Link.ANSWER,),
        Link.RECOVERY: (Link.ANSWER,),
        Link.OUTBOUND: (Link.BUS, Link.BUS_SIP, Link.ROOMS),
        Link.OUTBOUND_FAILURE: (Link.BUS, Link.BUS_SIP, Link.ROOMS),
    }
)
# Needed on one way of several: an agent comes because the application was told of the call, or
# because livekit-server sent for it.
ALTERNATIVES: Mapping[Link, tuple[Link, ...]] = MappingProxyType({Link.AGENT: (Link.EVENTS,)})


def upstream(link: Link, *, on_every_way: bool = False) -> frozenset[Link]:
    """
    Return the links that `link` needs, directly or not, on some way to it or on every way.
    """
    found: set[Link] = set()
    ahead = [link]
    while ahead:
        here = ahead.pop()
        needs = NEEDS.get(here, ()) + (() if on_every_way else ALTERNATIVES.get(here, ()))
        ahead += set(needs) - found
        found.update(needs)
    return frozenset(found)
