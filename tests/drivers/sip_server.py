"""
A SIP server for tests, whose behaviour is one function.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import TypedDict, Unpack

import pytest

from livekit_conformance.drivers.sip.caller import Credentials, OutgoingCall, SipAgent
from livekit_conformance.drivers.sip.outgoing_call import OnProvisional
from livekit_conformance.drivers.sip.wire import TransportName
from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.dialog import Dialog, response_to
from livekit_conformance.protocol.sip.digest import Challenge, verify
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
from livekit_conformance.waiting import wait_until
from tests import certificates

HOST = "127.0.0.1"
ACCOUNT = Credentials("alice", "wonderland-42")
CHALLENGE = Challenge("LiveKit", "1795-nonce", qop=("auth",))
QUICK = Timing(t1=0.02, t2=0.16, t4=0.1, d=0.2)
SDP = Headers.of(("Content-Type", sdp.CONTENT_TYPE))

Behaviour = Callable[["Server", Request], None]


class Server:
    """
    A scripted SIP server: `behaviour` is called for each request that comes.
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
async def tcp_server(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    server = Server(behaviour)

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.WriteTransport)
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
    listening = await loop.create_server(Protocol, HOST, 0, ssl=tls)
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


_certified = cache(certificates.good)


def tls_server(behaviour: Behaviour) -> AbstractAsyncContextManager[Server]:
    return tcp_server(behaviour, tls=_certified())


SERVERS: Mapping[TransportName, Callable[[Behaviour], AbstractAsyncContextManager[Server]]] = {
    "udp": udp_server,
    "tcp": tcp_server,
    "tls": tls_server,
}
both_transports = pytest.mark.parametrize("transport", ["udp", "tcp"])


class CallOptions(TypedDict, total=False):
    credentials: Credentials | None
    answer_within: float
    silence_within: float
    on_provisional: OnProvisional
    call_id: str


async def dial(agent: SipAgent, **options: Unpack[CallOptions]) -> OutgoingCall:
    return await agent.call(number="+15550123", caller="+15550100", **options)


def answering(server: Server, request: Request) -> None:
    """
    Ring, answer, and accept the BYE.
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
    Ring forever and obey a CANCEL.
    """
    if request.method == "INVITE":
        server.reply(request, 180, "Ringing")
    elif request.method == "CANCEL":
        server.reply(request, 200, "OK")
        server.reply(server.requests[0], 487, "Request Terminated")


def silent(server: Server, request: Request) -> None:
    """
    Accept every message and send nothing.
    """


def demanding(server: Server, request: Request) -> None:
    """
    Challenge the INVITE, and accept only the right credentials.
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
