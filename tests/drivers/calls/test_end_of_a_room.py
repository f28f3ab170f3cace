"""
A server that does not list the rooms in time shows nothing about the end of a room.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

import suites.rooms.test_rooms_of_calls as rooms_of_calls
from livekit_conformance import run_clock
from livekit_conformance.errors import Blocked

ROOM = SimpleNamespace(sid="RM_1", name="room", departure_timeout=1)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    monkeypatch.setattr(rooms_of_calls, "_AT_LEAST_S", 0.2)


async def look(list_rooms):
    """
    Run the check with a server that lists rooms like this.
    """

    async def list_participants(_room):
        return []

    client = SimpleNamespace(list_rooms=list_rooms, list_participants=list_participants)
    call = SimpleNamespace(room=ROOM, agent_problem=None)
    prober = SimpleNamespace(room_ends_by=lambda _call: run_clock.now())
    await rooms_of_calls.test_the_room_of_a_call_ends_after_the_call(call, prober, client)


async def test_a_room_that_is_listed_still_is_a_violation():
    async def list_rooms(_name):
        return [ROOM]

    with pytest.raises(AssertionError, match="room is open; in it: nobody"):
        await look(list_rooms)


async def test_a_list_that_does_not_come_blocks_the_check():
    async def list_rooms(_name):
        await asyncio.Event().wait()

    with pytest.raises(Blocked, match="gave no answer"):
        await look(list_rooms)
