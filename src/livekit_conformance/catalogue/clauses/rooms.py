"""
Rooms, who may change them, and the rules that name them.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import API, LISTED_ROOM, Clause, Need
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
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
        crosses=LISTED_ROOM,
    ),
    Clause(
        "1.1-missing-sip-grant-is-refused",
        "MUST",
        "authentication",
        Effect.CONFIGURE_SIP,
        Link.GRANTS,
        "a method that changes SIP trunks and rules MUST work with sip.admin and be refused with "
        "401 without it",
        crosses=API,
    ),
    Clause(
        "1.1-missing-call-grant-is-refused",
        "MUST",
        "authentication",
        Effect.PLACE_CALLS,
        Link.GRANTS,
        "a method that begins or ends calls MUST work with exactly its own grant and be refused "
        "with 401 without it",
        crosses=API,
    ),
    Clause(
        "1.1-other-room-is-refused",
        "MUST",
        "authentication",
        Effect.CREATE_ROOMS,
        Link.GRANTS,
        "an admin token for one room MUST NOT act on another",
        crosses=LISTED_ROOM,
    ),
    Clause(
        "1.1-participant-joins",
        "MUST",
        "authentication",
        Effect.CREATE_ROOMS,
        Link.WEBRTC,
        "a participant MUST be able to connect to a room within its deadline",
        crosses=LISTED_ROOM,
    ),
    Clause(
        "1.2-name-is-kept-exactly",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room MUST have exactly the name it was created with",
        crosses=LISTED_ROOM,
    ),
    Clause(
        "1.2-too-long-name-is-refused",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room name over the limit MUST be refused with invalid_argument that names the limit",
        crosses=LISTED_ROOM,
    ),
    Clause(
        "1.2-create-is-idempotent",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "creating a room that is open MUST return it, with the same sid",
        crosses=LISTED_ROOM,
    ),
    Clause(
        "1.2-settings-are-kept",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room MUST keep the time-outs, the metadata and the participant limit it was "
        "created with",
        crosses=LISTED_ROOM,
    ),
    Clause(
        "1.2-deleted-room-is-gone",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a deleted room MUST NOT be listed, and deleting it again MUST be not_found",
        crosses=LISTED_ROOM,
    ),
    Clause(
        "1.2-every-connection-sees-the-room",
        "MUST",
        "rooms",
        Effect.CREATE_ROOMS,
        Link.ROOM_LIFE,
        "a room created over one connection MUST be listed over every other",
        crosses=LISTED_ROOM,
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
        crosses=API,
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
        crosses=(*API, Link.TRUNK),
        needs=(Need.SIP,),
    ),
)
