"""
The SIP agent against servers that behave, misbehave, or are not there.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from livekit_conformance.drivers.sip import Call, Credentials, SipAgent, new_call_id
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.dialog import Dialog, response_to
from livekit_conformance.protocol.sip.digest import Challenge, verify
from livekit_conformance.protocol.sip.ladder import draw
from livekit_conformance.protocol.sip.message import (
    Headers,
    Message,
    NameAddr,
    Request,
    Response,
    StreamParser,
    Via,
    parse,
)
from livekit_conformance.protocol.sip.transaction import Timing
from livekit_conformance.redaction import Redactor
from livekit_conformance.waiting import wait_until

HOST = "127.0.0.1"
ACCOUNT = Credentials("alice", "wonderland-42")
CHALLENGE = Challenge("LiveKit", "1795-nonce", qop=("auth",))
QUICK = Timing(t1=0.02, t2=0.16, t4=0.1, d=0.2)
SDP = Headers.of(("Content-Type", sdp.CONTENT_TYPE))

Behaviour = Callable[["Server", Request], None]


class Server:
    """
    One side of a conversation, scripted: `behaviour` is called for each request that comes.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.received: list[Message] = []
        self.write: Callable[[bytes], None] = lambda _data: None
        self.hang_up: Callable[[], None] = lambda: None
        self.address = (HOST, 0)

    @property
    def requests(self) -> list[Request]:
        return [message for message in self.received if isinstance(message, Request)]

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]

    def take(self, message: Message) -> None:
        self.received.append(message)
        if isinstance(message, Request):
            self.behaviour(self, message)

    def send(self, message: Message) -> None:
        self.write(message.to_bytes())

    def reply(
        self,
        request: Request,
        status: int,
        reason: str = "Reason",
        *,
        extra: Headers = SDP,
        body: bytes = b"",
        tag: str = "callee",
    ) -> None:
        contact = NameAddr(f"sip:{HOST}:{self.address[1]}")
        response = response_to(
            request, status, reason, to_tag=tag, contact=contact, extra=extra, body=body
        )
        self.send(response)

    def answer(self, request: Request, *, port: int = 9, tag: str = "callee") -> None:
        body = str(sdp.offer(HOST, port, session_id=1)).encode()
        self.reply(request, 200, "OK", body=body, tag=tag)

    def ask(self, method: str, *, cseq: int, body: bytes = b"", tag: str = "callee") -> Request:
        """
        Send a request within the dialog of the first INVITE that came.
        """
        dialog = Dialog.of_callee(self.requests[0], tag)
        via = Via.parse(f"SIP/2.0/UDP {HOST}:{self.address[1]};branch=z9hG4bK-{method}-{cseq}")
        for _ in range(cseq):
            dialog, request = dialog.request(
                method, via=via, contact=NameAddr(f"sip:{HOST}"), extra=SDP, body=body
            )
        self.send(request)
        return request

    async def until(self, predicate: Callable[[], bool], what: str, within: float = 3.0) -> None:
        async def why_not_yet() -> str | None:
            return None if predicate() else f"{what}; so far {[m.label for m in self.received]}"

        waited = await wait_until(why_not_yet, within=within)
        assert waited.came_true, str(waited)

    def response(self, method: str, cseq: int) -> Response | None:
        for message in self.received:
            if isinstance(message, Response) and str(message.cseq) == f"{cseq} {method}":
                return message
        return None


@asynccontextmanager
async def udp_server(behaviour: Behaviour) -> AsyncIterator[Server]:
    server = Server(behaviour)

    class Protocol(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
            server.write = lambda data: transport.sendto(data, addr)
            server.take(parse(data))

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=(HOST, 0))
    server.address = transport.get_extra_info("sockname")
    try:
        yield server
    finally:
        transport.close()


@asynccontextmanager
async def tcp_server(behaviour: Behaviour) -> AsyncIterator[Server]:
    server = Server(behaviour)

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.parser = StreamParser()
            self.transport = transport
            open_connections.append(transport)

        def data_received(self, data: bytes) -> None:
            server.write = self.transport.write
            self.parser.feed(data)
            while (message := self.parser.next_message()) is not None:
                server.take(message)

    open_connections: list[asyncio.BaseTransport] = []
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(Protocol, HOST, 0)
    server.address = listening.sockets[0].getsockname()

    def hang_up() -> None:
        for connection in open_connections:
            connection.close()

    server.hang_up = hang_up
    try:
        yield server
    finally:
        hang_up()
        listening.close()
        await listening.wait_closed()


SERVERS = {"udp": udp_server, "tcp": tcp_server}
both_transports = pytest.mark.parametrize("transport", ["udp", "tcp"])


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(Redactor([ACCOUNT.password]))


async def dial(agent: SipAgent, **options: object) -> Call:
    return await agent.call(number="+15550123", caller="+15550100", **options)


def answering(server: Server, request: Request) -> None:
    """
    A server that rings, answers, and takes the BYE.
    """
    if request.method == "INVITE":
        server.reply(request, 180, "Ringing")
        server.answer(request)
    elif request.method != "ACK":
        server.reply(request, 200, "OK")


def refusing(server: Server, request: Request) -> None:
    if request.method == "INVITE":
        server.reply(request, 503, "Try again later")


def ringing(server: Server, request: Request) -> None:
    """
    A server that rings forever and obeys a CANCEL.
    """
    if request.method == "INVITE":
        server.reply(request, 180, "Ringing")
    elif request.method == "CANCEL":
        server.reply(request, 200, "OK")
        server.reply(server.requests[0], 487, "Request Terminated")


def silent(server: Server, request: Request) -> None:
    """
    A server that takes everything and says nothing.
    """


def demanding(server: Server, request: Request) -> None:
    """
    A server that wants credentials, and the right ones.
    """
    if request.method != "INVITE":
        answering(server, request)
        return
    answer = request.headers.get("Proxy-Authorization")
    if answer is None or verify(
        answer, challenge=CHALLENGE, username="alice", password="wonderland-42", method="INVITE"
    ):
        extra = Headers.of(("Proxy-Authenticate", CHALLENGE))
        server.reply(request, 407, "Unauthorized", extra=extra)
    else:
        server.answer(request)


@both_transports
async def test_options_is_answered(transport: str, recorder: Recorder) -> None:
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


async def test_options_into_silence_ends_at_its_deadline(recorder: Recorder) -> None:
    """
    Nobody answers, so the phase is `answer`; the request was repeated meanwhile.
    """
    async with (
        udp_server(silent) as server,
        SipAgent(server.address, recorder=recorder, timing=QUICK) as agent,
    ):
        with pytest.raises(Unreachable, match="no answer to OPTIONS") as caught:
            await agent.options(within=0.3)

    assert caught.value.phase == "answer"
    assert len(server.methods) > 2


async def test_a_tcp_connection_that_is_refused_is_unreachable(recorder: Recorder) -> None:
    """
    Entering the agent says so, with the endpoint.
    """
    async with tcp_server(silent) as gone:
        address = gone.address
    agent = SipAgent(address, "tcp", recorder=recorder)

    with pytest.raises(Unreachable, match="refused") as caught:
        await agent.__aenter__()
    assert (caught.value.phase, caught.value.endpoint) == ("connect", f"tcp:{HOST}:{address[1]}")


async def test_a_name_that_is_none_does_not_resolve(recorder: Recorder) -> None:
    """
    A label of 64 characters cannot be asked for.
    """
    with pytest.raises(Unreachable) as caught:
        await SipAgent(("x" * 64, 5060), recorder=recorder).__aenter__()
    assert caught.value.phase == "resolve"


@both_transports
async def test_a_call_is_answered_and_hung_up(transport: str, recorder: Recorder) -> None:
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


async def test_every_call_has_its_own_identity(recorder: Recorder) -> None:
    """
    A rejection may be cached by Call-ID and From tag, so both are fresh each time.
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
    The second INVITE answers the challenge; nothing of the password is recorded.
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
    recorded = "".join(str(seen.details) for seen in recorder.observations)
    response = second.headers.one("Proxy-Authorization").partition('response="')[2][:32]
    assert len(response) == 32
    assert response not in recorded
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


async def test_a_challenge_of_an_unknown_kind_is_final_and_named(recorder: Recorder) -> None:
    """
    The problem says which algorithm was asked for.
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
    At `answer_within` a CANCEL goes out, and its 487 is waited for.
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
    assert call.problem == "no final answer within 0.3 s"
    assert rung == [180]
    invite, cancel = server.requests[:2]
    assert (cancel.method, cancel.via, cancel.cseq.number) == (
        "CANCEL",
        invite.via,
        invite.cseq.number,
    )


async def test_silence_after_ringing_is_cut_short(recorder: Recorder) -> None:
    """
    livekit-sip rings once and says nothing more when no dispatch rule matches.
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
    A server that rings on is waited for up to `answer_within`.
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
    RFC 3261 section 9.1: before a provisional response there is nothing to cancel.
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
    A late 180 gets its CANCEL; a 200 that crosses it is acknowledged and ended with BYE.
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
    ICMP ends the INVITE transaction; the Call tells.
    """
    async with udp_server(silent) as gone:
        address = gone.address
    async with SipAgent(address, recorder=recorder) as agent:
        call = await dial(agent, answer_within=5.0)

    assert (call.final, call.cancelled) == (None, False)
    assert call.problem is not None
    assert "ICMP" in call.problem
    assert call.ladder[-1].at_s < 2.0


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
    RFC 3261 section 13.2.2.4: another To tag is another dialog, which nobody wants.
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
    Its BYE gets 200, the sound stops, and there is nothing left to hang up.
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
    What we know is done, what we do not know is refused, what is not ours is unknown.
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
    RFC 3261 section 12.2.2: a CSeq that goes back gets 500.
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
    The 200 carries our media and is repeated until the ACK; the sound moves to the new address.
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


async def test_a_reinvite_that_offers_nothing_we_know_is_refused(recorder: Recorder) -> None:
    """
    488, and the call goes on as it was: RFC 3261 section 14.2.
    """
    async with (
        udp_server(answering) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)
        opus = sdp.offer(HOST, 9, session_id=1, codecs=[sdp.Codec(96, "opus", 48000)])
        server.ask("INVITE", cseq=1, body=str(opus).encode())
        await server.until(lambda: server.response("INVITE", 1) is not None, "no answer came")
        still_up = call.is_up

    response = server.response("INVITE", 1)
    assert response is not None
    assert response.status == 488
    assert still_up


async def test_a_stranger_who_calls_us_is_told_that_we_are_not_available(
    recorder: Recorder,
) -> None:
    """
    The agent only calls; a request of another call is refused, not ignored.
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
    The problem says so, and the sound stops anyway.
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
    It is acknowledged all the same; the problem says what is wrong.
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


async def test_a_200_without_contact_is_named(recorder: Recorder) -> None:
    """
    RFC 3261 section 12.1.1: nobody could send an ACK anywhere.
    """

    def no_contact(server: Server, request: Request) -> None:
        if request.method == "INVITE":
            server.send(response_to(request, 200, "OK", to_tag="callee"))

    async with (
        udp_server(no_contact) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)

    assert (call.answered, call.problem) == (False, "200 OK to INVITE has no Contact")


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
    A datagram that is no SIP stands in the record; keep-alives do not.
    """

    def noisy(server: Server, request: Request) -> None:
        server.write(b"\r\n\r\n")
        server.write(b"garbage")
        answering(server, request)

    async with udp_server(noisy) as server, SipAgent(server.address, recorder=recorder) as agent:
        assert (await agent.options()).status == 200

    unreadable = [o for o in recorder.observations if "unreadable" in o.summary]
    assert [o.details["text"] for o in unreadable] == ["garbage"]


async def test_garbage_on_a_stream_closes_it(recorder: Recorder) -> None:
    """
    There are no message boundaries any more, so the attempt ends with a reason.
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
    A check that is stopped in mid-call leaves nobody ringing.
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
    The server hears only each second or third datagram; retransmissions do the rest.
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
    Summary, direction, status, time since the first INVITE, and the whole text.
    """
    async with (
        udp_server(refusing) as server,
        SipAgent(server.address, recorder=recorder) as agent,
    ):
        call = await dial(agent)

    seen = [o for o in recorder.observations if o.kind == "sip"]
    assert [o.summary for o in seen] == ["-> INVITE", "<- 503 Try again later", "-> ACK"]
    assert {o.details["call"] for o in seen} == {call.call_id}
    assert [o.details["direction"] for o in seen] == ["sent", "received", "sent"]
    assert [o.details["status"] for o in seen] == [None, 503, None]
    assert seen[0].details["at_s"] == 0
    assert seen[1].details["text"].startswith("SIP/2.0 503 Try again later\n")


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
