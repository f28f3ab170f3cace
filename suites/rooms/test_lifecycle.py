"""
Life cycle of rooms: creation, settings, end.
"""

import asyncio
import re
from typing import Any

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.own_rooms import Life, OwnRooms
from livekit_conformance.errors import blocked, require, violated
from livekit_conformance.judges.preconditions import LIMIT_UNKNOWN, ROOM_NOT_EMPTY, room_not_listed
from livekit_conformance.judges.rooms import (
    LONG_NAME_NOT_REFUSED,
    MADE_AGAIN,
    NAME_CHANGED,
    NOT_DELETED,
    NOT_SHARED,
    SETTINGS_LOST,
)
from livekit_conformance.judges.waits import Awaited, judge_wait
from livekit_conformance.waiting import POLITE_S, wait_until

_LISTED_WITHIN_S = 2.0
# Forms of {call_id}.
_CALL_IDS = {
    "digits": "15550100",
    "uuid": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "hyphens": "a--b-",
    "plus-sign": "+15550100",
    "non-ascii": "Größe-通話",
}
# livekit-server's limit is 256 bytes unless it is configured.
_TOO_LONG = 4096
_OTHER_CONNECTIONS = 3


@pytest.mark.clause("1.2-created-room-is-listed")
async def test_a_created_room_is_listed_with_its_sid(
    client: LiveKitClient, rooms: OwnRooms
) -> None:
    """
    ListRooms returns the room that CreateRoom made, by name and among all.
    """
    created = await rooms.make()

    async def why_not_yet() -> str | None:
        by_name = [room.sid for room in await client.list_rooms(created.name)]
        among_all = [room.sid for room in await client.list_rooms() if room.name == created.name]
        if by_name == among_all == [created.sid]:
            return None
        return f"created {created.sid}, listed by name {by_name}, in the full list {among_all}"

    listed = await wait_until(why_not_yet, within=_LISTED_WITHIN_S, slowest=POLITE_S)

    require(
        judge_wait(Awaited.ROOM_LISTED, listed, seen=f"it was {listed}"),
        otherwise="See 1.1-server-answers",
    )


@pytest.mark.clause("1.2-name-is-kept-exactly")
@pytest.mark.parametrize("shape", [*_CALL_IDS, "longest"])
async def test_a_room_has_the_name_it_was_created_with(
    client: LiveKitClient, rooms: OwnRooms, shape: str
) -> None:
    """
    CreateRoom and ListRooms return exactly the requested name.
    """
    if shape == "longest":
        name = rooms.names.new(size=await longest_name(rooms))
    else:
        name = rooms.names.new(_CALL_IDS[shape])

    created = await rooms.make(name)
    listed = [room.name for room in await client.list_rooms(name) if room.sid == created.sid]

    if created.name != name or listed != [name]:
        seen = f"{name!r} became {created.name!r}, listed under this name: {listed}"
        raise violated(NAME_CHANGED, seen, asked=name, created=created.name, listed=[*listed])


@pytest.mark.clause("1.2-too-long-name-is-refused")
async def test_a_name_over_the_limit_is_refused(rooms: OwnRooms) -> None:
    """
    The refusal is invalid_argument, and its text contains the limit.
    """
    refused = await refusal_of_a_too_long_name(rooms)

    answer = refused.code if refused else "ok"
    if refused is None or answer != "invalid_argument" or not limit_in(refused.text):
        seen = f"a name of {_TOO_LONG} bytes: {refused or 'it was accepted'}"
        raise violated(LONG_NAME_NOT_REFUSED, seen, size=_TOO_LONG, answer=answer)


@pytest.mark.clause("1.2-create-is-idempotent")
async def test_creating_an_open_room_again_returns_it(rooms: OwnRooms) -> None:
    """
    The second CreateRoom answers with the sid of the first.
    """
    first = await rooms.make()

    again = await rooms.make(first.name)

    if again.sid != first.sid:
        seen = f"{first.sid} became {again.sid}"
        raise violated(MADE_AGAIN, seen, first=first.sid, again=again.sid)


@pytest.mark.clause("1.2-settings-are-kept")
async def test_a_room_keeps_the_settings_it_was_created_with(
    client: LiveKitClient, rooms: OwnRooms
) -> None:
    """
    ListRooms returns the timeouts, the metadata and the participant limit of CreateRoom.
    """
    wanted: dict[str, Any] = {"empty_timeout": 31, "departure_timeout": 7, "max_participants": 3}
    note = "Größe +15550100"
    created = await rooms.make(note=note, **wanted)

    room = next(iter(await client.list_rooms(created.name)), None)
    if room is None:
        raise room_not_listed(f"{created.name} is not listed", created.name)
    mark = client.owner.mark_of("room", room.name, room.metadata)
    kept = {name: getattr(room, name) for name in wanted}

    lost = [name for name in wanted if kept[name] != wanted[name]]
    if not mark or mark.note != note:
        lost.append("metadata")
    if lost:
        seen = f"{wanted} became {kept}, and our signed metadata {room.metadata!r}"
        raise violated(SETTINGS_LOST, seen, lost=[*lost])


@pytest.mark.clause("1.2-deleted-room-is-gone")
async def test_a_deleted_room_is_gone(client: LiveKitClient, rooms: OwnRooms) -> None:
    """
    The room is not listed, and deleting it again is not_found.
    """
    created = await rooms.make()
    await rooms.delete(created)

    async def why_not_yet() -> str | None:
        left = [room.sid for room in await client.list_rooms(created.name)]
        return f"{left} is listed" if left else None

    gone = await wait_until(why_not_yet, within=_LISTED_WITHIN_S, slowest=POLITE_S)
    again = await answer_to_deleting(client, created.name)

    if not gone.came_true or again != "not_found":
        seen = f"its absence was {gone}; the second DeleteRoom answered {again}, expected not_found"
        raise violated(NOT_DELETED, seen, is_listed=not gone.came_true, again=again)


@pytest.mark.clause("1.2-every-connection-sees-the-room")
async def test_every_connection_sees_the_room(rooms: OwnRooms, stranger: LiveKitClient) -> None:
    """
    A load balancer may route each connection to another node; all of them list the room.
    """
    created = await rooms.make()

    seen = [
        [room.sid for room in await stranger.list_rooms(created.name)]
        for _ in range(_OTHER_CONNECTIONS)
    ]

    if seen != [[created.sid]] * _OTHER_CONNECTIONS:
        raise violated(
            NOT_SHARED,
            f"{_OTHER_CONNECTIONS} other connections listed {seen}, expected {created.sid}: the "
            "servers behind livekit.url do not share one Redis",
            link=Link.ROOMS,
            room=created.sid,
        )


@pytest.mark.clause("1.2-empty-room-expires")
async def test_a_room_that_nobody_joins_ends(life_of_an_empty_room: asyncio.Task[Life]) -> None:
    """
    The room is listed at first, and gone within 15 s after its empty timeout.
    """
    life = await life_of_an_empty_room
    if not life.was_listed:
        raise room_not_listed(f"positive control: {life.name} was never listed", life.name)
    if life.visitors:
        raise blocked(
            ROOM_NOT_EMPTY,
            f"{life.visitors} joined {life.name}, so it was not empty",
            remedy="Keep the application's agents out of rooms that no caller is in",
            room=life.name,
            visitors=life.visitors,
        )

    seen = f"its empty time-out is {life.empty_timeout} s; its end was {life.ended}"
    require(
        judge_wait(Awaited.ROOM_ENDED, life.ended, seen=seen), otherwise="See 1.1-server-answers"
    )


async def longest_name(rooms: OwnRooms) -> int:
    """
    Return the size limit of a name in bytes, from the server's refusal of a longer one.
    """
    refused = await refusal_of_a_too_long_name(rooms)
    limit = limit_in(refused.text) if refused else None
    if limit is None:
        see = "1.2-too-long-name-is-refused"
        raise blocked(
            LIMIT_UNKNOWN,
            f"the limit is unknown; a name of {_TOO_LONG} bytes: {refused or 'it was accepted'}",
            remedy=f"See {see}",
            see=see,
        )
    return limit


async def refusal_of_a_too_long_name(rooms: OwnRooms) -> ApiRefused | None:
    """
    Return the server's refusal of a name that is too long; None when it created the room.
    """
    try:
        await rooms.make(rooms.names.new(size=_TOO_LONG))
    except ApiRefused as refused:
        return refused
    return None


def limit_in(text: str) -> int | None:
    """
    Return the number of bytes in the text of a refusal.
    """
    numbers = [int(digits) for digits in re.findall(r"\d+", text)]
    return next((number for number in numbers if 0 < number < _TOO_LONG), None)


async def answer_to_deleting(client: LiveKitClient, name: str) -> str:
    """
    Return the Twirp code of a refusal, `ok` when there was none.
    """
    try:
        await client.delete_room(name)
    except ApiRefused as refused:
        return refused.code
    return "ok"
