"""
Concurrent calls never exceed the limit of the profile.
"""

import asyncio

import pytest

from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.errors import NotPermitted
from livekit_conformance.observations import Recorder
from tests.drivers.sip_server import answering, dial, refusing, udp_server


async def test_one_call_too_many_is_not_placed(recorder: Recorder) -> None:
    """
    It is refused while the others are up, and allowed when one of them has been hung up.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder, at_once=2) as agent,
    ):
        first, _ = [await dial(agent) for _ in range(2)]
        sent = len(server.requests)
        with pytest.raises(NotPermitted, match="2 calls are up"):
            await dial(agent)
        assert len(server.requests) == sent

        await first.hang_up()
        assert (await dial(agent)).answered


async def test_calls_that_are_being_placed_count(recorder: Recorder) -> None:
    """
    Of three calls placed at the same moment, the third is refused.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder, at_once=2) as agent,
    ):
        results = await asyncio.gather(*(dial(agent) for _ in range(3)), return_exceptions=True)

    assert [isinstance(result, NotPermitted) for result in results] == [False, False, True]


async def test_refused_calls_do_not_count(recorder: Recorder) -> None:
    """
    A refusal ends the call.
    """
    async with (
        udp_server(refusing) as server,
        SipAgent(server.address, recorder=recorder, at_once=1) as agent,
    ):
        calls = [await dial(agent) for _ in range(3)]

    assert not any(call.answered for call in calls)
