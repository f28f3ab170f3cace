"""
Send requests with refused tokens, each after the positive control that a good token works.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from weakref import WeakKeyDictionary

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.refused_tokens import RefusedToken
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.livekit_api import LIST_ROOMS, LiveKitClient
from livekit_conformance.errors import blocked
from livekit_conformance.judges.preconditions import GOOD_TOKEN_FAILS
from livekit_conformance.protocol.token import Issuer

_FRESH_S = 1.0
_LISTS_ROOMS: Mapping[str, Any] = {"video": {"roomList": True}}
# If the server wrongly accepts a token, messages and evidence still show no rooms of others.
NO_ROOM = "conformance-no-room"


@dataclass(frozen=True, slots=True)
class GoodToken:
    """
    Token that has just been accepted by ListRooms: its issuer and its claims.
    """

    issuer: Issuer
    claims: dict[str, Any]
    worked_at: float = field(default_factory=time.monotonic)


_worked: WeakKeyDictionary[LiveKitClient, GoodToken] = WeakKeyDictionary()


async def attempt(
    client: LiveKitClient, kind: RefusedToken, *, path: str = LIST_ROOMS, room: str = NO_ROOM
) -> HttpAnswer:
    """
    Send ListRooms, for a `room` that does not exist, with a token that must be refused.

    Raises Blocked when a good token does not work at the same moment: a server that refuses
    everything would look strict.
    """
    good = await good_token(client)
    bearer = kind.make(good.issuer, dict(good.claims))
    return await list_no_rooms(client, bearer, scheme=kind.scheme, path=path, room=room)


async def good_token(client: LiveKitClient) -> GoodToken:
    """
    Return a token that ListRooms accepts, as positive control; raise Blocked if it does not.

    A token that worked within the last second is not tried again: the server is somebody else's.
    Bad tokens are derived from it, so a stolen signature is that of a token that the server has
    seen.
    """
    known = _worked.get(client)
    if known is not None and time.monotonic() - known.worked_at < _FRESH_S:
        return known
    issuer = client.issuer()
    claims = issuer.claims(**_LISTS_ROOMS)
    answer = await list_no_rooms(client, issuer.sign(claims))
    if answer.status != HTTPStatus.OK:
        see = "1.1-key-is-accepted"
        raise blocked(
            GOOD_TOKEN_FAILS,
            f"positive control: a good token does not work either; {answer}",
            remedy=f"See {see}",
            link=Link.NODE if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else None,
            see=see,
            status=answer.status,
        )
    _worked[client] = GoodToken(issuer, claims)
    return _worked[client]


async def list_no_rooms(
    client: LiveKitClient,
    bearer: str | None,
    *,
    scheme: str = "Bearer ",
    path: str = LIST_ROOMS,
    room: str = NO_ROOM,
) -> HttpAnswer:
    """
    Send ListRooms with any token, for a room that does not exist.
    """
    return await client.post(path, bearer=bearer, scheme=scheme, body={"names": [room]})
