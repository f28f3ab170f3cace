"""
Place the same calls at any livekit-sip, and normalise its answers and its log lines.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from livekit_conformance.protocol.sip import dialog, digest, sdp
from livekit_conformance.protocol.sip.message import (
    NO_HEADERS,
    Headers,
    NameAddr,
    Request,
    Response,
    Via,
    parse,
)
from livekit_conformance.protocol.sip.syntax import Parameters
from tests.mock.replay import (
    CALLER,
    NUMBER,
    PASSWORD,
    STRANGER,
    USERNAME,
    Normaliser,
    Target,
    read_log,
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    Behaviour of a caller, which gives up after `patience` seconds without a new message.
    """

    id: str
    number: str = NUMBER
    username: str = USERNAME
    password: str = PASSWORD
    method: str = "INVITE"
    patience: float = 2.5
    cancels_after_ringing: bool = False
    offer: bool = True


HEALTHY = (
    Scenario("answered"),
    Scenario("wrong-password", password="wrong"),
    Scenario("wrong-user", username="stranger"),
    Scenario("cancelled-while-ringing", cancels_after_ringing=True),
    Scenario("without-offer", offer=False),
    Scenario("options", method="OPTIONS"),
    Scenario("register", method="REGISTER"),
    Scenario("bye-of-no-call", method="BYE"),
    Scenario("cancel-of-no-call", method="CANCEL", patience=1.0),
)
WITHOUT_RULE = (Scenario("no-rule"), Scenario("no-trunk-no-rule", number=STRANGER))
WITHOUT_SERVER = (Scenario("bus-down"),)
WITH_WRONG_SECRET = (Scenario("sip-wrong-secret"),)


async def call_all(
    target: Target, scenarios: Iterable[Scenario], *, settle: float = 0.0
) -> dict[str, Any]:
    """
    Play the scenarios in turn; return the ladder of each, and livekit-sip's log lines.
    """
    played: dict[str, Any] = {}
    for scenario in scenarios:
        start = target.sip_log.stat().st_size
        caller = await Caller.open(target.sip_address)
        try:
            await caller.play(scenario)
        finally:
            caller.transport.close()
        await asyncio.sleep(settle)
        lines = [
            line
            for line in read_log(target.sip_log, start)
            # Lines of the media engine and about the load of the machine are not compared.
            if not line["logger"].startswith("sip.pion") and line["msg"] != "high cpu load"
        ]
        played[scenario.id] = {
            "ladder": caller.ladder,
            "log": [_shown(line) for line in lines],
        }
    return played


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    texts = {key: line[key] for key in ("error", "reason", "status", "result") if key in line}
    shown: dict[str, Any] = Normaliser()(
        {
            "level": line["level"],
            "msg": line["msg"],
            "fields": sorted(line.keys() - {"level", "ts", "logger", "caller", "msg"}),
            **texts,
        }
    )
    return shown


@asynccontextmanager
async def answered_call(server: tuple[str, int]) -> AsyncIterator[Caller]:
    """
    Yield the caller of an answered call; it hangs up at the end if it still can.
    """
    caller = await Caller.open(server)
    try:
        invite, answer = await caller.until_answered(Scenario("answered"))
        caller.acknowledge(invite, answer)
        yield caller
        await caller.hang_up(invite, answer)
    finally:
        caller.transport.close()


class Caller(asyncio.DatagramProtocol):
    """
    A minimal caller, independent of the transaction layer that the mock is built on.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._inbox: asyncio.Queue[Response] = asyncio.Queue()
        self._requests: asyncio.Queue[Request] = asyncio.Queue()
        self._answer: Response | None = None
        self._call_id = f"call-{time.time_ns()}"
        self._me = NameAddr(f"sip:{CALLER}@127.0.0.1").with_tag(f"tag{time.time_ns()}")
        self.ladder: list[str] = []
        self.transport: asyncio.DatagramTransport

    @classmethod
    async def open(cls, server: tuple[str, int]) -> Caller:
        transport, caller = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(server), local_addr=("127.0.0.1", 0)
        )
        caller.transport = transport
        return caller

    def datagram_received(self, data: bytes, _addr: Any) -> None:
        message = parse(data)
        if isinstance(message, Response):
            self._inbox.put_nowait(message)
        else:
            self._requests.put_nowait(message)

    async def next_request(self, *, within: float) -> Request:
        """
        Answer the next request of the other side, usually a BYE, with 200 and return it.
        """
        async with asyncio.timeout(within):
            request = await self._requests.get()
        self.transport.sendto(dialog.response_to(request, 200, "OK").to_bytes(), self._server)
        return request

    async def until_answered(self, scenario: Scenario) -> tuple[Request, Response]:
        """
        Call with credentials, and return INVITE and answer; the ACK is left to the test.
        """
        invite = self._request("INVITE", scenario, cseq=1)
        self._send(invite)
        while response := await self.next_response(scenario.patience):
            self.ladder.append(f"<- {response.label}")
            if response.status == 407:
                self._send(self._ack(invite, response), quiet=True)
                invite = self._with_credentials(invite, response, scenario)
                self._send(invite)
            elif response.status == 200:
                self._answer = response
                return invite, response
        raise AssertionError(f"not answered: {self.ladder}")

    def acknowledge(self, invite: Request, answer: Response) -> None:
        """
        Send the ACK of the answer.
        """
        confirmed = dialog.Dialog.of_caller(invite, answer)
        self._send(confirmed.ack(invite, via=self._via()))

    async def hang_up(self, invite: Request, answer: Response) -> None:
        """
        Send BYE and wait for its answer.
        """
        _, bye = dialog.Dialog.of_caller(invite, answer).request("BYE", via=self._via())
        self._send(bye)
        assert await self.next_response(2.0), "BYE was not answered"

    async def heard(self, *packets: bytes, within: float) -> list[bytes]:
        """
        Send RTP packets to the address in the answer; return the packets that come back in time.
        """
        assert self._answer is not None
        described = sdp.parse(self._answer.body)
        loop = asyncio.get_running_loop()
        heard: list[bytes] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.settimeout(0)
            ear.bind(("127.0.0.1", 0))
            for packet in packets:
                await loop.sock_sendto(ear, packet, (described.address, described.port))
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    while True:
                        heard.append(await loop.sock_recv(ear, 2048))
        return heard

    async def play(self, scenario: Scenario) -> None:
        invite = self._request(scenario.method, scenario, cseq=1)
        self._send(invite)
        while response := await self.next_response(scenario.patience):
            line = f"<- {response.label}"
            # The number of 180s depends on the clock, and a repeated request repeats
            # its answer.
            if not self.ladder or self.ladder[-1] != line:
                self.ladder.append(line)
            if scenario.method != "INVITE":
                return
            if response.cseq.method != "INVITE":
                continue
            if response.status >= 300:
                self._send(self._ack(invite, response), quiet=True)
            if response.status == 407:
                invite = self._with_credentials(invite, response, scenario)
                self._send(invite)
            elif response.status == 180 and scenario.cancels_after_ringing:
                self._send(dialog.cancel(invite))
            elif response.status == 200:
                await self._hang_up(invite, response, scenario)
                return
            elif response.status >= 300:
                return
        self.ladder.append("silence")

    async def _hang_up(self, invite: Request, response: Response, scenario: Scenario) -> None:
        confirmed = dialog.Dialog.of_caller(invite, response)
        self._send(confirmed.ack(invite, via=self._via()))
        _, bye = confirmed.request("BYE", via=self._via())
        self._send(bye)
        answer = await self.next_response(scenario.patience)
        self.ladder.append(f"<- {answer.label}" if answer else "silence")

    def _send(self, request: Request, *, quiet: bool = False) -> None:
        if not quiet:
            self.ladder.append(f"-> {request.label}")
        self.transport.sendto(request.to_bytes(), self._server)

    async def next_response(self, patience: float) -> Response | None:
        """
        Return the next response; None when none comes.
        """
        try:
            async with asyncio.timeout(patience):
                return await self._inbox.get()
        except TimeoutError:
            return None

    def _request(self, method: str, scenario: Scenario, *, cseq: int) -> Request:
        host, port = self._server
        to = NameAddr(f"sip:{scenario.number}@{host}")
        offer = sdp.offer("127.0.0.1", 40000, session_id=1, codecs=(sdp.PCMU,))
        has_body = method == "INVITE" and scenario.offer
        return dialog.new_request(
            method,
            f"sip:{scenario.number}@{host}:{port}",
            via=self._via(),
            caller=self._me,
            callee=to.with_tag("nobody") if method == "BYE" else to,
            call_id=self._call_id,
            cseq=cseq,
            contact=NameAddr(f"sip:{CALLER}@127.0.0.1:{self._port}"),
            extra=Headers.of(("Content-Type", sdp.CONTENT_TYPE)) if has_body else NO_HEADERS,
            body=str(offer).encode() if has_body else b"",
        )

    def _ack(self, invite: Request, response: Response) -> Request:
        headers = (
            invite.headers.without("Content-Type", "Contact")
            .replacing("To", response.headers.one("To"))
            .replacing("CSeq", f"{invite.cseq.number} ACK")
        )
        return Request("ACK", invite.uri, headers)

    def _with_credentials(self, invite: Request, response: Response, scenario: Scenario) -> Request:
        value = digest.authorization(
            digest.Challenge.parse(response.headers.one("Proxy-Authenticate")),
            username=scenario.username,
            password=scenario.password,
            method="INVITE",
            uri=invite.uri,
            cnonce="0",
        )
        header = ("Proxy-Authorization", value)
        return dialog.again_with(invite, via=self._via(), header=header)

    def _via(self) -> Via:
        branch = f"{dialog.MAGIC_COOKIE}{time.time_ns()}"
        return Via("UDP", "127.0.0.1", self._port, Parameters((("branch", branch),)))

    @property
    def _port(self) -> int:
        port: int = self.transport.get_extra_info("sockname")[1]
        return port
