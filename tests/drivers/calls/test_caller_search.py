"""
Search for our caller behind a provider: earlier participants are not ours, and none is guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sized
from contextlib import AsyncExitStack
from typing import Any

import pytest
from livekit import api
from livekit.protocol.models import ParticipantInfo

from livekit_conformance.drivers.calls.caller_search import CallerSearch
from livekit_conformance.errors import Unreachable
from livekit_conformance.protocol.caller import DialledCall

CHANGED = "+15550142"


class Server:
    """
    Rooms and their participants, as the client lists them.
    """

    def __init__(self, **rooms: list[ParticipantInfo]) -> None:
        self.rooms = rooms
        self.is_down = False
        # Rooms whose participants were listed.
        self.asked: list[str] = []

    async def reserve(self, _requests: int) -> None: ...

    async def list_rooms(self, *names: str) -> list[api.Room]:
        await asyncio.sleep(0)
        if self.is_down:
            raise Unreachable("server", phase="connect", detail="is down", waited=0, remedy="")
        return [api.Room(name=name, sid=f"RM_{name}") for name in names or self.rooms]

    async def list_participants(self, room: str) -> list[ParticipantInfo]:
        await asyncio.sleep(0)
        self.asked.append(room)
        return self.rooms[room]


def sip(sid: str, caller: str = CHANGED, **attributes: str) -> ParticipantInfo:
    told = {"sip.phoneNumber": caller, "sip.trunkPhoneNumber": "+15550123"}
    return ParticipantInfo(
        sid=sid, kind=ParticipantInfo.Kind.SIP, attributes=told | attributes, tracks=[{}]
    )


def search(
    server: Server,
    searches: set[CallerSearch] | None = None,
    *,
    provider: bool = True,
    webhooks: Sized = (),
) -> CallerSearch:
    client: Any = server
    call = DialledCall("ours", "+15550100", "+15550123", through_provider=provider)
    return CallerSearch(
        client,
        "room{call_id}",
        call,
        own_callers=("+15550100",),
        searches=set() if searches is None else searches,
        webhooks=webhooks,
    )


async def test_the_caller_is_found_in_a_new_room_or_in_one_that_fits_the_pattern():
    for room in ("another", "room1"):
        server = Server(room1=[sip("PA_before")])
        async with search(server) as looking:
            await looking.once()
            assert (looking.participant, looking.why is None) == (None, True)
            server.rooms[room] = [*server.rooms.get(room, []), sip("PA_ours")]
            await looking.until_settled()

        assert looking.participant is not None
        assert (looking.participant.sid, looking.room and looking.room.name) == ("PA_ours", room)


async def test_who_is_in_a_room_that_was_there_and_does_not_fit_is_not_asked_for():
    server = Server(conference=[])
    async with search(server) as looking:
        server.rooms["conference"] = [sip("PA_1")]
        await looking.once()

    assert looking.participant is None


async def test_a_caller_that_was_found_is_not_when_another_comes_that_may_be_ours():
    server = Server()
    async with search(server) as looking:
        server.rooms["room1"] = [sip("PA_1")]
        await looking.once()
        assert looking.participant is not None
        server.rooms["room2"] = [sip("PA_2")]
        await looking.once()

    assert (looking.participant, looking.room) == (None, None)
    assert "2 SIP participants" in (looking.why or "")


async def test_a_caller_that_was_found_and_has_left_is_not_confused_with_the_next():
    server = Server()
    async with search(server) as looking:
        server.rooms["room1"] = [sip("PA_1")]
        await looking.once()
        server.rooms["room1"] = [sip("PA_2")]
        await looking.once()

    assert looking.participant is None


async def test_a_proof_outweighs_what_was_taken_for_ours():
    server = Server()
    async with search(server) as looking:
        server.rooms["room1"] = [sip("PA_1")]
        await looking.once()
        server.rooms["room2"] = [sip("PA_2", **{"sip.callIDFull": "ours"})]
        await looking.once()

    assert looking.participant is not None
    assert looking.participant.sid == "PA_2"


async def test_calls_at_once_that_look_alike_share_the_callers_that_came():
    server, searches = Server(), set[CallerSearch]()
    async with AsyncExitStack() as up:
        both = [await up.enter_async_context(search(server, searches)) for _ in range(2)]
        server.rooms |= {"room1": [sip("PA_1")], "room2": [sip("PA_2")]}
        await asyncio.gather(*(one.until_settled() for one in both))
        await asyncio.gather(*(one.once() for one in both))

        assert {one.participant and one.participant.sid for one in both} == {"PA_1", "PA_2"}
        server.rooms["room3"] = [sip("PA_3")]
        await asyncio.gather(*(one.once() for one in both))

    assert [one.participant for one in both] == [None, None]


async def test_the_caller_of_a_call_that_is_over_is_not_taken_for_the_next():
    server, searches = Server(), set[CallerSearch]()
    async with search(server, searches) as before:
        server.rooms["room1"] = [sip("PA_1")]
        await before.once()
    server.rooms.clear()
    async with search(server, searches) as after:
        server.rooms["room1"] = [sip("PA_1")]
        await after.once()

    assert after.participant is None


async def test_where_nobody_knows_who_was_there_before_nobody_is_taken_for_ours():
    server = Server()
    server.is_down = True
    async with search(server) as looking:
        server.is_down = False
        server.rooms["room1"] = [sip("PA_1")]
        await looking.once()

    assert looking.participant is None
    assert "is down" in (looking.why or "")


PROOF = {"sip.callIDFull": "ours"}


def busy(room: str) -> dict[str, list[ParticipantInfo]]:
    """
    Return more new rooms than one look can take; our caller is in the last one.
    """
    return {f"room-of-others-{number}": [] for number in range(25)} | {room: [sip("PA_1", **PROOF)]}


async def test_a_room_that_a_webhook_reports_is_looked_at_alone():
    server = Server()
    async with search(server, provider=False, webhooks=["room_started"]) as looking:
        looking.report("room-of-others-3", {"sip.callIDFull": "theirs"})
        server.rooms = busy("ours")
        looking.report("ours", PROOF)
        await looking.once()

    assert server.asked == ["ours"]
    assert looking.room is not None
    assert looking.room.name == "ours"


async def test_a_room_named_after_our_caller_comes_first():
    server = Server()
    async with search(server, provider=False) as looking:
        server.rooms = busy("room-_+15550100_xyz")
        await looking.once()

    assert server.asked == ["room-_+15550100_xyz"]
    assert looking.why is None


async def test_where_many_rooms_come_and_go_each_has_its_turn():
    server = Server()
    async with search(server, provider=False) as looking:
        server.rooms = busy("ours")
        for _ in range(3):
            await looking.once()

    assert len(set(server.asked)) == len(server.asked) == 26
    assert looking.room is not None
    assert looking.room.name == "ours"


@pytest.mark.parametrize(
    ("webhooks", "provider", "why"),
    [
        (["room_started"], False, None),
        # No webhook has arrived: that of our caller may be lost, too.
        ([], False, "15 of 25 were not"),
        # Behind a provider no webhook proves to be that of our caller.
        (["room_started"], True, "15 of 25 were not"),
    ],
)
async def test_rooms_that_nobody_looked_at_are_told_unless_webhooks_tell_of_arrivals(
    webhooks, provider, why
):
    server = Server()
    delivered: list[str] = []
    async with search(server, provider=provider, webhooks=delivered) as looking:
        server.rooms = busy("ours")
        del server.rooms["ours"]
        delivered += webhooks
        await looking.once()

    assert looking.participant is None
    assert (looking.why or "").endswith(why or "")
    assert (looking.why is None) is (why is None)
