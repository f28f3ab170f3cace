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
    SIP_LOG = "logs (service: livekit-sip)"
    APPLICATION_LOG = "logs (service: application)"
    ANY_LOG = "logs"
    RECEIVER = "webhook.listen"
    ENDPOINT = "webhook.url"
    SIP = "sip.server"
    SIP_CREDENTIALS = "sip.username"
    # No provider between us and livekit-sip: its own answers are heard.
    DIRECT_SIP = "sip.provider"
    AGENT = "agent"
    OUTBOUND = "sip.outbound"
    SERVER_CONFIG = "deployment.livekit_server_config"
    SIP_CONFIG = "deployment.livekit_sip_config"
    STACK = "kind: local"


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


# What it takes to ask the API anything, and what a token must not open.
_API = (Link.SERVER, Link.API_KEY)
# What it takes to see the room of a call through the API.
_LISTED_ROOM = (*_API, Link.ROOMS)
# How far a call has come when it rings in a room, and when it is answered.
_DIALLED = (Link.SIP_SOCKET, Link.BUS, Link.TRUNK, Link.DISPATCH)
_JOINED = (*_DIALLED, Link.JOIN)
_ANSWERED = (*_JOINED, Link.ANSWER)
# What an outbound call needs before it can be placed: livekit-sip joins the room first.
_DIALS_OUT = (Link.BUS, Link.JOIN, Link.OUTBOUND)
_ENDPOINT = (Link.ENDPOINT_DNS, Link.ENDPOINT_SOCKET, Link.ENDPOINT_TLS, Link.ENDPOINT)

CLAUSES: tuple[Clause, ...] = (
    Clause(
        "1.1-profile-is-complete",
        "MUST",
        "configuration",
        Effect.READ,
        Link.CONFIGURATION,
        "every value that a selected check needs MUST be present and well-formed",
    ),
    Clause(
        "1.1-variables-are-set",
        "SHOULD",
        "environment",
        Effect.READ,
        Link.CONFIGURATION,
        "each of the nine variables SHOULD be set in the process environment, not only in .env",
    ),
    Clause(
        "1.1-variables-are-sane",
        "MUST",
        "environment",
        Effect.READ,
        Link.CONFIGURATION,
        "no variable MUST have quotes, blanks or newlines around it, hold a placeholder, be "
        "swapped with another, or have a URL scheme that does not fit",
    ),
    Clause(
        "1.1-secret-is-strong",
        "SHOULD",
        "configuration",
        Effect.READ,
        Link.CONFIGURATION,
        "the API secret SHOULD have 32 bytes or more",
    ),
    Clause(
        "1.1-transport-is-encrypted",
        "SHOULD",
        "connectivity",
        Effect.READ,
        Link.TLS,
        "livekit.url SHOULD be wss or https for any host that is not loopback",
    ),
    Clause(
        "1.1-tls-is-trusted",
        "MUST",
        "connectivity",
        Effect.READ,
        Link.TLS,
        "the certificate of livekit.url MUST be valid for its host, with a trusted chain, "
        "over TLS 1.2 or later",
    ),
    Clause(
        "1.1-tls-certificate-lasts",
        "SHOULD",
        "connectivity",
        Effect.READ,
        Link.TLS,
        "the certificate of livekit.url SHOULD be valid for 14 more days",
        crosses=(Link.TLS,),
    ),
    Clause(
        "1.1-server-answers",
        "MUST",
        "connectivity",
        Effect.READ,
        Link.SERVER,
        "livekit.url MUST resolve, accept connections and answer GET / as livekit-server does: "
        "200 OK, or 406 Not Ready",
        crosses=(Link.TLS,),
    ),
    Clause(
        "1.1-server-is-ready",
        "MUST",
        "connectivity",
        Effect.READ,
        Link.NODE,
        "livekit-server MUST NOT answer GET / with 406 Not Ready",
        crosses=(Link.SERVER,),
    ),
    Clause(
        "1.1-clock-agrees",
        "MUST",
        "connectivity",
        Effect.READ,
        Link.CLOCK,
        "the clock of livekit-server MUST agree with ours within the 60 s leeway of tokens",
        crosses=(Link.SERVER,),
    ),
    Clause(
        "1.1-clock-is-exact",
        "SHOULD",
        "connectivity",
        Effect.READ,
        Link.CLOCK,
        "the clock of livekit-server SHOULD agree with ours within 5 s",
        crosses=(Link.SERVER, Link.CLOCK),
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
        "1.1-no-token-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a request without a token MUST be refused with 401",
        crosses=_API,
    ),
    Clause(
        "1.1-malformed-token-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token that is no JWT MUST be refused with 401",
        crosses=_API,
    ),
    Clause(
        "1.1-header-without-bearer-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token in a header without `Bearer ` MUST be refused with 401",
        crosses=_API,
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
        "1.1-token-not-yet-valid-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token that becomes valid later than the 60 s leeway MUST be refused with 401",
        crosses=_API,
    ),
    Clause(
        "1.1-unsigned-token-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token without a signature (alg none) MUST be refused with 401",
        crosses=_API,
    ),
    Clause(
        "1.1-other-algorithm-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token signed with another algorithm than HS256 MUST be refused with 401",
        crosses=_API,
    ),
    Clause(
        "1.1-flipped-signature-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token with one bit of its signature flipped MUST be refused with 401",
        crosses=_API,
    ),
    Clause(
        "1.1-altered-claims-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a token whose claims were changed after signing MUST be refused with 401",
        crosses=_API,
    ),
    Clause(
        "1.1-token-without-exp-is-refused",
        "SHOULD",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "a signed token that never expires SHOULD be refused with 401",
        crosses=_API,
    ),
    Clause(
        "1.1-missing-grant-is-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.GRANTS,
        "a method MUST work with exactly its own grant and be refused with 401 without it",
        crosses=_API,
    ),
    Clause(
        "1.1-default-credentials-are-refused",
        "MUST",
        "authentication",
        Effect.READ,
        Link.TOKENS,
        "the well-known development key pair MUST be refused",
        crosses=_API,
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
        "1.4-client-errors-are-detailed",
        "MUST",
        "errors",
        Effect.READ,
        Link.CLIENT,
        "our client's error for each kind of failure MUST carry the URL, the HTTP status, the "
        "Twirp code, the server's own reason, the masked key id and a hint",
        crosses=_API,
    ),
    Clause(
        "1.1-join-token-validates",
        "MUST",
        "authentication",
        Effect.READ,
        Link.GRANTS,
        "the join validation endpoint MUST accept a token for its room and refuse one without "
        "the join grant",
        crosses=_API,
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
        "1.1-missing-room-grant-is-refused",
        "MUST",
        "authentication",
        Effect.CREATE_ROOMS,
        Link.GRANTS,
        "a method that changes rooms MUST work with exactly its own grant and be refused with "
        "401 without it",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.1-missing-sip-grant-is-refused",
        "MUST",
        "authentication",
        Effect.CONFIGURE_SIP,
        Link.GRANTS,
        "a method that changes SIP trunks and rules MUST work with sip.admin and be refused with "
        "401 without it",
        crosses=_API,
    ),
    Clause(
        "1.1-missing-call-grant-is-refused",
        "MUST",
        "authentication",
        Effect.PLACE_CALLS,
        Link.GRANTS,
        "a method that begins or ends calls MUST work with exactly its own grant and be refused "
        "with 401 without it",
        crosses=_API,
    ),
    Clause(
        "1.1-other-room-is-refused",
        "MUST",
        "authentication",
        Effect.CREATE_ROOMS,
        Link.GRANTS,
        "an admin token for one room MUST NOT act on another",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.1-participant-joins",
        "MUST",
        "authentication",
        Effect.CREATE_ROOMS,
        Link.WEBRTC,
        "a participant MUST be able to connect to a room within its deadline",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.2-name-is-kept-exactly",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room MUST have exactly the name it was created with",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.2-too-long-name-is-refused",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room name over the limit MUST be refused with invalid_argument that names the limit",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.2-create-is-idempotent",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "creating a room that is open MUST return it, with the same sid",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.2-settings-are-kept",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room MUST keep the time-outs, the metadata and the participant limit it was "
        "created with",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.2-deleted-room-is-gone",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a deleted room MUST NOT be listed, and deleting it again MUST be not_found",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.2-every-connection-sees-the-room",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room created over one connection MUST be listed over every other",
        crosses=_LISTED_ROOM,
    ),
    Clause(
        "1.2-no-two-trunks-match",
        "MUST",
        "rooms",
        Effect.READ,
        # A conflict that other callers run into, and not ours, breaks the line instead.
        Link.TRUNK,
        "no two inbound trunks and no two dispatch rules MUST match the same call to the "
        "profile's number",
        crosses=_API,
        needs=(Need.SIP,),
    ),
    Clause(
        "1.2-dispatch-rules-produce-the-name",
        "MUST",
        "rooms",
        Effect.READ,
        # What really becomes of a call is for the calls to say.
        Link.LINE,
        "the configured trunks and dispatch rules MUST give a call to the profile's number a "
        "room named after rooms.name_pattern",
        crosses=(*_API, Link.TRUNK),
        needs=(Need.SIP,),
    ),
    Clause(
        "1.3-server-config-names-the-endpoint",
        "MUST",
        "configuration",
        Effect.READ,
        Link.CONFIGURATION,
        "webhook.urls in livekit.yaml MUST hold the endpoint's URL, and webhook.api_key MUST "
        "be one of keys",
        needs=(Need.SERVER_CONFIG, Need.ENDPOINT),
    ),
    Clause(
        "1.3-endpoint-resolves",
        "MUST",
        "webhooks",
        Effect.READ,
        Link.ENDPOINT_DNS,
        "the host of webhook.url MUST resolve",
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-endpoint-accepts-connections",
        "MUST",
        "webhooks",
        Effect.READ,
        Link.ENDPOINT_SOCKET,
        "the host and port of webhook.url MUST accept connections",
        crosses=(Link.ENDPOINT_DNS,),
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-endpoint-tls-is-trusted",
        "MUST",
        "webhooks",
        Effect.READ,
        Link.ENDPOINT_TLS,
        "the certificate of webhook.url MUST be valid for its host, with a trusted chain, "
        "over TLS 1.2 or later",
        crosses=(Link.ENDPOINT_DNS, Link.ENDPOINT_SOCKET),
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-endpoint-accepts-signed-event",
        "MUST",
        "webhooks",
        Effect.SEND_WEBHOOKS,
        Link.ENDPOINT,
        "the webhook endpoint MUST answer a correctly signed event with 2xx within its time-out",
        crosses=_ENDPOINT[:-1],
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-endpoint-answers-fast",
        "SHOULD",
        "webhooks",
        Effect.SEND_WEBHOOKS,
        Link.ENDPOINT,
        "the webhook endpoint SHOULD answer within 1 s, because its answer delays the call",
        crosses=_ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-endpoint-refuses",
        "MUST",
        "webhooks",
        Effect.SEND_WEBHOOKS,
        Link.VERIFICATION,
        "the webhook endpoint MUST refuse with 4xx what livekit-server did not sign, and what is "
        "not JSON",
        crosses=_ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-endpoint-ignores-replay",
        "SHOULD",
        "webhooks",
        Effect.SEND_WEBHOOKS,
        Link.VERIFICATION,
        "the webhook endpoint SHOULD act on an event id once, or refuse its replay",
        crosses=_ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-endpoint-tolerates",
        "MUST",
        "webhooks",
        Effect.SEND_WEBHOOKS,
        Link.VERIFICATION,
        "the webhook endpoint MUST accept events, fields and an order of fields that it does "
        "not know",
        crosses=_ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.3-endpoint-path-is-exact",
        "SHOULD",
        "webhooks",
        Effect.SEND_WEBHOOKS,
        Link.VERIFICATION,
        "a neighbouring path SHOULD be 404, and GET SHOULD NOT be 2xx",
        crosses=_ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.4-application-logs-refusals",
        "SHOULD",
        "errors",
        Effect.SEND_WEBHOOKS,
        Link.LOGS,
        "the application SHOULD log why it refused a webhook",
        crosses=_ENDPOINT,
        needs=(Need.ENDPOINT, Need.APPLICATION_LOG),
    ),
    Clause(
        "1.3-server-delivers-room-events",
        "MUST",
        "webhooks",
        Effect.CREATE_ROOMS,
        Link.DELIVERY,
        "livekit-server MUST deliver room_started and room_finished of a room to the configured "
        "endpoint, once each, signed with the configured key over the very bytes",
        crosses=(Link.SERVER, Link.API_KEY, Link.ROOMS),
        needs=(Need.RECEIVER, Need.ENDPOINT),
    ),
    Clause(
        "1.3-delivery-log-shows-success",
        "SHOULD",
        "webhooks",
        Effect.CREATE_ROOMS,
        Link.DELIVERY,
        "the log of livekit-server SHOULD show deliveries with status 2xx to this URL",
        crosses=_LISTED_ROOM,
        needs=(Need.SERVER_LOG, Need.ENDPOINT),
    ),
    Clause(
        "1.5-sip-answers-options",
        "MUST",
        "sip",
        Effect.READ,
        Link.SIP_SOCKET,
        "livekit-sip MUST answer OPTIONS",
        needs=(Need.SIP, Need.DIRECT_SIP),
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
        "1.5-bus-has-a-sip-service",
        "MUST",
        "connectivity",
        Effect.READ,
        Link.OUTBOUND,
        "a livekit-sip MUST listen on the Redis bus to requests for outbound calls",
        needs=(Need.REDIS,),
    ),
    Clause(
        "1.5-configs-agree",
        "MUST",
        "configuration",
        Effect.READ,
        Link.CONFIGURATION,
        "livekit-sip.yaml and livekit.yaml MUST name the same Redis, a key pair that the "
        "server knows, the server's port, port ranges that do not overlap, and only keys that "
        "exist",
        needs=(Need.SERVER_CONFIG, Need.SIP_CONFIG),
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
        "1.1-trunk-challenges",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.TRUNK,
        "an INVITE without credentials to a trunk that has them MUST get 407",
        crosses=(Link.SIP_SOCKET, Link.BUS),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS),
    ),
    Clause(
        "1.1-trunk-accepts-right-password",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.TRUNK,
        "an INVITE with the trunk's own credentials MUST pass without a further challenge",
        crosses=(Link.SIP_SOCKET, Link.BUS),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS),
    ),
    Clause(
        "1.1-trunk-refuses-wrong-password",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.TRUNK,
        "an INVITE with a wrong trunk password MUST get a final refusal, and no room",
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS),
    ),
    Clause(
        "1.1-trunk-refuses-wrong-user",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.TRUNK,
        "an INVITE with a wrong trunk user MUST get a final refusal, and no room",
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS),
    ),
    Clause(
        "1.4-refused-caller-is-logged",
        "MUST",
        "errors",
        Effect.PLACE_CALLS,
        Link.LOGS,
        "livekit-sip MUST log a refused caller with the reason, From, To and Call-ID",
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS, Need.SIP_LOG),
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
        "1.1-unknown-caller-is-kept-out",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.STRANGERS,
        "an INVITE for a number of no trunk MUST NOT open a room",
        crosses=(*_LISTED_ROOM, *_JOINED),
        needs=(Need.SIP, Need.DIRECT_SIP),
    ),
    Clause(
        "1.2-call-lands-in-a-named-room",
        "MUST",
        "rooms",
        Effect.PLACE_CALLS,
        Link.ROOM_NAME,
        "the room of a call MUST be named after the profile's rooms.name_pattern, and as the "
        "trunks and dispatch rules foretell",
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
        "1.5-cancelled-call-ends-cleanly",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.HANG_UP,
        "CANCEL of a ringing call MUST be answered with 200 and its INVITE with 487, and the "
        "caller MUST leave the room",
        crosses=(*_LISTED_ROOM, *_JOINED),
        needs=(Need.SIP,),
    ),
    Clause(
        "1.2-concurrent-calls-get-own-rooms",
        "MUST",
        "rooms",
        Effect.PLACE_CALLS,
        Link.ROOM_NAME,
        "two calls at once MUST get a room each",
        crosses=(*_LISTED_ROOM, *_JOINED),
        needs=(Need.SIP,),
    ),
    Clause(
        "1.5-repeated-calls-succeed",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.CAPACITY,
        "calls in a row and calls at once MUST all be answered",
        # Where calls do not end, no more of them are placed.
        crosses=(*_ANSWERED, Link.HANG_UP),
        needs=(Need.SIP, Need.AGENT),
    ),
    Clause(
        "1.5-outbound-call-is-answered",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.OUTBOUND,
        "CreateSIPParticipant MUST reach the number and report the answer",
        crosses=(*_API, *_DIALS_OUT),
        needs=(Need.OUTBOUND,),
    ),
    Clause(
        "1.2-outbound-call-uses-the-room",
        "MUST",
        "rooms",
        Effect.PLACE_CALLS,
        Link.ROOM_NAME,
        "an outbound call MUST join the room that CreateSIPParticipant named",
        crosses=(*_LISTED_ROOM, *_DIALS_OUT),
        needs=(Need.OUTBOUND,),
    ),
    Clause(
        "1.5-outbound-call-ends-cleanly",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.HANG_UP,
        "RemoveParticipant MUST hang up an outbound call with BYE",
        crosses=(*_LISTED_ROOM, *_DIALS_OUT, Link.ROOM_NAME),
        needs=(Need.OUTBOUND,),
    ),
    Clause(
        "1.5-outbound-failure-is-mapped",
        "MUST",
        "sip",
        Effect.PLACE_CALLS,
        Link.OUTBOUND_FAILURE,
        "CreateSIPParticipant MUST report a busy, declined or unanswered call with the SIP "
        "status and the Twirp code that stands for it",
        crosses=(*_API, *_DIALS_OUT),
        needs=(Need.OUTBOUND,),
    ),
    Clause(
        "1.3-call-events-arrive-in-order",
        "MUST",
        "webhooks",
        Effect.PLACE_CALLS,
        Link.EVENTS,
        "the webhooks of a call MUST arrive in the order room_started, participant_joined and "
        "track_published, participant_left, room_finished, with ids of their own and the sip.* "
        "attributes of the caller",
        crosses=(Link.SERVER, Link.DELIVERY, *_ANSWERED),
        needs=(Need.SIP, Need.RECEIVER, Need.ENDPOINT),
    ),
    Clause(
        "1.2-room-ends-after-hang-up",
        "MUST",
        "rooms",
        Effect.PLACE_CALLS,
        Link.HANG_UP,
        "the room of a call MUST end after its departure time-out",
        crosses=(*_LISTED_ROOM, *_ANSWERED, Link.HANG_UP),
        needs=(Need.SIP,),
    ),
    Clause(
        "1.2-empty-room-expires",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room that nobody joins MUST end within its empty time-out and 15 s",
        crosses=_LISTED_ROOM,
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
        "1.4-logs-are-parseable",
        "SHOULD",
        "errors",
        Effect.READ,
        Link.LOGS,
        "99 % of the log lines SHOULD be JSON or the console dialect, with a time",
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
    Clause(
        "1.3-delivery-is-retried",
        "MUST",
        "retry",
        Effect.DISRUPT,
        Link.DELIVERY,
        "livekit-server MUST deliver an event again that the endpoint answered with 500",
        crosses=(*_LISTED_ROOM, Link.DELIVERY),
        needs=(Need.RECEIVER, Need.ENDPOINT),
    ),
    Clause(
        "1.3-refusal-is-not-retried",
        "SHOULD",
        "retry",
        Effect.DISRUPT,
        Link.DELIVERY,
        "livekit-server SHOULD NOT deliver an event again that the endpoint answered with 4xx: it "
        "counts as delivered, so an endpoint that refuses by mistake loses the event",
        crosses=(*_LISTED_ROOM, Link.DELIVERY),
        needs=(Need.RECEIVER, Need.ENDPOINT),
    ),
    Clause(
        "1.4-failed-webhook-is-logged",
        "MUST",
        "errors",
        Effect.DISRUPT,
        Link.LOGS,
        "livekit-server MUST log a webhook that failed with the event, its endpoint and the "
        "number of attempts",
        crosses=(*_LISTED_ROOM, Link.DELIVERY),
        needs=(Need.RECEIVER, Need.ENDPOINT, Need.SERVER_LOG),
    ),
    Clause(
        "1.4-failed-webhook-tells-status",
        "SHOULD",
        "errors",
        Effect.DISRUPT,
        Link.LOGS,
        "the log line of a webhook that failed SHOULD tell the last status of the endpoint",
        crosses=(*_LISTED_ROOM, Link.DELIVERY),
        needs=(Need.RECEIVER, Need.ENDPOINT, Need.SERVER_LOG),
    ),
    Clause(
        "1.3-endpoint-limits-body",
        "SHOULD",
        "webhooks",
        Effect.DISRUPT,
        Link.VERIFICATION,
        "the webhook endpoint SHOULD refuse a body of 10 MiB, and accept the next event",
        crosses=_ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        "1.5-client-retries-as-configured",
        "MUST",
        "retry",
        Effect.DISRUPT,
        Link.CLIENT,
        "the client MUST try again as config/retry_policies.yaml says, and only what is transient",
    ),
    Clause(
        "1.5-client-breaker-as-configured",
        "MUST",
        "retry",
        Effect.DISRUPT,
        Link.CLIENT,
        "the client's circuit breaker MUST open, probe once and close as "
        "config/error_handling.yaml says",
    ),
    Clause(
        "1.4-failed-join-is-logged",
        "MUST",
        "errors",
        Effect.DISRUPT,
        Link.LOGS,
        "a failed join of livekit-sip MUST be logged on both sides so that the lines can be "
        "matched to the call",
        crosses=(*_LISTED_ROOM, *_JOINED),
        needs=(Need.STACK, Need.SIP, Need.DIRECT_SIP, Need.SERVER_LOG, Need.SIP_LOG),
    ),
    Clause(
        "1.5-recovers-from",
        "MUST",
        "retry",
        Effect.DISRUPT,
        Link.RECOVERY,
        "calls MUST succeed again within 30 s of the return of what failed",
        # What has not recovered from one failure says nothing about the next.
        crosses=(*_ANSWERED, Link.RECOVERY),
        needs=(Need.STACK, Need.SIP, Need.AGENT),
    ),
)

BY_ID = MappingProxyType({clause.id: clause for clause in CLAUSES})
