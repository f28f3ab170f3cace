"""
Requirements 1.1-1.5 and their clauses. The order of the clauses is the order in which checks run.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.effects import Effect

REQUIREMENTS = MappingProxyType(
    {
        "1.1": "Authentication succeeds",
        "1.2": "Rooms are created with proper names",
        "1.3": "Webhooks reach the right endpoint",
        "1.4": "Authentication errors are logged in detail",
        "1.5": 'No "auth check failed", no "no response from servers"',
    }
)

AREAS = (
    "configuration",
    "environment",
    "connectivity",
    "authentication",
    "rooms",
    "webhooks",
    "sip",
    "retry",
    "errors",
)


class Need(StrEnum):
    """
    Something a clause cannot be tested without; the value is the profile key that provides it.
    """

    REDIS = "redis"
    SERVER_LOG = "logs (service: livekit-server)"
    ANY_LOG = "logs"
    RECEIVER = "webhook.listen"
    ENDPOINT = "webhook.url"
    SIP = "sip.server"
    SIP_CREDENTIALS = "sip.username"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Clause:
    """
    One claim about the target: what it says, what testing it does to the target, and what it needs.

    `link` is the link of the chain that breaks when the claim is violated; `crosses` are the
    links that have to work before the claim can be tested at all.
    """

    id: str
    level: Literal["MUST", "SHOULD"]
    area: str
    effect: Effect
    link: Link
    statement: str
    crosses: tuple[Link, ...] = ()
    needs: tuple[Need, ...] = ()

    @property
    def requirement(self) -> str:
        """
        The number of the requirement, the part of the id before the first hyphen.
        """
        return self.id.partition("-")[0]


# What it takes to see the room of a call through the API.
_LISTED_ROOM = (Link.SERVER, Link.API_KEY, Link.ROOMS)
# How far a call has come when it rings in a room, and when it is answered.
_DIALLED = (Link.SIP_SOCKET, Link.BUS, Link.TRUNK, Link.DISPATCH)
_JOINED = (*_DIALLED, Link.JOIN)
_ANSWERED = (*_JOINED, Link.ANSWER)

CLAUSES: tuple[Clause, ...] = (
    Clause(
        "1.1-server-answers",
        "MUST",
        "connectivity",
        Effect.READ,
        Link.SERVER,
        "livekit.url MUST resolve, accept connections and answer GET / with 200 OK",
    ),
    Clause(
        "1.1-key-is-accepted",
        "MUST",
        "authentication",
        Effect.READ,
        Link.API_KEY,
        "ListRooms with a token signed by the profile's key pair MUST answer 200",
        crosses=(Link.SERVER,),
    ),
    Clause(
        "1.1-wrong-secret-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token signed with another secret MUST be refused with 401",
        crosses=(Link.SERVER, Link.API_KEY),
    ),
    Clause(
        "1.1-unknown-key-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token issued by an unknown API key MUST be refused with 401",
        crosses=(Link.SERVER, Link.API_KEY),
    ),
    Clause(
        "1.1-expired-token-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token that expired more than the 60 s leeway ago MUST be refused with 401",
        crosses=(Link.SERVER, Link.API_KEY),
    ),
    Clause(
        "1.4-refused-token-is-logged",
        "MUST",
        "errors",
        Effect.READ,
        Link.LOGS,
        "livekit-server MUST log a refused token within 5 s with time, level, status, method, "
        "path and reason",
        crosses=(Link.SERVER, Link.API_KEY),
        needs=(Need.SERVER_LOG,),
    ),
    Clause(
        "1.2-created-room-is-listed",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOMS,
        "a room that CreateRoom answered with MUST be returned by ListRooms, by name and in the "
        "full list, with the same sid",
        crosses=(Link.SERVER, Link.API_KEY),
    ),
    Clause(
        "1.3-endpoint-accepts-signed-event",
        "MUST",
        "webhooks",
        Effect.SEND_WEBHOOKS,
        Link.ENDPOINT,
        "the webhook endpoint MUST answer a correctly signed event with 2xx within its time-out",
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-server-delivers-room-events",
        "MUST",
        "webhooks",
        Effect.CREATE_ROOMS,
        Link.DELIVERY,
        "livekit-server MUST deliver room_started and room_finished of a room to the configured "
        "endpoint, signed with the configured key over the very bytes",
        crosses=(Link.SERVER, Link.API_KEY, Link.ROOMS),
        needs=(Need.RECEIVER,),
    ),
    Clause(
        "1.5-sip-answers-options",
        "MUST",
        "sip",
        Effect.READ,
        Link.SIP_SOCKET,
        "livekit-sip MUST answer OPTIONS",
        needs=(Need.SIP,),
    ),
    Clause(
        "1.5-bus-has-a-server",
        "MUST",
        "connectivity",
        Effect.READ,
        Link.BUS,
        "a livekit-server MUST listen on the Redis bus to the requests of livekit-sip",
        needs=(Need.REDIS,),
    ),
    Clause(
        "1.5-invite-is-not-rejected",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        # The ladder says which link broke; this one only when it does not.
        Link.DISPATCH,
        "an INVITE for the profile's number MUST NOT be rejected or ignored before an agent "
        "could answer",
        crosses=(Link.SIP_SOCKET,),
        needs=(Need.SIP,),
    ),
    Clause(
        "1.1-trunk-accepts-right-password",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.TRUNK,
        "an INVITE with the trunk's own credentials MUST pass without a further challenge",
        crosses=(Link.SIP_SOCKET, Link.BUS),
        needs=(Need.SIP, Need.SIP_CREDENTIALS),
    ),
    Clause(
        "1.1-trunk-refuses-wrong-password",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.TRUNK,
        "an INVITE with a wrong trunk password MUST get a final refusal, and no room",
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK),
        needs=(Need.SIP, Need.SIP_CREDENTIALS),
    ),
    Clause(
        "1.1-sip-service-joins-the-server",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.JOIN,
        "livekit-sip MUST join the call's room on livekit-server with its own key and secret",
        crosses=(*_LISTED_ROOM, *_DIALLED),
        needs=(Need.SIP,),
    ),
    Clause(
        "1.2-call-lands-in-a-named-room",
        "MUST",
        "rooms",
        Effect.PLACE_CALLS,
        Link.ROOM_NAME,
        "the room of a call MUST be named after the profile's rooms.name_pattern",
        crosses=(*_LISTED_ROOM, *_JOINED),
        needs=(Need.SIP,),
    ),
    Clause(
        "1.5-call-is-answered",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.ANSWER,
        "a call MUST be answered with 200 OK within the answer budget",
        crosses=_JOINED,
        needs=(Need.SIP, Need.AGENT),
    ),
    Clause(
        "1.5-audio-flows-both-ways",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.AUDIO,
        "the agent MUST hear the caller and the caller MUST hear the agent",
        crosses=_ANSWERED,
        needs=(Need.SIP, Need.AGENT),
    ),
    Clause(
        "1.5-call-ends-cleanly",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.HANG_UP,
        "BYE MUST be answered with 200 and the caller MUST leave the room",
        crosses=_ANSWERED,
        needs=(Need.SIP, Need.AGENT),
    ),
    Clause(
        "1.3-call-events-arrive-in-order",
        "MUST",
        "webhooks",
        Effect.PLACE_CALLS,
        Link.EVENTS,
        "the webhooks of a call MUST arrive in the order room_started, participant_joined (SIP), "
        "track_published, participant_left, room_finished",
        crosses=(Link.SERVER, Link.DELIVERY, *_ANSWERED),
        needs=(Need.SIP, Need.RECEIVER, Need.AGENT),
    ),
    Clause(
        "1.4-logs-hold-no-secrets",
        "MUST",
        "errors",
        Effect.READ,
        Link.LOGS,
        "logs MUST NOT hold the API secret or the trunk password",
        needs=(Need.ANY_LOG,),
    ),
    Clause(
        "1.4-logs-hold-no-tokens",
        "SHOULD",
        "errors",
        Effect.READ,
        Link.LOGS,
        "logs SHOULD NOT hold whole tokens",
        needs=(Need.ANY_LOG,),
    ),
    Clause(
        "1.5-logs-are-clean",
        "MUST",
        "errors",
        Effect.READ,
        Link.LOGS,
        'logs MUST NOT hold "auth check failed", "no response from servers" or another known '
        "error line in the window of the run",
        needs=(Need.ANY_LOG,),
    ),
)

BY_ID = MappingProxyType({clause.id: clause for clause in CLAUSES})
