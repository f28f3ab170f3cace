"""
Families of checks: the same claim for every method, every name, every bad token.

They send more requests than all checks before them, and a call can work without them.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import API, LISTED_ROOM, Clause, Need
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
    Clause(
        id="1.1-missing-grant-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.GRANTS,
        statement=(
            "a method MUST work with exactly its own grant and be refused with 401 without it"
        ),
        crosses=API,
        in_smoke=False,
    ),
    Clause(
        id="1.1-missing-room-grant-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.CREATE_ROOMS,
        link=Link.GRANTS,
        statement=(
            "a method that changes rooms MUST work with exactly its own grant and be refused with "
            "401 without it"
        ),
        crosses=LISTED_ROOM,
        in_smoke=False,
    ),
    Clause(
        id="1.1-other-room-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.CREATE_ROOMS,
        link=Link.GRANTS,
        statement="an admin token for one room MUST NOT act on another",
        crosses=LISTED_ROOM,
        in_smoke=False,
    ),
    Clause(
        id="1.1-missing-sip-grant-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.CONFIGURE_SIP,
        link=Link.GRANTS,
        statement=(
            "a method that changes SIP trunks and rules MUST work with sip.admin and be refused "
            "with 401 without it"
        ),
        crosses=API,
    ),
    Clause(
        id="1.1-missing-call-grant-is-refused",
        level="MUST",
        area="authentication",
        effect=Effect.PLACE_CALLS,
        link=Link.GRANTS,
        statement=(
            "a method that begins or ends calls MUST work with exactly its own grant and be "
            "refused with 401 without it"
        ),
        crosses=API,
    ),
    Clause(
        id="1.1-join-token-validates",
        level="MUST",
        area="authentication",
        effect=Effect.READ,
        link=Link.GRANTS,
        statement=(
            "the join validation endpoint MUST accept a token for its room and refuse one without "
            "the join grant"
        ),
        crosses=API,
        in_smoke=False,
    ),
    Clause(
        id="1.2-name-is-kept-exactly",
        level="MUST",
        area="rooms",
        effect=Effect.CREATE_ROOMS,
        link=Link.ROOM_LIFE,
        statement="a room MUST have exactly the name it was created with",
        crosses=LISTED_ROOM,
        in_smoke=False,
    ),
    Clause(
        id="1.4-refused-token-is-logged",
        level="MUST",
        area="errors",
        effect=Effect.READ,
        link=Link.LOGS,
        statement=(
            "livekit-server MUST log a refused token within 5 s with time, level, status, method, "
            "path and reason"
        ),
        crosses=(Link.SERVER, Link.API_KEY),
        needs=(Need.SERVER_LOG,),
        in_smoke=False,
    ),
)
