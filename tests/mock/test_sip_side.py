from __future__ import annotations

import asyncio

import aiohttp
import pytest

from livekit_conformance.mock import Faults, Mock
from tests.mock import calls, replay
from tests.mock.conftest import StartMock


def _target(mock: Mock) -> replay.Target:
    return replay.Target(mock.url, mock.sip_address, mock.server_log, mock.sip_log)


async def test_it_rings_each_interval_until_the_agent_speaks(start_mock: StartMock) -> None:
    """
    One 180 at once and one for each whole interval before the answer.
    """
    mock = await start_mock(ringing_interval_s=0.05, answer_delay_s=0.18)
    await replay.provide_sip(mock.url)
    async with calls.answered_call(mock.sip_address) as caller:
        pass

    assert caller.ladder.count("<- 180 Ringing") == 4


async def test_an_answer_is_repeated_until_it_is_acknowledged(mock: Mock) -> None:
    """
    Without an ACK the same 200 is sent again after T1, with one it is not.
    """
    await replay.provide_sip(mock.url)
    caller = await calls.Caller.open(mock.sip_address)
    try:
        invite, answer = await caller.until_answered(calls.Scenario("late ACK"))
        assert await caller.next_response(1.0) == answer
        caller.acknowledge(invite, answer)
        assert await caller.next_response(1.2) is None
        await caller.hang_up(invite, answer)
    finally:
        caller.transport.close()


async def test_a_refused_call_is_refused_again_under_its_own_names(start_mock: StartMock) -> None:
    """
    The same Call-ID and From tag get the same refusal at once; a fresh call is evaluated anew.
    """
    mock = await start_mock(faults=Faults(bus_down=True), bus_selection_s=0.2)
    caller = await calls.Caller.open(mock.sip_address)
    loop = asyncio.get_running_loop()
    durations = []
    try:
        for _ in range(2):
            began = loop.time()
            await caller.play(calls.Scenario("refused"))
            durations.append(loop.time() - began)
    finally:
        caller.transport.close()

    assert caller.ladder[-1] == "<- 503 Try again later"
    assert durations[0] >= 0.2 > durations[1]
    messages = [line["msg"] for line in replay.read_log(mock.sip_log, 0)]
    assert messages.count("Rejecting inbound, auth check failed") == 1


async def test_a_second_call_of_the_same_caller_in_a_direct_room_ends_the_first(
    start_mock: StartMock,
) -> None:
    """
    Both have the same identity; the first gets a BYE.
    """
    mock = await start_mock()
    await replay.provide_sip(mock.url, rule=False)
    bearer = replay.make_token(grants={"sip": {"admin": True}})
    headers = {"Authorization": f"Bearer {bearer}"}
    rule = {"dispatch_rule": {"rule": {"dispatchRuleDirect": {"roomName": "lobby"}}}}
    async with aiohttp.ClientSession(mock.url, headers=headers) as client:
        path = "/twirp/livekit.SIP/CreateSIPDispatchRule"
        async with client.post(path, json=rule) as answer:
            assert answer.status == 200
    async with (
        calls.answered_call(mock.sip_address) as first,
        calls.answered_call(mock.sip_address),
    ):
        assert (await first.next_request(within=2.0)).method == "BYE"


async def test_a_call_that_is_up_at_the_end_leaves_nothing_behind(start_mock: StartMock) -> None:
    """
    Closing the mock during a call raises nothing and warns of nothing.
    """
    mock = await start_mock()
    await replay.provide_sip(mock.url)
    caller = await calls.Caller.open(mock.sip_address)
    try:
        await caller.until_answered(calls.Scenario("abandoned"))
        await mock.__aexit__(None, None, None)
    finally:
        caller.transport.close()

    assert replay.read_log(mock.sip_log, 0)[-1]["msg"] == "SIP call ended"


@pytest.mark.parametrize("noise", [b"", b"\r\n\r\n", b"nonsense", b"\xff" * 40])
async def test_noise_on_the_socket_is_passed_over(mock: Mock, noise: bytes) -> None:
    """
    Keep-alives and garbage get no answer and do no harm.
    """
    caller = await calls.Caller.open(mock.sip_address)
    try:
        caller.transport.sendto(noise, mock.sip_address)
        assert await caller.next_response(0.1) is None
    finally:
        caller.transport.close()
    options = calls.Scenario("options", method="OPTIONS")
    played = await calls.call_all(_target(mock), [options])

    assert played["options"]["ladder"] == ["-> OPTIONS", "<- 200 OK"]
