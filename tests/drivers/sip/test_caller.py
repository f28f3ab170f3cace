"""
The SIP agent placing calls: the server answers, refuses, stays silent, or is not there.
"""

import asyncio
import time

import pytest

from livekit_conformance.drivers.sip import caller
from livekit_conformance.drivers.sip.caller import Credentials, SipAgent, new_call_id
from livekit_conformance.drivers.sip.wire import TransportName
from livekit_conformance.errors import Failure, Unreachable
from livekit_conformance.observations import Recorder, SipExchange
from livekit_conformance.protocol.sip.digest import Challenge
from livekit_conformance.protocol.sip.ladder import draw
from livekit_conformance.protocol.sip.message import (
    Headers,
    Request,
    Response,
)
from tests.drivers.sip_server import (
    ACCOUNT,
    HOST,
    QUICK,
    SERVERS,
    Server,
    answering,
    both_transports,
    demanding,
    dial,
    refusing,
    ringing,
    silent,
    tcp_server,
    udp_server,
)


def losses(recorder: Recorder) -> list[str]:
    seen = (each for each in recorder.observations if isinstance(each, SipExchange))
    return [each.lost for each in seen if each.lost is not None]


@both_transports
async def test_options_is_answered(transport: TransportName, recorder: Recorder) -> None:
    """
    The final response comes back.
    """
    async with (
        SERVERS[transport](answering) as server,
        SipAgent(server.address, transport, recorder=recorder) as agent,
    ):
        response = await agent.options()

    assert (response.status, server.methods) == (200, ["OPTIONS"])
    assert server.requests[0].via.transport == transport.upper()


async def test_a_server_that_is_silent_is_an_observation(recorder: Recorder) -> None:
    """
    The request that got no answer is recorded, and not only raised.
    """
    async with udp_server(silent) as server, SipAgent(server.address, recorder=recorder) as agent:
        with pytest.raises(Unreachable):
            await agent.options(within=0.1)

    assert losses(recorder) == ["no answer to OPTIONS"]


async def test_options_to_a_closed_port_is_refused_at_once(recorder: Recorder) -> None:
    """
    ICMP port unreachable is a reason, not a timeout.
    """
    async with udp_server(silent) as gone:
        address = gone.address
    began = time.monotonic()
    async with SipAgent(address, recorder=recorder) as agent:
        with pytest.raises(Unreachable, match="refused") as caught:
            await agent.options(within=5.0)

    assert caught.value.phase == "connect"
    assert time.monotonic() - began < 2.0
    assert losses(recorder) == ["ICMP: Connection refused"]


async def test_options_into_silence_ends_at_its_deadline(recorder: Recorder) -> None:
    """
    Without an answer the phase is `answer`; the request was repeated meanwhile.
    """
    async with (
        udp_server(silent) as server,
        SipAgent(server.address, recorder=recorder, timing=QUICK) as agent,
    ):
        with pytest.raises(Unreachable, match="no answer to OPTIONS") as caught:
            await agent.options(within=0.3)

    assert caught.value.phase == "answer"
    assert len(server.methods) > 2


async def test_an_unreadable_answer_to_options_is_told_as_one(recorder: Recorder) -> None:
    """
    It is not silence, and the server is to blame.
    """

    def garbled(server: Server, request: Request) -> None:
        server.write(b"SIP/2.0 200 OK\r\nCall-ID: " + request.call_id.encode() + b"\r\n\r\n")

    async with (
        udp_server(garbled) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        with pytest.raises(Unreachable, match="no readable answer to OPTIONS, but an unreadable"):
            await agent.options(within=0.1)
        blamed = [violation.section for violation in agent.violations]

    assert blamed == ["25.1"]


async def test_where_udp_is_silent_tcp_tells_more(recorder: Recorder) -> None:
    """
    A process that hangs still accepts connections; packet loss affects UDP only.
    """
    async with (
        tcp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        answer = await agent.answer_over_tcp(within=0.3)
    async with (
        tcp_server(silent) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        silence = await agent.answer_over_tcp(within=0.3)

    assert isinstance(answer, Response) and answer.status == 200
    assert isinstance(silence, Unreachable)
    assert (silence.phase, silence.failure) == ("answer", Failure.TIMED_OUT)


async def test_a_tcp_connection_that_is_refused_is_unreachable(recorder: Recorder) -> None:
    """
    Entering the agent raises Unreachable with the endpoint.
    """
    async with tcp_server(silent) as gone:
        address = gone.address
    agent = SipAgent(address, "tcp", recorder=recorder)

    with pytest.raises(Unreachable, match="refused") as caught:
        await agent.__aenter__()
    assert (caught.value.phase, caught.value.endpoint) == ("connect", f"tcp:{HOST}:{address[1]}")
    assert caught.value.failure is Failure.REFUSED


async def test_a_port_that_speaks_no_tls_is_reached_and_says_nothing(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The connection was accepted, so the cause differs from that of a closed port.
    """
    monkeypatch.setattr(caller, "_CONNECT_WITHIN_S", 0.3)
    async with tcp_server(silent) as server:
        with pytest.raises(Unreachable, match="TLS failed: the connection was accepted") as caught:
            await SipAgent(server.address, "tls", recorder=recorder).__aenter__()

    assert caught.value.phase == "tls"


async def test_a_name_that_is_none_does_not_resolve(recorder: Recorder) -> None:
    """
    A label of 64 characters cannot be looked up.
    """
    with pytest.raises(Unreachable) as caught:
        await SipAgent(("x" * 64, 5060), recorder=recorder).__aenter__()
    assert caught.value.phase == "resolve"


@both_transports
async def test_a_call_is_answered_and_hung_up(transport: TransportName, recorder: Recorder) -> None:
    """
    INVITE, 180, 200, ACK, BYE, 200.
    """
    async with (
        SERVERS[transport](answering) as server,
        SipAgent(server.address, transport, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        bye = await call.hang_up()

    assert call.answered
    assert not call.cancelled
    assert call.final is not None
    assert (call.final.status, bye.status if bye else None) == (200, 200)
    assert call.first_180_at_s is not None
    assert call.final_at_s is not None
    assert call.first_180_at_s <= call.final_at_s
    assert server.methods == ["INVITE", "ACK", "BYE"]
    assert server.requests[2].cseq.number == 2
    assert server.requests[2].uri == f"sip:{HOST}:{server.address[1]}"
    assert [f"{step.arrow} {step.label}" for step in call.ladder] == [
        "-> INVITE",
        "<- 180 Ringing",
        "<- 200 OK",
        "-> ACK",
        "-> BYE",
        "<- 200 OK",
    ]
    assert [step.status for step in call.ladder] == [None, 180, 200, None, None, 200]


async def test_every_call_has_its_own_identity(recorder: Recorder) -> None:
    """
    A rejection may be cached by Call-ID and From tag, so both are fresh in each call.
    """
    async with (
        udp_server(refusing) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        for _ in range(3):
            await dial(agent)
        await dial(agent, call_id="chosen-1")

    invites = [request for request in server.requests if request.method == "INVITE"]
    assert len({invite.call_id for invite in invites}) == 4
    assert len({invite.from_.tag for invite in invites}) == 4
    assert len({invite.via.branch for invite in invites}) == 4
    assert invites[-1].call_id == "chosen-1"
    assert new_call_id() != new_call_id()


async def test_a_rejection_is_an_outcome_and_gets_its_ack(recorder: Recorder) -> None:
    """
    503 ends the attempt; the ACK is the transaction's.
    """
    async with (
        udp_server(refusing) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        await server.until(lambda: "ACK" in server.methods, "no ACK came")

    assert (call.answered, call.cancelled, call.media) == (False, False, None)
    assert str(call.summary).startswith("503 Try again later after 0.")
    assert await call.hang_up() is None


async def test_right_credentials_are_taken_after_one_challenge(recorder: Recorder) -> None:
    """
    The second INVITE answers the challenge; the password is not recorded.
    """
    async with (
        udp_server(demanding) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent, credentials=ACCOUNT)

    assert call.answered, draw(call.ladder)
    assert call.challenges == 1
    first, second = (r for r in server.requests if r.method == "INVITE")
    assert second.cseq.number == first.cseq.number + 1
    assert (second.call_id, second.from_) == (first.call_id, first.from_)
    recorded = "".join(str(seen) for seen in recorder.observations)
    response = second.headers.one("Proxy-Authorization").partition('response="')[2][:32]
    assert len(response) == 32
    assert response not in recorded + recorder.redact(f"echo: {response}")
    assert ACCOUNT.password not in repr(ACCOUNT) + recorded


@pytest.mark.parametrize(
    ("account", "invites"),
    [(None, 1), (Credentials("alice", "looking-glass"), 2)],
    ids=["no credentials", "wrong password"],
)
async def test_a_challenge_that_cannot_be_met_is_final(
    account: Credentials | None, invites: int, recorder: Recorder
) -> None:
    """
    Without credentials the first 407 is final, with wrong ones the second.
    """
    async with (
        udp_server(demanding) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent, credentials=account)

    assert call.final is not None
    assert call.final.status == 407
    assert call.challenges == invites == server.methods.count("INVITE")


async def test_an_expired_nonce_is_no_wrong_password(recorder: Recorder) -> None:
    """
    RFC 2617 section 3.2.1: with stale=true the same credentials are tried with the new nonce.
    """

    def expiring(server: Server, request: Request) -> None:
        answer = request.headers.get("Proxy-Authorization") or ""
        if request.method != "INVITE" or 'nonce="second"' in answer:
            answering(server, request)
        else:
            challenge = Challenge("r", "second" if answer else "first", stale=bool(answer))
            extra = Headers.of(("Proxy-Authenticate", challenge))
            server.reply(request, 407, "Unauthorized", extra=extra)

    async with (
        udp_server(expiring) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent, credentials=ACCOUNT)

    assert (call.answered, call.challenges) == (True, 2)


async def test_a_challenge_of_an_unknown_kind_is_final_and_named(recorder: Recorder) -> None:
    """
    The problem names the requested algorithm.
    """

    def exotic(server: Server, request: Request) -> None:
        if request.method == "INVITE":
            value = 'Digest realm="r", nonce="n", algorithm=AKAv1-MD5'
            extra = Headers.of(("WWW-Authenticate", value))
            server.reply(request, 401, "Unauthorized", extra=extra)

    async with (
        udp_server(exotic) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent, credentials=ACCOUNT)

    assert call.problem is not None
    assert "AKAv1-MD5" in call.problem
    assert server.methods.count("INVITE") == 1


async def test_a_call_that_only_rings_is_cancelled(recorder: Recorder) -> None:
    """
    At `answer_within` the agent sends CANCEL and waits for the 487.
    """
    rung: list[int] = []
    async with (
        udp_server(ringing) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(
            agent, answer_within=0.3, on_provisional=lambda response: rung.append(response.status)
        )
        await server.until(lambda: "ACK" in server.methods, "no ACK for the 487 came")

    assert (call.cancelled, call.answered) == (True, False)
    assert call.final is not None
    assert call.final.status == 487
    assert call.cancel_response is not None
    assert call.cancel_response.status == 200
    assert call.problem == "no final answer within 0.3 s"
    assert rung == [180]
    invite, cancel = server.requests[:2]
    assert (cancel.method, cancel.via, cancel.cseq.number) == (
        "CANCEL",
        invite.via,
        invite.cseq.number,
    )


async def test_the_answer_to_a_cancel_is_waited_for_when_the_487_overtakes_it(
    recorder: Recorder,
) -> None:
    """
    Over UDP the two may arrive in any order.
    """

    def overtaking(server: Server, request: Request) -> None:
        if request.method == "INVITE":
            server.reply(request, 180, "Ringing")
        elif request.method == "CANCEL":
            server.reply(server.requests[0], 487, "Request Terminated")
        elif request.method == "ACK":
            server.reply(server.requests[1], 200, "OK")

    async with (
        udp_server(overtaking) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent, answer_within=0.1)

    assert call.cancel_response is not None
    assert call.cancel_response.status == 200


async def test_silence_after_ringing_is_cut_short(recorder: Recorder) -> None:
    """
    livekit-sip rings once and then sends nothing when no dispatch rule matches.
    """

    def dropping(server: Server, request: Request) -> None:
        if server.methods == ["INVITE"]:
            server.reply(request, 180, "Ringing")

    async with (
        udp_server(dropping) as server,
        SipAgent(server.address, recorder=recorder, timing=QUICK) as agent,
    ):
        call = await dial(agent, answer_within=30.0, silence_within=0.3)

    assert call.problem == "nothing was heard for 0.3 s"
    assert (call.cancelled, call.final) == (True, None)
    assert call.summary.provisional == (180,)


async def test_each_message_renews_the_patience(recorder: Recorder) -> None:
    """
    The agent waits up to `answer_within` for a server that keeps ringing.
    """
    loop = asyncio.get_running_loop()

    def ringing_on(server: Server, request: Request) -> None:
        if request.method == "INVITE":
            for n in range(5):
                loop.call_later(n * 0.1, server.reply, request, 180, "Ringing")
            loop.call_later(0.55, server.answer, request)
        else:
            answering(server, request)

    async with (
        udp_server(ringing_on) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent, silence_within=0.3)

    assert call.answered, str(call.summary)


async def test_total_silence_ends_without_a_cancel(recorder: Recorder) -> None:
    """
    RFC 3261 section 9.1: without a provisional response there is nothing to cancel.
    """
    async with (
        udp_server(silent) as server,
        SipAgent(server.address, recorder=recorder, timing=QUICK) as agent,
    ):
        call = await dial(agent, answer_within=0.3)
        sent = len(server.methods)

    assert call.problem == "no answer at all within 0.3 s"
    assert (call.cancelled, call.final) == (False, None)
    assert set(server.methods) == {"INVITE"}
    assert sent > 2


async def test_what_comes_after_giving_up_is_still_put_right(recorder: Recorder) -> None:
    """
    A late 180 gets its CANCEL; a 200 that crosses it gets ACK and BYE.
    """
    async with (
        udp_server(silent) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent, answer_within=0.1)
        invite = server.requests[0]
        server.reply(invite, 180, "Ringing")
        await server.until(lambda: "CANCEL" in server.methods, "no CANCEL came")
        server.answer(invite)
        await server.until(lambda: "BYE" in server.methods, "no BYE came")

    assert server.methods == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert (call.answered, call.cancelled) == (False, True)
    assert call.final is not None
    assert call.final.status == 200


async def test_a_call_to_a_closed_port_ends_at_once(recorder: Recorder) -> None:
    """
    ICMP ends the INVITE transaction, and the Call reports it.
    """
    async with udp_server(silent) as gone:
        address = gone.address
    async with SipAgent(address, recorder=recorder) as agent:
        call = await dial(agent, answer_within=5.0)

    assert (call.final, call.cancelled) == (None, False)
    assert call.problem is not None
    assert "ICMP" in call.problem
    assert call.ladder[-1].at_s < 2.0


async def test_a_call_is_given_up_when_it_is_wanted(recorder: Recorder) -> None:
    """
    Long before its deadline, and with a CANCEL.
    """
    wanted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def give_up(_: Response) -> None:
        if not wanted.done():
            wanted.set_result(None)

    began = time.monotonic()
    async with (
        udp_server(ringing) as server,
        SipAgent(server.address, recorder=recorder, timing=QUICK) as agent,
    ):
        call = await agent.call(
            number="+15550123",
            caller="+15550100",
            answer_within=30.0,
            give_up=wanted,
            on_provisional=give_up,
        )

    assert call.cancelled
    assert call.problem == "given up on request"
    assert "CANCEL" in server.methods
    assert time.monotonic() - began < 10.0


async def test_a_call_given_up_before_it_rings_is_cancelled_when_it_does(
    recorder: Recorder,
) -> None:
    """
    CANCEL waits for a provisional response (RFC 3261 section 9.1), and the test for the call's end.
    """
    wanted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    wanted.set_result(None)
    async with (
        udp_server(ringing) as server,
        SipAgent(server.address, recorder=recorder, timing=QUICK) as agent,
    ):
        call = await agent.call(
            number="+15550123", caller="+15550100", answer_within=30.0, give_up=wanted
        )

    assert server.methods.index("CANCEL") > server.methods.index("INVITE")
    assert call.cancelled
    assert call.cancel_response is not None


async def test_from_may_claim_another_host(recorder: Recorder) -> None:
    """
    As a provider's From would; the headers that route answers stay our own.
    """
    async with (
        udp_server(refusing) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        await agent.call(number="+15550123", caller="+15550100", caller_host="pbx.example")

    invite = server.requests[0]
    assert invite.from_.uri == "sip:+15550100@pbx.example"
    assert invite.via.host == HOST
