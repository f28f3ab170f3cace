"""
The caller's own requests within a call: hold, resume, and what any of them is answered with.
"""

from __future__ import annotations

import pytest

from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.message import Headers, Request
from tests.drivers.sip_server import (
    ACCOUNT,
    CHALLENGE,
    QUICK,
    Server,
    answering,
    dial,
    udp_server,
)


def is_again(request: Request) -> bool:
    return request.method == "INVITE" and request.to.tag is not None


async def test_a_held_call_sends_no_audio_until_it_is_resumed(recorder: Recorder) -> None:
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        assert call.media is not None
        await call.change_direction(sdp.Direction.INACTIVE)
        held = call.media.sent
        await call.media.listen(0.1)
        in_hold = call.media.sent - held
        await call.change_direction(sdp.Direction.SENDRECV)
        await call.media.listen(0.1)
        resumed = call.media.sent - held

    offers = [sdp.parse(request.body) for request in server.requests if request.body]
    assert [offer.direction for offer in offers] == ["sendrecv", "inactive", "sendrecv"]
    # RFC 3264 section 8: the version grows by one with each new offer, the session stays.
    assert [offer.version for offer in offers] == [1, 2, 3]
    assert len({offer.session_id for offer in offers}) == 1
    assert (in_hold, resumed > 0) == (0, True)


async def test_each_answer_gets_the_ack_of_its_own_invite(recorder: Recorder) -> None:
    """
    Also one that comes again: its ACK was lost.
    """

    def twice(server: Server, request: Request) -> None:
        answering(server, request)
        if is_again(request):
            server.answer(request)

    async with udp_server(twice) as server, SipAgent(server.address, recorder=recorder) as agent:
        call = await dial(agent)
        await call.change_direction(sdp.Direction.SENDONLY)
        await server.until(lambda: server.methods.count("ACK") == 3, "no third ACK")

    numbers = [request.cseq.number for request in server.requests if request.method == "ACK"]
    assert numbers == [1, 2, 2]


async def test_an_answer_that_comes_too_late_is_acknowledged(recorder: Recorder) -> None:
    def mute_at_first(server: Server, request: Request) -> None:
        if not is_again(request):
            answering(server, request)

    async with (
        udp_server(mute_at_first) as server,
        SipAgent(server.address, recorder=recorder, timing=QUICK) as agent,
    ):
        call = await dial(agent)
        response = await call.change_direction(sdp.Direction.SENDONLY, within=0.1)
        server.answer(next(request for request in server.requests if is_again(request)))
        server.answer(next(request for request in server.requests if is_again(request)))
        await server.until(lambda: server.methods.count("ACK") == 3, "no third ACK")
        assert call.is_up

    assert response is None
    assert call.problem == "INVITE: no answer to INVITE"


async def test_a_refused_hold_changes_nothing(recorder: Recorder) -> None:
    def refusing_hold(server: Server, request: Request) -> None:
        if is_again(request):
            server.reply(request, 488, "Not Acceptable Here")
        else:
            answering(server, request)

    async with (
        udp_server(refusing_hold) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        assert call.media is not None
        response = await call.change_direction(sdp.Direction.INACTIVE)
        before = call.media.sent
        await call.media.listen(0.1)

        assert call.is_up
        assert call.media.sent > before

    assert response is not None
    assert response.status == 488


async def test_a_challenge_within_the_call_is_answered(recorder: Recorder) -> None:
    def demanding_again(server: Server, request: Request) -> None:
        if is_again(request) and "Proxy-Authorization" not in request.headers:
            extra = Headers.of(("Proxy-Authenticate", CHALLENGE))
            server.reply(request, 407, "Unauthorized", extra=extra)
        else:
            answering(server, request)

    async with (
        udp_server(demanding_again) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent, credentials=ACCOUNT)
        response = await call.change_direction(sdp.Direction.SENDONLY)
        bye = await call.hang_up()

    assert response is not None
    assert bye is not None
    assert (response.status, bye.status) == (200, 200)
    numbers = [(request.method, request.cseq.number) for request in server.requests]
    assert numbers[-5:] == [("INVITE", 2), ("ACK", 2), ("INVITE", 3), ("ACK", 3), ("BYE", 4)]


@pytest.mark.parametrize("method", ["UPDATE", "INFO"])
async def test_any_request_gets_its_answer(recorder: Recorder, method: str) -> None:
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        response = await call.ask(method)

        assert response is not None
        assert response.status == 200

    assert method in server.methods
