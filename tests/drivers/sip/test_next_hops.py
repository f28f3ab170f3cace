"""
Requests in a dialog go where the answer sends them, whatever the INVITE was sent to.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack

import pytest

from livekit_conformance.drivers.sip import outgoing_call
from livekit_conformance.drivers.sip.caller import OutgoingCall, SipAgent
from livekit_conformance.drivers.sip.endpoint import SipEndpoint
from livekit_conformance.drivers.sip.wire import TransportName
from livekit_conformance.observations import Recorder, SipExchange
from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.dialog import response_to
from livekit_conformance.protocol.sip.message import Headers, NameAddr, Request, Response
from tests.drivers.sip_server import (
    HOST,
    QUICK,
    SERVERS,
    Behaviour,
    Server,
    both_transports,
    dial,
    silent,
)


def sending_to(target: Server, *, by: str) -> Behaviour:
    """
    Return a behaviour that answers INVITE and leads to `target`, by a header of the answer.
    """

    def behave(server: Server, request: Request) -> None:
        if request.method == "BYE":
            server.reply(request, 200, "OK")
        if request.method != "INVITE":
            return
        there = f"<sip:{target.address[0]}:{target.address[1]};lr>"
        here = NameAddr(f"sip:{HOST}:{server.address[1]}")
        response = response_to(
            request,
            200,
            "OK",
            to_tag="callee",
            contact=NameAddr.parse(there) if by == "Contact" else here,
            extra=Headers.of(
                ("Content-Type", sdp.CONTENT_TYPE),
                *([("Record-Route", there)] if by == "Record-Route" else []),
            ),
            body=str(sdp.offer(HOST, 9, session_id=1)).encode(),
        )
        server.send(response)

    return behave


def confirming(server: Server, request: Request) -> None:
    if request.method == "BYE":
        server.reply(request, 200, "OK")


async def a_call(
    running: AsyncExitStack, front: Server, transport: TransportName, recorder: Recorder
) -> tuple[OutgoingCall, Response | None]:
    agent = await running.enter_async_context(
        SipAgent(front.address, transport, recorder=recorder, timing=QUICK)
    )
    call = await dial(agent)
    return call, await call.hang_up()


@both_transports
@pytest.mark.parametrize("by", ["Contact", "Record-Route"])
async def test_ack_and_bye_go_to_the_next_hop(
    transport: TransportName, by: str, recorder: Recorder
) -> None:
    async with AsyncExitStack() as running:
        node = await running.enter_async_context(SERVERS[transport](confirming))
        front = await running.enter_async_context(SERVERS[transport](sending_to(node, by=by)))
        call, bye = await a_call(running, front, transport, recorder)

    assert bye is not None
    assert bye.status == 200
    assert (front.methods, node.methods) == (["INVITE"], ["ACK", "BYE"])
    assert call.silent_hop is None
    assert node.requests[0].via.port == node.requests[1].via.port != front.requests[0].via.port


@both_transports
async def test_a_contact_that_leads_nowhere_is_a_silent_hop_and_the_call_ends(
    transport: TransportName, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing_call, "_HOP_ANSWERS_WITHIN_S", 0.2)
    async with AsyncExitStack() as running:
        node = await running.enter_async_context(SERVERS[transport](silent))
        front = await running.enter_async_context(
            SERVERS[transport](sending_to(node, by="Contact"))
        )
        call, bye = await a_call(running, front, transport, recorder)

    assert bye is not None
    assert bye.status == 200
    assert call.silent_hop == node.address
    assert front.methods == ["INVITE", "BYE"]
    assert node.methods[:2] == ["ACK", "BYE"]
    # The silence there is none of the server.
    seen = (each for each in recorder.observations if isinstance(each, SipExchange))
    assert [each.lost for each in seen if each.lost is not None] == []


@both_transports
async def test_no_way_is_opened_twice(transport: TransportName, recorder: Recorder) -> None:
    async with AsyncExitStack() as running:
        node = await running.enter_async_context(SERVERS[transport](confirming))
        agent = SipEndpoint(node.address, transport, recorder=recorder)
        running.callback(agent.close)
        await agent.connect(within=1.0)
        hop = HOST, node.address[1]

        await asyncio.gather(*(agent.reach(hop, within=1.0) for _ in range(2)))
        ways = {agent.via(hop).port}
        await agent.reach(hop, within=1.0)

        assert {agent.via(hop).port} == ways
    # A wire that was opened in vain would be a ResourceWarning.
    gc.collect()
