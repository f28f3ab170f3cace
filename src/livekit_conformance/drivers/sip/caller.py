"""
The SIP agent: places calls over UDP, TCP or TLS, and tells everything that happened to them.

A caller that SIP engineers can argue with: RFC 3261 transactions with their timers, digest
authentication, offer and answer, real RTP. Every message stands in the record with its time.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from livekit_conformance.drivers.sip.endpoint import SipEndpoint, fresh
from livekit_conformance.drivers.sip.outgoing_call import (
    ALLOW,
    CANCEL_WITHIN_S,
    Credentials,
    OnProvisional,
    OutgoingCall,
)
from livekit_conformance.drivers.sip.rtp_session import RtpSession
from livekit_conformance.drivers.sip.wire import Address, TransportName
from livekit_conformance.errors import NotPermitted, Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.address import NameAddr
from livekit_conformance.protocol.sip.dialog import new_request, response_to
from livekit_conformance.protocol.sip.message import Headers, Request, Response
from livekit_conformance.protocol.sip.transaction import DEFAULT_TIMING, Timing, Transaction

__all__ = ["Credentials", "OutgoingCall", "SipAgent", "new_call_id"]

_CONNECT_WITHIN_S = 3.0
# How long the end of the agent waits for each call that somebody forgot to hang up.
_LEAVE_WITHIN_S = 1.0
_OPTIONS_USER = "conformance"


def new_call_id() -> str:
    """
    A Call-ID that was never used before, in form of RFC 3261 section 8.1.1.4.
    """
    return f"conformance-{fresh(12)}"


class SipAgent:
    """
    A user agent that calls one server. Use it as an asynchronous context manager.

    `tone_hz` is the tone that is spoken into every answered call, `at_once` how many calls there
    may be at a time. Entering raises Unreachable when
    the host does not resolve or, for TCP and TLS, nobody accepts the connection; a connection that
    the server closed later is opened again for the next call.
    """

    def __init__(
        self,
        server: Address,
        transport: TransportName = "udp",
        *,
        recorder: Recorder,
        local_host: str | None = None,
        tone_hz: float = 440.0,
        timing: Timing = DEFAULT_TIMING,
        at_once: int | None = None,
    ) -> None:
        self._server = server
        self._transport = transport
        self._recorder = recorder
        self._local_host = local_host
        self._tone_hz = tone_hz
        self._timing = timing
        self._at_once = at_once
        self._placing: set[str] = set()
        self._calls: dict[str, OutgoingCall] = {}
        self._opened: SipEndpoint | None = None

    async def __aenter__(self) -> Self:
        endpoint = SipEndpoint(
            self._server,
            self._transport,
            recorder=self._recorder,
            local_host=self._local_host,
            timing=self._timing,
        )
        endpoint.on_request = self._request_received
        endpoint.on_stray = self._stray_received
        await endpoint.connect(within=_CONNECT_WITHIN_S)
        self._opened = endpoint
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            for call in self._calls.values():
                await call.leave(_LEAVE_WITHIN_S)
        finally:
            self._endpoint.close()

    @property
    def _endpoint(self) -> SipEndpoint:
        assert self._opened is not None, "the agent is used outside of `async with`"
        return self._opened

    async def options(self, *, within: float = 2.0) -> Response:
        """
        Ask the server whether it is there (RFC 3261 section 11); its final response.

        Raises Unreachable when nobody answers: phase `connect` when the network says so, phase
        `answer` when there is only silence.
        """
        await self._endpoint.connect(within=within)
        call_id = new_call_id()
        self._endpoint.watch(call_id)
        own = self._endpoint.contact(_OPTIONS_USER)
        request = new_request(
            "OPTIONS",
            self._endpoint.uri(None),
            via=self._endpoint.via(),
            caller=NameAddr(own.uri).with_tag(fresh()),
            callee=NameAddr(self._endpoint.uri(None)),
            call_id=call_id,
            cseq=1,
            contact=own,
            extra=Headers.of(("Accept", "application/sdp")),
        )
        return await self._endpoint.ask(request, within=within)

    async def told_over_tcp(self, *, within: float = 2.0) -> str:
        """
        What becomes of OPTIONS over TCP: where UDP brings silence, it tells a process that hangs
        from packets that get lost.
        """
        other = SipAgent(
            self._server,
            "tcp",
            recorder=self._recorder,
            local_host=self._local_host,
            timing=self._timing,
        )
        try:
            async with other:
                response = await other.options(within=within)
        except Unreachable as error:
            if error.phase == "answer":
                return "over TCP the connection is accepted, and nothing is answered either"
            return f"over TCP: {error.detail}"
        return f"over TCP it is answered with {response.status}"

    async def call(
        self,
        *,
        number: str,
        caller: str,
        caller_host: str | None = None,
        credentials: Credentials | None = None,
        answer_within: float = 8.0,
        silence_within: float = 6.0,
        give_up: asyncio.Future[None] | None = None,
        cancel_within: float = CANCEL_WITHIN_S,
        on_provisional: OnProvisional | None = None,
        call_id: str | None = None,
    ) -> OutgoingCall:
        """
        Dial `number` and wait until the call is answered, refused, or not worth waiting for.

        Refusals, silence and dead networks are outcomes, not exceptions: the Call tells. It is
        given up, with a CANCEL where RFC 3261 allows one, when there is no final response
        `answer_within` seconds after the first INVITE, when nothing at all was heard for
        `silence_within` seconds, or when `give_up` is done; `cancel_within` seconds are left to
        the answers to the CANCEL. One challenge is answered; a second one is final.

        `number` and `caller` are users of SIP URIs, `caller_host` stands in From instead of our
        own address; `call_id` is for callers that need to know it beforehand, else it is fresh.
        Raises SipSyntaxError when one of them cannot stand in a message, Unreachable when a
        closed connection cannot be opened again, and NotPermitted for one call too many at once.
        """
        call_id = call_id or new_call_id()
        self._refuse_one_too_many()
        self._placing.add(call_id)
        try:
            await self._endpoint.connect(within=_CONNECT_WITHIN_S)
            media = await RtpSession.open(
                self._endpoint.local[0],
                call_id=call_id,
                tone_hz=self._tone_hz,
                recorder=self._recorder,
            )
            try:
                call = OutgoingCall(
                    self._endpoint,
                    call_id=call_id,
                    number=number,
                    caller=caller,
                    caller_host=caller_host,
                    credentials=credentials,
                    media=media,
                    on_provisional=on_provisional,
                )
            except BaseException:
                media.close()
                raise
            self._calls[call_id] = call
            await call.place(
                answer_within=answer_within,
                silence_within=silence_within,
                give_up=give_up,
                cancel_within=cancel_within,
            )
        finally:
            self._placing.discard(call_id)
        return call

    def _refuse_one_too_many(self) -> None:
        up = {call_id for call_id, call in self._calls.items() if call.is_up}
        busy = len(up | self._placing)
        if self._at_once is not None and busy >= self._at_once:
            raise NotPermitted(
                f"limits.calls of the profile is {self._at_once}, and {busy} calls are up"
            )

    def _request_received(self, request: Request, transaction: Transaction | None) -> None:
        call = self._calls.get(request.call_id)
        if call is not None:
            call.request_received(request, transaction)
        elif transaction is not None:
            status, reason = _refusal(request)
            response = response_to(
                request, status, reason, to_tag=fresh(), extra=Headers.of(("Allow", ALLOW))
            )
            self._endpoint.respond(transaction, response)

    def _stray_received(self, response: Response) -> None:
        if call := self._calls.get(response.call_id):
            call.stray_received(response)


def _refusal(request: Request) -> tuple[int, str]:
    if request.method == "OPTIONS":
        return 200, "OK"
    if request.to.tag is not None or request.method in {"BYE", "CANCEL"}:
        return 481, "Call/Transaction Does Not Exist"
    # We only call; RFC 3261 section 21.4.18 is for those who cannot be called now.
    return (
        (480, "Temporarily Unavailable")
        if request.method == "INVITE"
        else (
            405,
            "Method Not Allowed",
        )
    )
