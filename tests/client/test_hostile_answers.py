"""
Whatever answers in place of livekit-server: the client raises one of its errors, which blames the
right side, and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import tracemalloc
from collections import Counter

import pytest
from livekit import api

from livekit_conformance.client import (
    Client,
    LiveKitAuthenticationError,
    LiveKitConnectionError,
    LiveKitError,
    LiveKitRequestError,
    LiveKitServerError,
    State,
)
from livekit_conformance.client.answers import LONGEST_ANSWER
from tests.client.conftest import KEY, SECRET, one_try
from tests.client.hostile import (
    ENDLESS,
    HTML,
    JSON,
    PROTOBUF,
    answer,
    bomb,
    hostile_answers,
    raw_server,
)

# Mutated answers, and the number of the first; a long run is EXAMPLES=20000 SEED=1000000.
EXAMPLES = int(os.environ.get("EXAMPLES", "100"))
SEED = int(os.environ.get("SEED", "0"))
TABLE = list(hostile_answers())
MIB = 1024 * 1024
BOMB = bomb(100)
BLAMED = {
    401: LiveKitAuthenticationError,
    429: LiveKitServerError,
    503: LiveKitServerError,
    200: LiveKitServerError,
    204: LiveKitServerError,
}


async def outcome(client: Client) -> LiveKitError | None:
    try:
        await client.list_rooms()
    except LiveKitError as error:
        return error
    return None


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    # aiohttp logs odd cookies.
    caplog.set_level(logging.CRITICAL, logger="aiohttp")


@pytest.mark.parametrize(
    ("status", "raw"), [row[1:] for row in TABLE], ids=[name for name, *_ in TABLE]
)
async def test_a_hostile_answer_is_an_error_of_ours_that_blames_the_right_side(status, raw):
    before = asyncio.all_tasks()
    async with raw_server(raw) as server:
        async with one_try(server.url) as client:
            error = await outcome(client)
            health = await client.health()
        # Of the server too: each of its tasks waits until the client has closed its connection.
        if left := asyncio.all_tasks() - before:
            _, left = await asyncio.wait(left, timeout=2)
        assert not left

    if error is None:
        # The message can be read, although a header is odd.
        assert (status, health.state) == (0, State.UP)
        return
    if status:
        assert type(error) is BLAMED.get(status, LiveKitRequestError)
        assert error.status == status
    else:
        assert isinstance(error, LiveKitConnectionError | LiveKitServerError)
    error.text.encode()
    assert len(str(error)) < 2000
    assert (error.retry_after or 0) < 1e9
    assert error.hint
    assert error.may_have_arrived
    assert SECRET not in f"{error!r} {error}"
    assert health.state is not State.UP


def test_the_table_holds_more_than_a_hundred_answers():
    assert len(TABLE) > 100


@pytest.mark.timeout(EXAMPLES // 100 + 60)
async def test_a_mutated_answer_is_an_answer_or_an_error_of_ours() -> None:
    rooms = api.ListRoomsResponse(rooms=[api.Room(name="r")]).SerializeToString()
    seeds = [answer("200 OK", PROTOBUF, body=rooms), *(raw for *_, raw in TABLE if len(raw) < 4096)]
    ended: Counter[str] = Counter()
    async with raw_server(b"") as server, one_try(server.url) as client:
        for number in range(SEED, SEED + EXAMPLES):
            server.answer = mutated(random.Random(number), seeds)
            try:
                error = await outcome(client)
            except Exception as defect:
                raise AssertionError(f"seed {number}: {server.answer!r}") from defect
            ended["answer" if error is None else type(error).__name__] += 1
    assert len(ended) > 1, f"too much of one kind: {ended}"


def mutated(chance: random.Random, seeds: list[bytes]) -> bytes:
    raw = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(raw) + 1)
        match chance.randrange(4):
            case 0:
                raw[at : at + 1] = chance.randbytes(1)
            case 1:
                del raw[at : at + chance.randint(1, 16)]
            case 2:
                raw[at:at] = raw[at : at + 40] * chance.randint(1, 4)
            case 3:
                raw[at:at] = chance.choice(seeds)[:200]
    return bytes(raw)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_not_followed(status):
    trunk = api.SIPOutboundTrunkInfo(numbers=["+15550123"], auth_password="made-up-password")
    async with raw_server(b"") as other:
        location = f"Location: {other.url}/login"
        async with (
            raw_server(answer(status, HTML, location)) as server,
            one_try(server.url) as client,
        ):
            for request in (
                client.create_outbound_trunk(trunk),
                client.delete_room("support"),
                client.list_rooms(),
            ):
                with pytest.raises(LiveKitRequestError, match="Check the URL") as failed:
                    await request
                assert failed.value.status == int(status[:3])
            with pytest.raises(LiveKitRequestError):
                await client.deliver(f"{server.url}/hook", {"id": "EV_1"})
            assert (await client.health()).state is State.DEGRADED
    assert other.received == []


@pytest.mark.parametrize("header", [HTML, JSON, "X-None: 1", "Content-Type: application/protobufs"])
async def test_an_empty_body_is_a_message_only_if_it_is_protobuf(header):
    async with raw_server(answer("200 OK", header)) as server, one_try(server.url) as client:
        with pytest.raises(LiveKitServerError, match="another type"):
            await client.delete_room("support")
    good = answer("200 OK", "content-type: Application/Protobuf; charset=utf-8")
    async with raw_server(good) as server, one_try(server.url) as client:
        await client.delete_room("support")


@pytest.mark.parametrize("status", ["200 OK", "503 Unavailable"])
@pytest.mark.parametrize("header", [HTML, JSON, PROTOBUF])
@pytest.mark.parametrize("kind", ["endless", "gzip"])
async def test_no_answer_takes_more_memory_than_the_longest_one(status, header, kind):
    is_message = header == PROTOBUF and status.startswith("200")
    if kind == "endless":
        raw, endless = answer(status, header, length=""), ENDLESS
    else:
        raw, endless = answer(status, header, "Content-Encoding: gzip", body=BOMB), b""
    async with raw_server(raw, endless=endless) as server, one_try(server.url, 10) as client:
        tracemalloc.start()
        try:
            error = await outcome(client)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert type(error) is LiveKitServerError
    assert error.status == int(status[:3])
    assert peak < (2 * LONGEST_ANSWER if is_message else 0) + 6 * MIB
    assert ("longer than" in error.text) is is_message


async def test_a_cookie_of_an_answer_is_not_sent_back():
    raw = answer("200 OK", PROTOBUF, "Set-Cookie: made-up=1")
    async with (
        raw_server(raw) as server,
        one_try(server.url.replace("127.0.0.1", "localhost")) as client,
    ):
        await client.list_rooms()
        await client.list_rooms()

    assert len(server.received) == 2
    assert b"made-up" not in server.received[1]


async def test_an_application_with_more_rooms_allows_longer_answers():
    rooms = api.ListRoomsResponse(rooms=[api.Room(name="r" * LONGEST_ANSWER)]).SerializeToString()
    raw = answer("200 OK", PROTOBUF, body=rooms)
    async with raw_server(raw) as server:
        async with one_try(server.url) as client:
            with pytest.raises(LiveKitServerError, match="longer than"):
                await client.list_rooms()
        async with Client(server.url, KEY, SECRET, longest_answer=2 * LONGEST_ANSWER) as client:
            assert len(await client.list_rooms()) == 1


async def test_an_endpoint_without_end_takes_an_event_and_no_memory():
    async with (
        raw_server(answer("200 OK", HTML, length=""), endless=ENDLESS) as server,
        one_try(server.url) as client,
    ):
        await client.deliver(f"{server.url}/hook", {"id": "EV_1"})
        assert server.sent < 16 * MIB


@pytest.mark.parametrize(
    "host",
    ["a..b", "a" * 64 + ".example", "xn--a.example", "\u2024example", "a.b%41", "[::1%25]"],
)
async def test_an_odd_host_name_is_an_error_of_ours(host):
    async with one_try(f"http://{host}:7880") as client:
        error = await outcome(client)
        health = await client.health()
        with pytest.raises(LiveKitError):
            await client.deliver(f"http://{host}:1/hook", {"id": "EV_1"})

    assert isinstance(error, LiveKitConnectionError)
    assert not error.may_have_arrived
    assert health.state is State.DOWN


@pytest.mark.parametrize(
    ("body", "words"),
    [
        # Rooms without a field: 660 MiB once they are parsed.
        (b"\x0a\x00" * (LONGEST_ANSWER // 2), "has more than 131072 entries"),
        (b"\x10\x00" * (LONGEST_ANSWER // 2), "has more than 131072 entries"),
        (b"\x0b\x0b" * (LONGEST_ANSWER // 2), "of another type"),
        (b"\xff" * LONGEST_ANSWER, "of another type"),
    ],
    ids=["empty rooms", "unknown numbers", "unreadable", "endless number"],
)
async def test_a_list_of_nothing_is_not_parsed(body, words):
    raw = answer("200 OK", PROTOBUF, body=body)
    async with raw_server(raw) as server, one_try(server.url, 10) as client:
        error = await outcome(client)

    assert type(error) is LiveKitServerError
    assert words in error.text


async def test_as_many_short_rooms_as_an_answer_may_hold_are_returned():
    room = api.Room(sid="RM_abcdefghijkl", name="a-room-of-an-app")
    most = LONGEST_ANSWER // (len(room.SerializeToString()) + 2)
    body = api.ListRoomsResponse(rooms=[room] * most).SerializeToString()
    raw = answer("200 OK", PROTOBUF, body=body)
    async with raw_server(raw) as server, one_try(server.url, 10) as client:
        assert len(await client.list_rooms()) == most > 100_000
