"""
Rooms of our own: with names that no other run uses, deleted with the check that made them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Self

from livekit import api

from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.protocol.room_name import room_name
from livekit_conformance.waiting import POLITE_S, Waited, wait_until


class RoomNames:
    """
    Names that fit the profile's pattern; the call id begins with `<mark>-<number>`.

    `mark` is unique to this run, and short enough to be read.
    """

    def __init__(self, pattern: str, *, mark: str) -> None:
        self._pattern = pattern
        self._mark = mark
        self._numbers = count(1)

    def new(self, words: str = "", *, size: int = 0) -> str:
        """
        Return a new name, with `words` at the end of its call id.

        With `size` it is padded to so many bytes.
        """
        call_id = "-".join(filter(None, (self._mark, str(next(self._numbers)), words)))
        missing = size - len(room_name(self._pattern, call_id).encode())
        return room_name(self._pattern, call_id + "x" * missing)


class OwnRooms:
    """
    Create rooms and delete them on exit. Use it as an asynchronous context manager.
    """

    def __init__(self, client: LiveKitClient, names: RoomNames) -> None:
        self.names = names
        self._client = client
        self._made: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for name in dict.fromkeys(self._made):
            await delete_if_there(self._client, name)

    async def make(self, name: str | None = None, **settings: Any) -> api.Room:
        """
        Create a room, under a new name unless one is given.
        """
        # Recorded first: a request without an answer may have created a room too.
        self._made.append(name or self.names.new())
        room = await self._client.create_room(self._made[-1], **settings)
        self._made.append(room.name)
        return room

    async def delete(self, room: api.Room) -> None:
        """
        Delete a room that was made here, and forget it.
        """
        await self._client.delete_room(room.name)
        self._made = [name for name in self._made if name != room.name]


async def delete_if_there(client: LiveKitClient, name: str) -> None:
    """
    Delete a room that may have ended by itself.
    """
    try:
        await client.delete_room(name)
    except ApiRefused as refused:
        if refused.code != "not_found":
            raise


@dataclass(frozen=True, slots=True)
class Life:
    """
    Lifetime of a room that was left alone.

    `was_listed` is the positive control, `visitors` the highest number of participants, `ended` the
    wait for its end after the timeout.
    """

    name: str
    empty_timeout: int
    was_listed: bool
    visitors: int
    ended: Waited


async def make_empty_room(client: LiveKitClient, name: str, *, empty_timeout: int) -> bool:
    """
    Create a room that is left alone for `empty_timeout` seconds; return whether it is listed.
    """
    try:
        created = await client.create_room(name, empty_timeout=empty_timeout)
        return created.sid in [room.sid for room in await client.list_rooms(name)]
    except BaseException:
        await delete_if_there(client, name)
        raise


async def watch_empty_room(
    client: LiveKitClient, name: str, *, was_listed: bool, empty_timeout: int, within: float
) -> Life:
    """
    Watch an empty room from its timeout until it is gone; times in seconds.
    """
    visitors = 0

    async def why_not_yet() -> str | None:
        nonlocal visitors
        rooms = await client.list_rooms(name)
        visitors = max([visitors, *(room.num_participants for room in rooms)])
        return f"{name} is listed" if rooms else None

    ended: Waited | None = None
    try:
        # The server promises nothing before that, so no request is sent.
        await asyncio.sleep(empty_timeout)
        ended = await wait_until(why_not_yet, within=within, poll=POLITE_S, slowest=POLITE_S)
    finally:
        if ended is not None and ended.came_true:
            client.owner.release_room(name)
        else:
            await delete_if_there(client, name)
    return Life(name, empty_timeout, was_listed, visitors, ended)
