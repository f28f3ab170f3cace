"""
A caller that sends an INVITE byte for byte as given, and sees its outcome.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from livekit_conformance.protocol import rtp
from livekit_conformance.protocol.sip import sdp
from livekit_conformance.protocol.sip.address import NameAddr, Via
from livekit_conformance.protocol.sip.dialog import MAGIC_COOKIE, cancel, new_request
from livekit_conformance.protocol.sip.message import Headers, Request, Response, parse

ANSWER_WITHIN_S = 3.0
# The offered address is that of the SIP socket. RFC 3550 section 5.1: an RTP packet begins with
# version 2, where SIP has a letter.
_RTP = 0x80
_FRAME_S, _SAMPLES = 0.02, 160
_SDP = Headers.of(("Content-Type", sdp.CONTENT_TYPE))


@dataclass
class Attempt:
    """
    The ids of one call and the codecs that it offers; each INVITE gets the next number.
    """

    number: str
    caller: str
    codecs: tuple[sdp.Codec, ...] = (sdp.PCMU, sdp.TELEPHONE_EVENT)
    call_id: str = field(default_factory=lambda: f"digest-{secrets.token_hex(8)}")
    tag: str = field(default_factory=lambda: secrets.token_hex(8))
    cseq: int = 0


class RawCaller(asyncio.DatagramProtocol):
    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.received: asyncio.Queue[Response] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # In Python 3.11 asyncio's own transport is no subclass of this.
        self.transport = cast("asyncio.DatagramTransport", transport)
        self.address: tuple[str, int] = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        if data[0] & _RTP:
            return  # nobody listens
        message = parse(data)
        if isinstance(message, Response):
            self.received.put_nowait(message)

    def uri(self, number: str) -> str:
        return f"sip:{number}@{self.server[0]}:{self.server[1]}"

    async def invite(
        self,
        attempt: Attempt,
        lines: Sequence[tuple[str, bytes]] = (),
        *,
        within: float = ANSWER_WITHIN_S,
    ) -> tuple[Request, Response | None]:
        """
        Send an INVITE with these lines; return it with the first answer but 100, None without one.

        A final answer is acknowledged.
        """
        attempt.cseq += 1
        request = self._request(attempt)
        self.send(request, lines)
        response = await self.answer(request, first=180, within=within)
        if response is not None and not response.is_provisional:
            self.send(self.ack(request, response))
        return request, response

    async def give_up(self, invite: Request) -> Response | None:
        """
        Cancel a ringing call and return the final answer to its INVITE.
        """
        self.send(cancel(invite))
        response = await self.answer(invite, first=200)
        if response is not None:
            self.send(self.ack(invite, response))
        return response

    async def speak(self, answer: Response, seconds: float) -> None:
        """
        Send silence to the media address in the answer.
        """
        media = sdp.parse(answer.body)
        payload = rtp.encode_pcmu([0.0] * _SAMPLES)
        for number in range(round(seconds / _FRAME_S)):
            packet = rtp.Packet(0, number, number * _SAMPLES, self.address[1], payload)
            self.transport.sendto(packet.encode(), (media.address, media.port))
            await asyncio.sleep(_FRAME_S)

    def via(self) -> Via:
        """
        Return the Via of a new transaction.
        """
        host, port = self.address
        branch = MAGIC_COOKIE + secrets.token_hex(8)
        return Via.parse(f"SIP/2.0/UDP {host}:{port};branch={branch};rport")

    def _request(self, attempt: Attempt) -> Request:
        host, port = self.address
        own = NameAddr(f"sip:{attempt.caller}@{host}:{port}")
        return new_request(
            "INVITE",
            self.uri(attempt.number),
            via=self.via(),
            caller=own.with_tag(attempt.tag),
            callee=NameAddr(self.uri(attempt.number)),
            call_id=attempt.call_id,
            cseq=attempt.cseq,
            contact=own,
            extra=_SDP,
            body=str(sdp.offer(host, port, session_id=1, codecs=attempt.codecs)).encode(),
        )

    def ack(self, invite: Request, response: Response) -> Request:
        """
        Return the ACK of a final answer.
        """
        headers = invite.headers.without("To").without("CSeq").without("Content-Type")
        headers = headers.adding(("To", str(response.to)), ("CSeq", f"{invite.cseq.number} ACK"))
        return Request("ACK", invite.uri, headers)

    def send(self, request: Request, lines: Sequence[tuple[str, bytes]] = ()) -> None:
        """
        Send the request with these lines at the end of its header.
        """
        head, blank_line, body = request.to_bytes().partition(b"\r\n\r\n")
        more = b"".join(b"\r\n" + name.encode() + b": " + value for name, value in lines)
        self.transport.sendto(head + more + blank_line + body, self.server)

    async def answer(
        self, invite: Request, *, first: int, within: float = ANSWER_WITHIN_S
    ) -> Response | None:
        """
        Return the next answer to the INVITE with the status `first` or above, None without one.
        """
        wanted = (invite.call_id, str(invite.cseq))
        try:
            async with asyncio.timeout(within):
                while True:
                    response = await self.received.get()
                    if (
                        response.call_id,
                        str(response.cseq),
                    ) == wanted and response.status >= first:
                        return response
        except TimeoutError:
            return None


@asynccontextmanager
async def raw_caller(server: tuple[str, int], local_host: str) -> AsyncIterator[RawCaller]:
    loop = asyncio.get_running_loop()
    transport, caller = await loop.create_datagram_endpoint(
        lambda: RawCaller(server), local_addr=(local_host, 0)
    )
    try:
        yield caller
    finally:
        transport.close()
