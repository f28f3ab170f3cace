from __future__ import annotations

import aiohttp
from livekit.protocol.models import Room
from livekit.protocol.room import CreateRoomRequest, ListRoomsRequest, ListRoomsResponse

from livekit_conformance.mock import Faults, Mock
from tests.mock import calls, replay
from tests.mock.conftest import StartMock

_ROOMS = "/twirp/livekit.RoomService/"


def _client(mock: Mock, content_type: str = "application/json") -> aiohttp.ClientSession:
    grants = {"video": {"roomCreate": True, "roomList": True}}
    bearer = replay.make_token(grants=grants)
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": content_type}
    return aiohttp.ClientSession(mock.url, headers=headers)


async def _names(client: aiohttp.ClientSession) -> list[str]:
    async with client.post(f"{_ROOMS}ListRooms", json={}) as answer:
        return [room["name"] for room in (await answer.json())["rooms"]]


async def test_protobuf_bodies_are_answered_in_protobuf(mock: Mock) -> None:
    """
    A room that was created in protobuf is listed in protobuf with the same sid.
    """
    async with _client(mock, "application/protobuf") as client:
        request = CreateRoomRequest(name="pb")
        async with client.post(f"{_ROOMS}CreateRoom", data=request.SerializeToString()) as answer:
            created = Room.FromString(await answer.read())
        listing = ListRoomsRequest(names=["pb"])
        async with client.post(f"{_ROOMS}ListRooms", data=listing.SerializeToString()) as answer:
            listed = ListRoomsResponse.FromString(await answer.read())

    assert [room.sid for room in listed.rooms] == [created.sid]
    assert created.sid.startswith("RM_")


async def test_an_empty_room_ends_after_its_empty_timeout(start_mock: StartMock) -> None:
    """
    Without a participant: room_started, then room_finished, and the room is gone.
    """
    async with replay.receiving() as (url, events):
        mock = await start_mock(webhook_url=url)
        async with _client(mock) as client:
            body = {"name": "short", "empty_timeout": 1}
            async with client.post(f"{_ROOMS}CreateRoom", json=body):
                pass
            assert await _names(client) == ["short"]
            await replay.until_finished(events)
            assert await _names(client) == []

    assert [event["event"] for event in events] == ["room_started", "room_finished"]


async def test_deleting_the_room_of_a_call_hangs_up_on_the_caller(start_mock: StartMock) -> None:
    """
    The caller gets a BYE, and events report that room and participants are gone.
    """
    async with replay.receiving() as (url, events):
        mock = await start_mock(webhook_url=url, departure_timeout_s=60.0)
        await replay.provide_sip(mock.url)
        async with calls.answered_call(mock.sip_address) as caller, _client(mock) as client:
            [name] = await _names(client)
            async with client.post(f"{_ROOMS}DeleteRoom", json={"room": name}):
                pass
            assert (await caller.next_request(within=2.0)).method == "BYE"
        await replay.until_finished(events)

    left = [event["participant"] for event in events if event["event"] == "participant_left"]
    assert {participant["disconnectReason"] for participant in left} == {"ROOM_DELETED"}
    assert [participant["kind"] for participant in left] == ["SIP", "AGENT"]


async def test_agents_do_not_keep_a_room_open_or_count(start_mock: StartMock) -> None:
    """
    While a call is up one participant is counted; after it the room ends with the agent in it.
    """
    async with replay.receiving() as (url, events):
        mock = await start_mock(webhook_url=url)
        await replay.provide_sip(mock.url)
        async with (
            calls.answered_call(mock.sip_address),
            _client(mock) as client,
            client.post(f"{_ROOMS}ListRooms", json={}) as answer,
        ):
            [room] = (await answer.json())["rooms"]
        await replay.until_finished(events)

    assert (room["num_participants"], room["num_publishers"]) == (1, 2)
    last = [event["event"] for event in events][-3:]
    assert last == ["track_unpublished", "participant_left", "room_finished"]


async def test_a_hidden_room_is_a_fault(start_mock: StartMock) -> None:
    """
    With rooms_not_listed a created room is not in the list.
    """
    mock = await start_mock(faults=Faults(rooms_not_listed=True))
    async with _client(mock) as client:
        async with client.post(f"{_ROOMS}CreateRoom", json={"name": "hidden"}) as answer:
            assert answer.status == 200
        assert await _names(client) == []
