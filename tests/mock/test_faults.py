"""
Each fault changes one thing; test_recordings shows that the mock is healthy without faults.
"""

from __future__ import annotations

from dataclasses import fields
from http import HTTPStatus
from typing import Any

import aiohttp
import pytest

from livekit_conformance.mock import Faults, Mock, Variations
from livekit_conformance.protocol import rtp
from livekit_conformance.protocol.rtp import Packet
from tests.mock import calls, replay
from tests.mock.conftest import StartMock

_LIST = "/twirp/livekit.RoomService/ListRooms"
_GRANTS = {"video": {"roomList": True}}


async def _list_status(mock: Mock, bearer: str) -> int:
    headers = {"Authorization": f"Bearer {bearer}"}
    async with (
        aiohttp.ClientSession(mock.url, headers=headers) as client,
        client.post(_LIST, json={}) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(
    ("fault", "bearer"),
    [
        ("wrong_secret_accepted", {"secret": "w" * 36}),
        ("unknown_key_accepted", {"issuer": "APInobody"}),
        ("expired_accepted", {"expires": -120}),
    ],
)
async def test_a_bad_token_is_let_in_by_its_fault_only(
    start_mock: StartMock, fault: str, bearer: dict[str, Any]
) -> None:
    """
    The token that the fault admits is accepted, a malformed one is still refused.
    """
    mock = await start_mock(faults=Faults(**{fault: True}))

    assert await _list_status(mock, replay.make_token(grants=_GRANTS, **bearer)) == 200
    assert await _list_status(mock, "nonsense") == 401


async def test_a_silent_server_reads_and_never_answers(start_mock: StartMock) -> None:
    """
    With http_silent a request times out, and the mock still ends at once.
    """
    mock = await start_mock(faults=Faults(http_silent=True))
    timeout = aiohttp.ClientTimeout(total=0.2)
    async with aiohttp.ClientSession(mock.url, timeout=timeout) as client:
        with pytest.raises(TimeoutError):
            await client.get("/")


async def test_a_server_can_be_not_ready(start_mock: StartMock) -> None:
    """
    With not_ready the health check answers 406.
    """
    mock = await start_mock(faults=Faults(not_ready=True))
    async with aiohttp.ClientSession(mock.url) as client, client.get("/") as answer:
        assert (answer.status, await answer.text()) == (406, "Not Ready")


async def test_refusals_can_go_unlogged(start_mock: StartMock) -> None:
    """
    With refusals_not_logged a refused token leaves no line, an accepted one does.
    """
    mock = await start_mock(faults=Faults(refusals_not_logged=True))
    start = mock.server_log.stat().st_size
    assert await _list_status(mock, replay.make_token(secret="w" * 36)) == 401
    assert await _list_status(mock, replay.make_token()) == 401
    assert replay.read_log(mock.server_log, start) == []

    assert await _list_status(mock, replay.make_token(grants=_GRANTS)) == 200
    assert len(replay.read_log(mock.server_log, start)) == 1


@pytest.mark.parametrize("logged", [False, True])
async def test_the_secret_is_in_the_log_by_its_fault_only(
    start_mock: StartMock, *, logged: bool
) -> None:
    """
    A healthy mock never logs its API secret or a trunk password, also when a call goes through.
    """
    mock = await start_mock(faults=Faults(secret_logged=logged))
    await replay.provide_sip(mock.url)
    async with calls.answered_call(mock.sip_address):
        pass
    logs = mock.server_log.read_text() + mock.sip_log.read_text()

    assert (replay.API_SECRET in logs) is logged
    assert replay.PASSWORD not in logs


async def test_sip_can_be_silent(start_mock: StartMock) -> None:
    """
    With sip_silent not even OPTIONS is answered.
    """
    mock = await start_mock(faults=Faults(sip_silent=True))
    target = replay.Target(mock.url, mock.sip_address, mock.server_log, mock.sip_log)
    scenario = calls.Scenario("options", method="OPTIONS", patience=0.2)
    played = await calls.call_all(target, [scenario])

    assert played["options"]["ladder"] == ["-> OPTIONS", "silence"]


@pytest.mark.parametrize("accepted", [False, True])
async def test_any_password_passes_by_its_fault_only(
    start_mock: StartMock, *, accepted: bool
) -> None:
    """
    With trunk_accepts_any_password a wrong password gets 200, otherwise 401.
    """
    mock = await start_mock(faults=Faults(trunk_accepts_any_password=accepted))
    await replay.provide_sip(mock.url)
    target = replay.Target(mock.url, mock.sip_address, mock.server_log, mock.sip_log)
    played = await calls.call_all(target, [calls.Scenario("wrong", password="wrong")])

    assert ("<- 401 Unauthorized" in played["wrong"]["ladder"]) is not accepted
    assert ("<- 200 OK" in played["wrong"]["ladder"]) is accepted


@pytest.mark.parametrize("mute", [False, True])
async def test_the_caller_hears_the_agent_unless_it_is_mute(
    start_mock: StartMock, *, mute: bool
) -> None:
    """
    For each packet one with another sound comes from another source; with no_voice none comes.
    """
    mock = await start_mock(faults=Faults(no_voice=mute))
    await replay.provide_sip(mock.url)
    packet = Packet(0, 7, 160, 1, b"\x55" * 160)
    async with calls.answered_call(mock.sip_address) as caller:
        heard = await caller.heard(packet.encode(), within=0.3)

    if mute:
        assert heard == []
    else:
        voice = Packet.decode(heard[0])
        assert rtp.share(rtp.decode_pcmu(voice.payload * 5), 1000.0) > 0.9
        assert voice.sequence == packet.sequence
        assert voice.ssrc != packet.ssrc


@pytest.mark.parametrize(
    ("config", "numbers"),
    [
        ({"faults": Faults(voice_lossy=True)}, [1, 2, 3, 4, 5, 6, 7, 9]),
        ({"variations": Variations(rtp_uneven=True)}, [1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9]),
    ],
    ids=["lossy", "uneven"],
)
async def test_the_voice_can_be_lossy_or_uneven(
    start_mock: StartMock, config: dict[str, Any], numbers: list[int]
) -> None:
    """
    With voice_lossy one in eight packets is lost; with rtp_uneven each other one is late and twice.
    """
    mock = await start_mock(**config)
    await replay.provide_sip(mock.url)
    packets = [Packet(0, n, 160 * n, 1, b"\x55" * 160).encode() for n in range(1, 10)]
    async with calls.answered_call(mock.sip_address) as caller:
        heard = await caller.heard(*packets, within=0.3)

    assert sorted(Packet.decode(each).sequence for each in heard) == numbers


async def test_a_bye_can_go_unanswered(start_mock: StartMock) -> None:
    """
    With bye_unanswered the call stays up.
    """
    mock = await start_mock(faults=Faults(bye_unanswered=True))
    await replay.provide_sip(mock.url)
    target = replay.Target(mock.url, mock.sip_address, mock.server_log, mock.sip_log)
    played = await calls.call_all(target, [calls.Scenario("stays", patience=0.3)])

    assert played["stays"]["ladder"][-2:] == ["-> BYE", "silence"]


@pytest.mark.parametrize(
    ("broken", "status"), [(False, HTTPStatus.NOT_IMPLEMENTED), (True, HTTPStatus.NOT_FOUND)]
)
async def test_nobody_can_join_the_mock(
    start_mock: StartMock, *, broken: bool, status: int
) -> None:
    """
    The mock answers that it carries no WebRTC; with websocket_refused, 404 as a proxy would.
    """
    mock = await start_mock(faults=Faults(websocket_refused=broken))
    async with aiohttp.ClientSession(mock.url) as client, client.get("/rtc") as answer:
        assert answer.status == status
        assert ("no WebRTC" in await answer.text()) is not broken


async def test_a_token_without_expiry_is_refused_by_a_strict_mock(start_mock: StartMock) -> None:
    """
    Versions of livekit-server after 1.13.5 refuse it; the mock accepts it by default.
    """
    endless = replay.make_token(grants=_GRANTS, expires=None)

    assert await _list_status(await start_mock(), endless) == 200
    strict = await start_mock(accepts_tokens_without_expiry=False)
    assert await _list_status(strict, endless) == 401
    assert await _list_status(strict, replay.make_token(grants=_GRANTS)) == 200


def test_every_fault_is_explained() -> None:
    """
    The docstring of Faults describes each of them.
    """
    assert Faults.__doc__
    unexplained = [f.name for f in fields(Faults) if f.name not in Faults.__doc__]
    assert unexplained == []
