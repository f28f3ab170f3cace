"""
Calls, from OPTIONS to the end of the room.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import (
    ANSWERED,
    API,
    DIALLED,
    DIALS_OUT,
    JOINED,
    LISTED_ROOM,
    Clause,
    Need,
)
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
    Clause(
        id="1.5-sip-answers-options",
        level="MUST",
        area="sip",
        effect=Effect.READ,
        link=Link.SIP_SOCKET,
        statement="livekit-sip MUST answer OPTIONS",
        needs=(Need.SIP, Need.DIRECT_SIP),
        in_chain=True,
    ),
    Clause(
        id="1.5-bus-has-a-server",
        level="MUST",
        area="connectivity",
        effect=Effect.READ,
        link=Link.BUS,
        statement=(
            "a livekit-server MUST listen on the Redis bus to the requests of livekit-sip, and "
            "Redis MUST let both services use it"
        ),
        needs=(Need.REDIS,),
        in_chain=True,
    ),
    Clause(
        id="1.5-bus-has-a-sip-service",
        level="MUST",
        area="connectivity",
        effect=Effect.READ,
        link=Link.BUS_SIP,
        statement="a livekit-sip MUST listen on the Redis bus to requests for outbound calls",
        needs=(Need.REDIS,),
        in_chain=True,
    ),
    Clause(
        id="1.5-invite-is-not-rejected",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        # Usually the SIP ladder determines the broken link; this is the default.
        link=Link.DISPATCH,
        statement=(
            "an INVITE for the profile's number MUST NOT be rejected or ignored before an agent "
            "could answer"
        ),
        crosses=(Link.SIP_SOCKET,),
        needs=(Need.SIP,),
        in_chain=True,
    ),
    Clause(
        id="1.5-sip-packets-come-once",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.SIP_SOCKET,
        statement="the network MUST NOT duplicate the packets between a caller and livekit-sip",
        crosses=(Link.SIP_SOCKET,),
        needs=(Need.SIP,),
        in_chain=True,
    ),
    Clause(
        id="1.5-sip-messages-are-valid",
        level="SHOULD",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.SIP_SOCKET,
        statement="the SIP messages to the caller SHOULD conform to RFC 3261",
        crosses=(Link.SIP_SOCKET,),
        needs=(Need.SIP,),
    ),
    Clause(
        id="1.1-trunk-challenges",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.CREDENTIALS,
        statement="a trunk for callers with an account MUST answer an INVITE without one with 407",
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS),
        in_chain=True,
    ),
    Clause(
        id="1.1-trunk-accepts-right-password",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.CREDENTIALS,
        statement=(
            "an INVITE with the trunk's own credentials MUST pass without a further challenge"
        ),
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS),
        in_chain=True,
    ),
    Clause(
        id="1.1-trunk-refuses-wrong-password",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.CREDENTIALS,
        statement="an INVITE with a wrong trunk password MUST get a final refusal, and no room",
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK, Link.CREDENTIALS),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS),
    ),
    Clause(
        id="1.1-trunk-refuses-wrong-user",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.CREDENTIALS,
        statement="an INVITE with a wrong trunk user MUST get a final refusal, and no room",
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK, Link.CREDENTIALS),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS),
    ),
    Clause(
        id="1.4-refused-caller-is-logged",
        level="MUST",
        area="errors",
        effect=Effect.PLACE_CALLS,
        link=Link.LOGS,
        statement="livekit-sip MUST log a refused caller with the reason, From, To and Call-ID",
        crosses=(Link.SIP_SOCKET, Link.BUS, Link.TRUNK, Link.CREDENTIALS),
        needs=(Need.SIP, Need.DIRECT_SIP, Need.SIP_CREDENTIALS, Need.SIP_LOG),
    ),
    Clause(
        id="1.1-sip-service-joins-the-server",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.JOIN,
        statement=(
            "livekit-sip MUST join the call's room on livekit-server with its own key and secret"
        ),
        crosses=(*LISTED_ROOM, *DIALLED),
        needs=(Need.SIP,),
        in_chain=True,
    ),
    Clause(
        id="1.1-unknown-caller-is-kept-out",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.STRANGERS,
        statement="an INVITE for a number that belongs to no trunk MUST NOT open a room",
        crosses=(*LISTED_ROOM, *JOINED),
        needs=(Need.SIP, Need.DIRECT_SIP),
    ),
    Clause(
        id="1.2-call-lands-in-a-named-room",
        level="MUST",
        area="rooms",
        effect=Effect.PLACE_CALLS,
        link=Link.ROOM_NAME,
        statement=(
            "the room of a call MUST be named after the profile's rooms.name_pattern, and as the "
            "trunks and dispatch rules predict"
        ),
        crosses=(*LISTED_ROOM, *JOINED),
        needs=(Need.SIP,),
        in_chain=True,
    ),
    Clause(
        id="1.5-call-is-answered",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.ANSWER,
        statement="a call MUST be answered with 200 OK within the answer budget",
        crosses=JOINED,
        needs=(Need.SIP, Need.AGENT),
        in_chain=True,
    ),
    Clause(
        id="1.5-audio-flows-both-ways",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.AUDIO,
        statement="the agent MUST hear the caller and the caller MUST hear the agent",
        crosses=ANSWERED,
        needs=(Need.SIP, Need.AGENT),
        in_chain=True,
    ),
    Clause(
        id="1.5-caller-hears-well",
        level="SHOULD",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.AUDIO,
        statement=(
            "MOS, loss and jitter of what the caller hears SHOULD be within the limits of the "
            "profile's `quality`"
        ),
        crosses=(*ANSWERED, Link.MEDIA, Link.AUDIO),
        needs=(Need.SIP, Need.AGENT),
    ),
    Clause(
        id="1.5-keys-reach-the-agent",
        level="SHOULD",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.AUDIO,
        statement=(
            "the answer to a call SHOULD take keys (DTMF) as telephone-event of RFC 4733, and each "
            "key SHOULD reach the agent once"
        ),
        crosses=(*ANSWERED, Link.MEDIA, Link.AUDIO),
        needs=(Need.SIP, Need.AGENT),
    ),
    Clause(
        id="1.5-call-ends-cleanly",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.HANG_UP,
        statement="BYE MUST be answered with 200 and the caller MUST leave the room",
        crosses=ANSWERED,
        needs=(Need.SIP, Need.AGENT),
        in_chain=True,
    ),
    Clause(
        id="1.5-cancelled-call-ends-cleanly",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.HANG_UP,
        statement=(
            "CANCEL of a ringing call MUST be answered with 200 and its INVITE with 487, and the "
            "caller MUST leave the room"
        ),
        crosses=(*LISTED_ROOM, *JOINED),
        needs=(Need.SIP,),
    ),
    Clause(
        id="1.2-concurrent-calls-get-own-rooms",
        level="MUST",
        area="rooms",
        effect=Effect.PLACE_CALLS,
        link=Link.ROOM_NAME,
        statement="two calls at once MUST get a room each",
        crosses=(*LISTED_ROOM, *JOINED),
        needs=(Need.SIP,),
    ),
    Clause(
        id="1.5-repeated-calls-succeed",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.CAPACITY,
        statement="calls in a row and calls at once MUST all be answered",
        # Where calls do not end, no more of them are placed.
        crosses=(*ANSWERED, Link.HANG_UP),
        needs=(Need.SIP, Need.AGENT),
    ),
    Clause(
        id="1.5-outbound-call-is-answered",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.OUTBOUND,
        statement="CreateSIPParticipant MUST reach the number (from `sip.outbound.caller`, if that "
        "is set) and report the answer",
        crosses=(*API, *DIALS_OUT),
        needs=(Need.OUTBOUND,),
        in_chain=True,
    ),
    Clause(
        id="1.2-outbound-call-uses-the-room",
        level="MUST",
        area="rooms",
        effect=Effect.PLACE_CALLS,
        link=Link.ROOM_NAME,
        statement="an outbound call MUST join the room that CreateSIPParticipant named",
        crosses=(*LISTED_ROOM, *DIALS_OUT),
        needs=(Need.OUTBOUND,),
    ),
    Clause(
        id="1.5-outbound-call-ends-cleanly",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.HANG_UP,
        statement="RemoveParticipant MUST hang up an outbound call with BYE",
        crosses=(*LISTED_ROOM, *DIALS_OUT, Link.ROOM_NAME),
        needs=(Need.OUTBOUND,),
    ),
    Clause(
        id="1.5-outbound-sip-messages-are-valid",
        level="SHOULD",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.OUTBOUND,
        statement="the SIP messages to the callee of an outbound call SHOULD conform to RFC 3261",
        crosses=(*API, *DIALS_OUT),
        needs=(Need.OUTBOUND,),
    ),
    Clause(
        id="1.5-outbound-failure-is-mapped",
        level="MUST",
        area="sip",
        effect=Effect.PLACE_CALLS,
        link=Link.OUTBOUND_FAILURE,
        statement=(
            "CreateSIPParticipant MUST report a busy, declined or unanswered call with the SIP "
            "status and the matching Twirp code"
        ),
        crosses=(*API, *DIALS_OUT),
        needs=(Need.OUTBOUND,),
    ),
    Clause(
        id="1.3-call-events-arrive-in-order",
        level="MUST",
        area="webhooks",
        effect=Effect.PLACE_CALLS,
        link=Link.EVENTS,
        statement=(
            "the webhooks of a call MUST arrive in the order room_started, participant_joined and "
            "track_published, participant_left, room_finished, each with an id of its own, and "
            "with the sip.* attributes of the caller"
        ),
        crosses=(Link.SERVER, Link.DELIVERY, *ANSWERED),
        needs=(Need.SIP, Need.RECEIVER, Need.ENDPOINT),
        in_chain=True,
    ),
    Clause(
        id="1.2-room-ends-after-hang-up",
        level="MUST",
        area="rooms",
        effect=Effect.PLACE_CALLS,
        link=Link.HANG_UP,
        statement="the room of a call MUST end after its departure time-out",
        crosses=(*LISTED_ROOM, *ANSWERED, Link.HANG_UP),
        needs=(Need.SIP,),
    ),
    Clause(
        id="1.2-empty-room-expires",
        level="MUST",
        area="rooms",
        effect=Effect.CREATE_ROOMS,
        link=Link.ROOM_LIFE,
        statement="a room that nobody joins MUST end within its empty time-out plus 15 s",
        crosses=LISTED_ROOM,
    ),
)
