"""
Tries what a token opens, each time with the proof that a good one works.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from weakref import WeakKeyDictionary

from livekit_conformance.catalogue.refused_tokens import RefusedToken
from livekit_conformance.drivers.http import HttpAnswer
from livekit_conformance.drivers.livekit_api import LIST_ROOMS, LiveKitClient
from livekit_conformance.errors import Blocked
from livekit_conformance.protocol.token import Issuer

_FRESH_S = 1.0
_worked_at: WeakKeyDictionary[LiveKitClient, float] = WeakKeyDictionary()
_LISTS_ROOMS: Mapping[str, Any] = {"video": {"roomList": True}}
# Whoever is let in by mistake sees nothing: rooms of others stay out of messages and evidence.
_NO_ROOM: Mapping[str, Any] = {"names": ["conformance-no-room"]}


async def attempt(client: LiveKitClient, kind: RefusedToken) -> HttpAnswer:
    """
    ListRooms with a token that must be refused.

    Raises Blocked when a good one, made at the same moment, does not work: a server that refuses
    everything would look strict.
    """
    issuer = client.issuer()
    claims = issuer.claims(**_LISTS_ROOMS)
    await expect_good_token_works(client, issuer)
    return await list_no_rooms(client, kind.make(issuer, claims), scheme=kind.scheme)


async def expect_good_token_works(client: LiveKitClient, issuer: Issuer) -> None:
    """
    The positive control: ListRooms answers 200 to a good token; raises Blocked when it does not.

    What worked within the last second is not asked again: the server is somebody else's.
    """
    if time.monotonic() - _worked_at.get(client, -math.inf) < _FRESH_S:
        return
    good = issuer.sign(issuer.claims(**_LISTS_ROOMS))
    answer = await list_no_rooms(client, good)
    if answer.status != HTTPStatus.OK:
        raise Blocked(
            f"positive control: a good token does not work either; {answer}",
            remedy="See 1.1-key-is-accepted",
        )
    _worked_at[client] = time.monotonic()


async def list_no_rooms(
    client: LiveKitClient, bearer: str | None, *, scheme: str = "Bearer "
) -> HttpAnswer:
    """
    ListRooms with any token, for a room that does not exist.
    """
    return await client.post(LIST_ROOMS, bearer=bearer, scheme=scheme, body=_NO_ROOM)
