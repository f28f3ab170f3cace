"""
Outbound calls of the mock: recorded behaviour of livekit-server 1.13.5 with livekit-sip 1.8.0.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from livekit_conformance.drivers.sip.callee import (
    ANSWER,
    BUSY,
    DECLINE,
    RING,
    SILENT,
    Behaviour,
    SipListener,
)
from livekit_conformance.drivers.sip.caller import Credentials
from livekit_conformance.mock import Faults, Mock
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.drivers.test_sip_with_sipp import WITH_401, sipp_callee
from tests.mock import replay
from tests.mock.conftest import StartMock

NUMBER = "+15550142"
CALLER = "+15550143"
ROOM = "voice-ai-call-outbound"
ALICE = Credentials("alice", "wonderland-42")
GRANTS = {
    "sip": {"admin": True, "call": True},
    "video": {"roomAdmin": True, "roomCreate": True, "room": ROOM},
}
CREATE = "SIP/CreateSIPParticipant"


class Api:
    """
    Sends requests to the mock, and returns status and body.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, method: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        async with self._session.post(f"/twirp/livekit.{method}", json=body) as answer:
            return answer.status, await answer.json()

    async def trunk(self, address: tuple[str, int], account: Credentials | None = None) -> str:
        trunk: dict[str, Any] = {"address": ":".join(map(str, address)), "numbers": [CALLER]}
        if account:
            trunk |= {"auth_username": account.username, "auth_password": account.password}
        _, created = await self.post("SIP/CreateSIPOutboundTrunk", {"trunk": trunk})
        return str(created["sip_trunk_id"])

    async def dial(self, trunk: str, **settings: Any) -> tuple[int, dict[str, Any]]:
        request = {
            "sip_trunk_id": trunk,
            "sip_call_to": NUMBER,
            "room_name": ROOM,
            "participant_identity": "callee",
            "wait_until_answered": True,
            "ringing_timeout": "0.3s",
        }
        return await self.post(CREATE, request | settings)

    async def attributes(self) -> dict[str, str]:
        _, answer = await self.post("RoomService/ListParticipants", {"room": ROOM})
        return next(
            (p["attributes"] for p in answer["participants"] if p["identity"] == "callee"), {}
        )


@pytest.fixture
async def listener() -> AsyncIterator[SipListener]:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    recorder = Recorder(Redactor())
    async with SipListener(bound, number=NUMBER, recorder=recorder, tone_hz=620.0) as listener:
        yield listener


def asking(mock: Mock) -> aiohttp.ClientSession:
    bearer = replay.make_token(grants=GRANTS)
    return aiohttp.ClientSession(mock.url, headers={"Authorization": f"Bearer {bearer}"})


@pytest.fixture
async def api(mock: Mock) -> AsyncIterator[Api]:
    async with asking(mock) as session:
        yield Api(session)


async def test_an_answered_call_is_active_in_its_room_and_speaks(
    api: Api, listener: SipListener
) -> None:
    trunk = await api.trunk(listener.address)
    with listener.behaving(ANSWER) as came:
        status, info = await api.dial(trunk, participant_attributes={"app": "x"})
    attributes = await api.attributes()
    assert came[0].media is not None
    heard = await came[0].media.listen(0.3)

    assert (status, info["participant_identity"], info["room_name"]) == (200, "callee", ROOM)
    assert attributes == {
        "app": "x",
        "sip.callID": info["sip_call_id"],
        "sip.callIDFull": came[0].call_id,
        "sip.callStatus": "active",
        "sip.callTag": attributes["sip.callTag"],
        "sip.hostname": ":".join(map(str, listener.address)),
        "sip.phoneNumber": NUMBER,
        "sip.trunkID": trunk,
        "sip.trunkPhoneNumber": CALLER,
    }
    assert came[0].invite.from_.tag == info["sip_call_id"]
    assert came[0].caller == CALLER
    assert heard.dominant_hz == pytest.approx(1000.0, abs=5.0)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("RoomService/RemoveParticipant", {"room": ROOM, "identity": "callee"}),
        ("RoomService/DeleteRoom", {"room": ROOM}),
    ],
)
async def test_who_is_put_out_of_the_room_is_hung_up(
    api: Api, listener: SipListener, method: str, request_: dict[str, str]
) -> None:
    trunk = await api.trunk(listener.address)
    with listener.behaving(ANSWER) as came:
        await api.dial(trunk)
    status, _ = await api.post(method, request_)
    waited = await came[0].until_hung_up(2.0)

    assert (status, came[0].remote_bye) == (200, True), str(waited)


async def test_a_callee_that_hangs_up_leaves_the_room(api: Api, listener: SipListener) -> None:
    trunk = await api.trunk(listener.address)
    with listener.behaving(ANSWER) as came:
        await api.dial(trunk)
    bye = await came[0].hang_up()

    assert bye is not None
    assert bye.status == 200
    assert await api.attributes() == {}


@pytest.mark.parametrize(
    ("behaviour", "http_status", "code", "message", "sip_status"),
    [
        (BUSY, 429, "resource_exhausted", "INVITE failed: sip status: 486: Busy Here", "486"),
        (
            DECLINE,
            403,
            "permission_denied",
            "unexpected status from INVITE response: sip status: 603: Decline",
            "603",
        ),
        (Behaviour(404), 404, "not_found", "INVITE failed: sip status: 404: Not Found", "404"),
        (
            Behaviour(503),
            412,
            "failed_precondition",
            "unexpected status from INVITE response: sip status: 503: Service Unavailable",
            "503",
        ),
        (RING, 408, "canceled", "sip request timed out", None),
        (SILENT, 408, "canceled", "sip request timed out", None),
        (
            ANSWER.asking(ALICE),
            412,
            "failed_precondition",
            "sip server required auth, but no username or password was provided",
            None,
        ),
    ],
    ids=["busy", "declined", "unknown", "unavailable", "ringing", "silent", "challenged"],
)
async def test_a_failed_call_is_told_as_the_real_service_tells_it(
    api: Api,
    listener: SipListener,
    behaviour: Behaviour,
    http_status: int,
    code: str,
    message: str,
    sip_status: str | None,
) -> None:
    trunk = await api.trunk(listener.address)
    with listener.behaving(behaviour):
        status, error = await api.dial(trunk)

    assert (status, error["code"], error["msg"]) == (
        http_status,
        code,
        f"twirp error unknown: {message}",
    )
    assert error.get("meta", {}).get("sip_status_code") == sip_status
    assert await api.attributes() == {}


async def test_whose_ringing_ends_is_cancelled(api: Api, listener: SipListener) -> None:
    trunk = await api.trunk(listener.address)
    with listener.behaving(RING) as came:
        await api.dial(trunk)
    await came[0].until_hung_up(2.0)

    assert came[0].cancelled


async def test_a_wrong_password_is_tried_five_times(api: Api, listener: SipListener) -> None:
    trunk = await api.trunk(listener.address, Credentials("alice", "looking-glass-42"))
    with listener.behaving(ANSWER.asking(ALICE)) as came:
        status, error = await api.dial(trunk)

    assert (status, error["msg"]) == (
        412,
        "twirp error unknown: max auth retry attempts reached for SIP invite",
    )
    assert came[0].challenges == 5


async def test_without_waiting_the_answer_comes_before_the_callee_does(
    api: Api, listener: SipListener
) -> None:
    trunk = await api.trunk(listener.address)
    with listener.behaving(RING) as came:
        status, _ = await api.dial(trunk, wait_until_answered=False)
        attributes = await api.attributes()
        ringing = await wait_until(lambda: _why_not(api, "ringing"), within=2.0)
        # It rings no longer than requested, and then the room is empty.
        gone = await wait_until(lambda: _why_not(api, None), within=2.0)

    assert status == 200
    assert attributes["sip.callStatus"] in {"dialing", "ringing"}
    assert ringing.came_true, str(ringing)
    assert gone.came_true, str(gone)
    assert came[0].cancelled


async def _why_not(api: Api, wanted: str | None) -> str | None:
    status = (await api.attributes()).get("sip.callStatus")
    return None if status == wanted else f"sip.callStatus is {status}"


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        ({}, 400, "missing sip trunk id and sip number"),
        ({"sip_trunk_id": "ST_1"}, 400, "missing sip callee number"),
        ({"sip_trunk_id": "ST_1", "sip_call_to": NUMBER}, 400, "missing room name"),
        (
            {"sip_trunk_id": "ST_1", "sip_call_to": "sip:a@b", "room_name": ROOM},
            400,
            "SipCallTo should be a phone number or SIP user, not a full SIP URI",
        ),
        (
            {"sip_trunk_id": "ST_1", "sip_call_to": NUMBER, "room_name": ROOM},
            404,
            "requested sip trunk does not exist",
        ),
    ],
)
async def test_a_call_that_cannot_be_placed_is_refused(
    api: Api, request_: dict[str, str], status: int, message: str
) -> None:
    answer = await api.post(CREATE, request_)

    assert (answer[0], answer[1]["msg"]) == (status, message)


@pytest.mark.parametrize(
    ("trunk", "message"),
    [
        ({}, "no trunk numbers specified"),
        ({"numbers": [CALLER]}, "no outbound address specified"),
        (
            {"numbers": [CALLER], "address": "sip:sip.example.org"},
            "trunk address should be a hostname or IP, not SIP URI",
        ),
        (
            {"numbers": [CALLER], "address": "sip.example.org;transport=udp"},
            "trunk address should not contain transport parameter",
        ),
        (
            {"numbers": [CALLER], "address": "sip.example.org", "sip_trunk_id": "ST_1"},
            "trunk id must not be set",
        ),
    ],
)
async def test_a_trunk_that_leads_nowhere_is_refused(
    api: Api, trunk: dict[str, Any], message: str
) -> None:
    status, error = await api.post("SIP/CreateSIPOutboundTrunk", {"trunk": trunk})

    assert (status, error["msg"]) == (400, message)


async def test_outbound_trunks_are_listed_apart_until_they_are_deleted(api: Api) -> None:
    trunk = await api.trunk(("sip.example.org", 5060))
    _, listed = await api.post("SIP/ListSIPOutboundTrunk", {})
    _, inbound = await api.post("SIP/ListSIPInboundTrunk", {})
    await api.post("SIP/DeleteSIPTrunk", {"sip_trunk_id": trunk})
    _, rest = await api.post("SIP/ListSIPOutboundTrunk", {})

    assert [item["sip_trunk_id"] for item in listed["items"]] == [trunk]
    assert (inbound["items"], rest["items"]) == ([], [])


async def test_without_a_sip_service_the_bus_is_empty_and_the_api_says_so(
    start_mock: StartMock, listener: SipListener
) -> None:
    """
    The error comes after the selection time, and livekit-server logs it too.
    """
    faults = Faults(outbound_no_sip_service=True)
    mock = await start_mock(faults=faults, bus_selection_s=0.2)
    async with asking(mock) as session:
        api = Api(session)
        trunk = await api.trunk(listener.address)
        began = asyncio.get_running_loop().time()
        status, error = await api.dial(trunk)
        took = asyncio.get_running_loop().time() - began

    assert (status, error["code"]) == (503, "unavailable")
    assert error["msg"] == "twirp error unknown: no response from servers"
    assert took >= 0.2
    assert "no response from servers" in mock.server_log.read_text()


async def test_sipp_takes_a_call_of_the_mock_after_digest(api: Api, tmp_path: Path) -> None:
    """
    SIPp verifies the answer to its 401, and counts the call as good after our BYE.
    """
    async with sipp_callee(tmp_path, WITH_401) as callee:
        trunk = await api.trunk(callee.address, ALICE)
        status, _ = await api.dial(trunk, ringing_timeout="5s")
        await api.post("RoomService/RemoveParticipant", {"room": ROOM, "identity": "callee"})
        exit_status = await callee.exit_status()

    assert status == 200
    assert exit_status == 0, callee.output.read_text(errors="replace")
