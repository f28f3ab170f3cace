"""
The SIP agent within a call: requests of the other side from the answer to the last BYE.
"""

import asyncio

import pytest

from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.observations import Recorder, SipExchange
from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.dialog import Dialog, cancel
from livekit_conformance.protocol.sip.message import (
    Request,
    Response,
    Via,
)
from tests.drivers.sip_server import (
    HOST,
    QUICK,
    Server,
    answering,
    dial,
    refusing,
    ringing,
    silent,
    tcp_server,
    udp_server,
)

VIA = Via.parse("SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK-by-hand;rport")


async def test_a_repeated_200_gets_the_same_ack_again(recorder: Recorder) -> None:
    """
    RFC 3261 section 13.2.2.4.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        await dial(agent)
        server.answer(server.requests[0])
        await server.until(lambda: server.methods.count("ACK") == 2, "no second ACK came")

    first, second = (request for request in server.requests if request.method == "ACK")
    assert first == second


async def test_a_second_answer_from_a_fork_is_ended(recorder: Recorder) -> None:
    """
    RFC 3261 section 13.2.2.4: another To tag is another dialog, which is unwanted.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        server.answer(server.requests[0], tag="fork")
        await server.until(lambda: "BYE" in server.methods, "no BYE came")
        still_up = call.is_up

    bye = next(request for request in server.requests if request.method == "BYE")
    assert bye.to.tag == "fork"
    assert still_up


async def test_the_other_side_hangs_up(recorder: Recorder) -> None:
    """
    Its BYE gets 200, the sound stops, and nothing is left to hang up.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        server.ask("BYE", cseq=1)
        server.ask("BYE", cseq=1)
        await server.until(lambda: server.response("BYE", 1) is not None, "BYE was not answered")
        bye = await call.hang_up()

    answered = server.response("BYE", 1)
    assert answered is not None
    assert answered.status == 200
    assert (call.remote_bye, bye, call.is_up) == (True, None, False)
    assert call.media is not None
    assert call.media.closed
    assert "BYE" not in server.methods


@pytest.mark.parametrize(
    ("method", "cseq", "tag", "status"),
    [
        ("OPTIONS", 1, "callee", 200),
        ("INFO", 1, "callee", 405),
        ("BYE", 1, "stranger", 481),
    ],
)
async def test_requests_of_the_other_side_get_a_fitting_answer(
    method: str, cseq: int, tag: str, status: int, recorder: Recorder
) -> None:
    """
    Known methods are served, unknown ones refused, and other dialogs get 481.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        server.ask(method, cseq=cseq, tag=tag)
        await server.until(lambda: server.response(method, cseq) is not None, "no answer came")
        still_up = call.is_up

    response = server.response(method, cseq)
    assert response is not None
    assert response.status == status
    assert still_up


async def test_a_request_that_was_overtaken_is_refused(recorder: Recorder) -> None:
    """
    RFC 3261 section 12.2.2: a CSeq lower than the last one gets 500.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        await dial(agent)
        body = str(sdp.offer(HOST, 9, session_id=1)).encode()
        server.ask("INVITE", cseq=3, body=body)
        server.ask("OPTIONS", cseq=2)
        await server.until(lambda: server.response("OPTIONS", 2) is not None, "no answer came")

    response = server.response("OPTIONS", 2)
    assert response is not None
    assert response.status == 500


@pytest.mark.parametrize("offers", [True, False], ids=["with offer", "without offer"])
async def test_a_reinvite_is_answered_until_its_ack(*, offers: bool, recorder: Recorder) -> None:
    """
    The 200 has our media and is repeated until the ACK; the sound moves to the new address.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        body = str(sdp.offer(HOST, 9, session_id=1)).encode() if offers else b""
        server.ask("INVITE", cseq=1, body=body)

        def copies() -> int:
            return [str(m.cseq) for m in server.received if isinstance(m, Response)].count(
                "1 INVITE"
            )

        await server.until(lambda: copies() == 2, "the 200 was not repeated")
        server.ask("ACK", cseq=1)
        still_up = call.is_up

    response = server.response("INVITE", 1)
    assert response is not None
    assert response.status == 200
    assert sdp.parse(response.body).port == sdp.parse(server.requests[0].body).port
    assert still_up


@pytest.mark.parametrize(
    ("old", "new"),
    [("PCMU/8000", "opus/48000/2"), ("ptime:20", "ptime:20\x1c"), ("v=0", "")],
    ids=["opus", "control in ptime", "no version"],
)
async def test_a_reinvite_whose_offer_cannot_be_answered_is_refused(
    old: str, new: str, recorder: Recorder
) -> None:
    """
    488, and the call goes on as it was: RFC 3261 section 14.2.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        offer = str(sdp.offer(HOST, 9, session_id=1, codecs=[sdp.PCMU])).replace(old, new)
        server.ask("INVITE", cseq=1, body=offer.encode())
        await server.until(lambda: server.response("INVITE", 1) is not None, "no answer came")
        still_up = call.is_up

    response = server.response("INVITE", 1)
    assert response is not None
    assert response.status == 488
    assert still_up


async def test_a_reinvite_after_the_end_finds_no_call(recorder: Recorder) -> None:
    """
    RFC 3261 section 15: BYE ends the dialog.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        await call.hang_up()
        server.ask("INVITE", cseq=1, body=str(sdp.offer(HOST, 9, session_id=1)).encode())
        await server.until(lambda: server.response("INVITE", 1) is not None, "no answer came")

    answer = server.response("INVITE", 1)
    assert answer is not None
    assert answer.status == 481


async def test_a_cancel_after_the_answer_to_a_reinvite_comes_too_late(recorder: Recorder) -> None:
    """
    RFC 3261 section 9.2: 200, without an effect; 481 for one that is about no INVITE.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        reinvite = server.ask("INVITE", cseq=1, body=str(sdp.offer(HOST, 9, session_id=1)).encode())
        await server.until(lambda: server.response("INVITE", 1) is not None, "no answer came")
        server.send(cancel(reinvite))
        await server.until(lambda: server.response("CANCEL", 1) is not None, "no answer came")
        other = reinvite.headers.replacing("CSeq", "2 INVITE")
        other = other.replacing("Via", str(reinvite.via).replace("z9hG4bK", "z9hG4bKother"))
        server.send(cancel(reinvite.with_headers(other)))
        await server.until(lambda: server.response("CANCEL", 2) is not None, "no answer came")
        still_up = call.is_up

    answers = [server.response("CANCEL", number) for number in (1, 2)]
    assert [answer.status for answer in answers if answer] == [200, 481]
    assert still_up


async def test_an_ack_of_another_dialog_does_not_end_the_repetition_of_an_answer(
    recorder: Recorder,
) -> None:
    """
    RFC 3261 section 13.3.1.4: the 200 to a re-INVITE is repeated until its own ACK.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        await dial(agent)
        server.ask("INVITE", cseq=1, body=str(sdp.offer(HOST, 9, session_id=1)).encode())
        await server.until(lambda: server.response("INVITE", 1) is not None, "no answer came")
        server.ask("ACK", cseq=1, tag="stranger")
        server.ask("ACK", cseq=2)

        def copies() -> int:
            return [m.label for m in server.received if isinstance(m, Response)].count("200 OK")

        await server.until(lambda: copies() == 2, "the 200 was not repeated")


@pytest.mark.parametrize(
    ("changes", "status", "blamed"),
    [
        ({"Max-Forwards": None}, 200, "8.1.1.6"),
        ({"Max-Forwards": "-1"}, 200, "8.1.1.6"),
        ({"Via": "SIP/2.0/UDP 127.0.0.1;branch=old"}, 200, "8.1.1.7"),
        ({"Via": "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;branch=z9hG4bK2"}, 400, "7.3.1"),
        ({"uri": "foo"}, 400, "19.1.1"),
        ({"uri": "http://example.com"}, 416, "8.2.2.1"),
    ],
)
async def test_a_request_that_breaks_a_rule_is_held_against_its_sender(
    changes: dict[str, str | None], status: int, blamed: str, recorder: Recorder
) -> None:
    """
    It is refused only if it cannot be acted on.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        right = Dialog.of_callee(server.requests[0], "callee").request("BYE", via=VIA)[1]
        headers = right.headers
        for name, value in changes.items():
            headers = headers.replacing(name, value) if value else headers.without(name)
        headers = headers.without("uri")
        server.send(Request("BYE", changes.get("uri") or right.uri, headers))
        await server.until(lambda: server.response("BYE", 1) is not None, "no answer came")

    answer = server.response("BYE", 1)
    assert answer is not None
    assert answer.status == status
    assert [violation.section for violation in call.violations] == [blamed]


async def test_a_stranger_who_calls_us_is_told_that_we_are_not_available(
    recorder: Recorder,
) -> None:
    """
    The agent only places calls; a request of another call is refused, not ignored.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        await agent.options()
        options = server.requests[0]
        for method in ("INVITE", "BYE", "MESSAGE", "OPTIONS"):
            headers = options.headers.replacing("CSeq", f"9 {method}")
            server.send(Request(method, "sip:us", headers.replacing("Call-ID", "other")))
        await server.until(lambda: len(server.received) >= 5, "not all were answered")

    statuses = {
        message.cseq.method: message.status
        for message in server.received
        if isinstance(message, Response)
    }
    assert statuses == {"INVITE": 480, "BYE": 481, "MESSAGE": 405, "OPTIONS": 200}


async def test_bye_into_silence_is_none_at_its_deadline(recorder: Recorder) -> None:
    """
    The problem reports it, and the sound stops anyway.
    """

    def mute_at_the_end(server: Server, request: Request) -> None:
        if request.method == "INVITE":
            server.answer(request)

    async with (
        udp_server(mute_at_the_end) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        bye = await call.hang_up(within=0.2)

    assert bye is None
    assert call.problem == "BYE: no answer to BYE"
    assert call.media is not None
    assert call.media.closed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        str(sdp.offer(HOST, 0, session_id=1)).encode(),
        str(sdp.offer("media.example", 9, session_id=1)).encode(),
        str(sdp.offer(HOST, 9, session_id=1, codecs=[sdp.Codec(9, "G722")])).encode(),
    ],
    ids=["none", "garbage", "refused", "host name", "no PCMU"],
)
async def test_an_answer_without_usable_media_is_answered_without_media(
    body: bytes, recorder: Recorder
) -> None:
    """
    The answer is acknowledged all the same; the problem names the defect.
    """

    def bad_answer(server: Server, request: Request) -> None:
        if request.method == "INVITE":
            server.reply(request, 200, "OK", body=body)
        elif request.method == "BYE":
            server.reply(request, 200, "OK")

    async with (
        udp_server(bad_answer) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        await call.hang_up()

    assert (call.answered, call.media) == (True, None)
    assert call.problem is not None
    assert "no usable media" in call.problem
    assert server.methods == ["INVITE", "ACK", "BYE"]


async def test_a_tcp_connection_that_is_closed_ends_the_attempt_and_not_the_agent(
    recorder: Recorder,
) -> None:
    """
    The next call opens a new connection.
    """

    def closing(server: Server, request: Request) -> None:
        if server.methods.count("INVITE") == 1:
            server.reply(request, 180, "Ringing")
            server.hang_up()
        else:
            answering(server, request)

    async with (
        tcp_server(closing) as server,
        SipAgent(server.address, "tcp", recorder=recorder) as agent,
    ):
        lost = await dial(agent)
        call = await dial(agent)

    assert lost.final is None
    assert lost.problem is not None
    assert "closed" in lost.problem
    assert call.answered


async def test_garbage_is_recorded_and_survived(recorder: Recorder) -> None:
    """
    A datagram that is not SIP is recorded; keep-alives are not.
    """

    def noisy(server: Server, request: Request) -> None:
        server.write(b"\r\n\r\n")
        server.write(b"garbage")
        answering(server, request)

    async with udp_server(noisy) as server, SipAgent(server.address, recorder=recorder) as agent:
        assert (await agent.options()).status == 200

    seen = [o for o in recorder.observations if isinstance(o, SipExchange)]
    unreadable = [o for o in seen if o.summary.startswith("<- unreadable")]
    assert [o.text for o in unreadable] == ["garbage"]


async def test_garbage_on_a_stream_closes_it(recorder: Recorder) -> None:
    """
    The message boundaries are lost, so the attempt ends with a reason.
    """

    def noisy(server: Server, request: Request) -> None:
        server.write(b"garbage\r\n\r\n")

    async with (
        tcp_server(noisy) as server,
        SipAgent(server.address, "tcp", recorder=recorder) as agent,
    ):
        call = await dial(agent)

    assert call.problem is not None
    assert "closed the connection" in call.problem


async def test_a_forgotten_call_is_hung_up_when_the_agent_ends(recorder: Recorder) -> None:
    """
    No call outlives its agent.
    """
    async with udp_server(answering) as server:
        async with SipAgent(server.address, recorder=recorder) as agent:
            await dial(agent)

        assert server.methods == ["INVITE", "ACK", "BYE"]


async def test_an_interrupted_call_is_cancelled_when_the_agent_ends(recorder: Recorder) -> None:
    """
    A check that is interrupted during a call leaves no phone ringing.
    """
    async with udp_server(ringing) as server:
        async with SipAgent(server.address, recorder=recorder) as agent:
            dialling = asyncio.create_task(dial(agent))
            await server.until(lambda: server.methods == ["INVITE"], "no INVITE came")
            await server.until(
                lambda: any("180" in o.summary for o in recorder.observations), "no 180 went"
            )
            dialling.cancel()
            await asyncio.wait([dialling])

        await server.until(lambda: "ACK" in server.methods, "the 487 was not acknowledged")
        assert server.methods == ["INVITE", "CANCEL", "ACK"]


@pytest.mark.parametrize("every", [2, 3])
async def test_a_call_survives_losses(every: int, recorder: Recorder) -> None:
    """
    The server receives only every second or third datagram; retransmissions make up for it.
    """
    count = 0

    def deaf(server: Server, request: Request) -> None:
        nonlocal count
        count += 1
        if count % every == 0:
            answering(server, request)

    async with (
        udp_server(deaf) as server,
        SipAgent(server.address, recorder=recorder, timing=QUICK) as agent,
    ):
        call = await dial(agent)
        bye = await call.hang_up()

    assert call.answered
    assert bye is not None


async def test_every_message_stands_in_the_record(recorder: Recorder) -> None:
    """
    Summary, direction, status, time since the first INVITE, and the full text.
    """
    async with (
        udp_server(refusing) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)

    seen = [o for o in recorder.observations if isinstance(o, SipExchange)]
    assert [o.summary for o in seen] == ["-> INVITE", "<- 503 Try again later", "-> ACK"]
    assert {o.call for o in seen} == {call.call_id}
    assert [o.direction for o in seen] == ["sent", "received", "sent"]
    assert [o.status for o in seen] == [None, 503, None]
    assert seen[0].at_s == 0
    assert seen[1].text.startswith("SIP/2.0 503 Try again later\n")


@pytest.mark.parametrize("number", ["+1 555", "x\r\nVia: y", "a@b@c", ""])
async def test_a_number_that_cannot_stand_in_a_uri_is_refused(
    number: str, recorder: Recorder
) -> None:
    """
    Nothing is sent.
    """
    async with (
        udp_server(silent) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        with pytest.raises(ValueError, match=r"not a|control"):
            await agent.call(number=number, caller="+15550100")

    assert server.received == []
