"""
Rooms, access to them, and the rules that name them.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import API, LISTED_ROOM, Clause, Need
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
    Clause(
        id="1.2-created-room-is-listed",
        level="MUST",
        area="rooms",
        effect=Effect.CREATE_ROOMS,
        link=Link.ROOMS,
        statement=(
            "ListRooms MUST return a room that CreateRoom returned, by name and in the full list, "
            "with the same sid"
        ),
        crosses=(Link.SERVER, Link.API_KEY),
        in_chain=True,
    ),
    Clause(
        id="1.1-participant-joins",
        level="MUST",
        area="authentication",
        effect=Effect.CREATE_ROOMS,
        link=Link.WEBRTC,
        statement="a participant MUST be able to connect to a room within its deadline",
        crosses=LISTED_ROOM,
        in_chain=True,
    ),
    Clause(
        id="1.2-too-long-name-is-refused",
        level="MUST",
        area="rooms",
        effect=Effect.CREATE_ROOMS,
        link=Link.ROOM_LIFE,
        statement=(
            "a room name over the limit MUST be refused with invalid_argument that names the limit"
        ),
        crosses=LISTED_ROOM,
    ),
    Clause(
        id="1.2-create-is-idempotent",
        level="MUST",
        area="rooms",
        effect=Effect.CREATE_ROOMS,
        link=Link.ROOM_LIFE,
        statement="creating a room that is open MUST return it, with the same sid",
        crosses=LISTED_ROOM,
    ),
    Clause(
        id="1.2-settings-are-kept",
        level="MUST",
        area="rooms",
        effect=Effect.CREATE_ROOMS,
        link=Link.ROOM_LIFE,
        statement=(
            "a room MUST keep the time-outs, the metadata and the participant limit it was created "
            "with"
        ),
        crosses=LISTED_ROOM,
    ),
    Clause(
        id="1.2-deleted-room-is-gone",
        level="MUST",
        area="rooms",
        effect=Effect.CREATE_ROOMS,
        link=Link.ROOM_LIFE,
        statement="a deleted room MUST NOT be listed, and deleting it again MUST return not_found",
        crosses=LISTED_ROOM,
    ),
    Clause(
        id="1.2-every-connection-sees-the-room",
        level="MUST",
        area="rooms",
        effect=Effect.CREATE_ROOMS,
        link=Link.ROOM_LIFE,
        statement="a room created over one connection MUST be listed over every other",
        crosses=LISTED_ROOM,
        in_chain=True,
    ),
    Clause(
        id="1.2-no-two-trunks-match",
        level="MUST",
        area="rooms",
        effect=Effect.READ,
        # A conflict for other callers only breaks the line instead.
        link=Link.TRUNK,
        statement=(
            "two inbound trunks, or two dispatch rules, MUST NOT match the same call to the "
            "profile's number"
        ),
        crosses=API,
        needs=(Need.SIP,),
        in_chain=True,
    ),
    Clause(
        id="1.2-dispatch-rules-produce-the-name",
        level="MUST",
        area="rooms",
        effect=Effect.READ,
        # The checks of calls decide the actual outcome of a call.
        link=Link.LINE,
        statement=(
            "the configured trunks and dispatch rules MUST give a call to the profile's number a "
            "room named after rooms.name_pattern"
        ),
        crosses=(*API, Link.TRUNK),
        needs=(Need.SIP,),
        in_chain=True,
    ),
)
