"""
SIP agent: place calls over UDP, TCP or TLS and record all their events.

Its calls bear a SIP engineer's scrutiny: RFC 3261 transactions with their timers, digest
authentication, offer and answer, real RTP. Every message is recorded with its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from livekit_conformance.drivers.sip.credentials import Credentials
from livekit_conformance.drivers.sip.endpoint import SipEndpoint, fresh
from livekit_conformance.drivers.sip.outgoing_call import (
    ALLOW,
    CANCEL_WITHIN_S,
    OnProvisional,
    OutgoingCall,
)
from livekit_conformance.drivers.sip.rtp_session import RtpSession
from livekit_conformance.drivers.sip.wire import Address, TransportName
from livekit_conformance.errors import NotPermitted, Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.own_names import OWN_CALL
from livekit_conformance.protocol.sip.address import NameAddr
from livekit_conformance.protocol.sip.dialog import new_request, response_to
from livekit_conformance.protocol.sip.message import Headers, Request, Response
from livekit_conformance.protocol.sip.transaction import DEFAULT_TIMING, Timing, Transaction
from livekit_conformance.protocol.sip.violations import SipViolation

__all__ = ["Credentials", "OutgoingCall", "SipAgent", "new_call_id"]

_CONNECT_WITHIN_S = 3.0
# Time for which closing the agent waits for each call that nobody hung up, in seconds.
_LEAVE_WITHIN_S = 1.0
_OPTIONS_USER = "conformance"


def new_call_id() -> str:
    """
    Return a new, unique Call-ID in the form of RFC 3261 section 8.1.1.4.
    """
    return f"{OWN_CALL}{fresh(12)}"


class SipAgent:
    """
    A user agent that calls one server. Use it as an asynchronous context manager.

    `tone_hz` is the tone played into every answered call, `at_once` the limit of concurrent calls.
    Entering raises Unreachable when the host does not resolve or, for TCP and TLS, the connection
    is not accepted. A connection that the server closed later is opened again for the next call.
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

    @property
    def violations(self) -> Sequence[SipViolation]:
        """
        Violations of RFC 3261 by the server so far.
        """
        return tuple(self._endpoint.violations)

    async def options(self, *, within: float = 2.0) -> Response:
        """
        Send OPTIONS to probe the server (RFC 3261 section 11) and return its final response.

        Raises Unreachable without an answer: phase `connect` when the network reports an error,
        phase `answer` when there is only silence.
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

    async def answer_over_tcp(self, *, within: float = 2.0) -> Response | Unreachable:
        """
        Return the response to OPTIONS over TCP, or the error of the network.
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
                return await other.options(within=within)
        except Unreachable as error:
            return error

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
        Dial `number` and wait until the call is answered, refused, or given up.

        Refusals, silence and dead networks are outcomes, not exceptions: the returned call records
        them. It is given up, with a CANCEL if RFC 3261 allows one, when there is no final response
        `answer_within` seconds after the first INVITE, when nothing at all arrived for
        `silence_within` seconds, or when `give_up` is done. After a CANCEL, its responses may take
        `cancel_within` seconds. One challenge is answered; a second one is final.

        `number` and `caller` are users of SIP URIs, `caller_host` replaces our own address in From;
        `call_id` is for callers that need to know it in advance, else a fresh one is generated.
        Raises SipSyntaxError when one of them cannot stand in a message, Unreachable when a
        closed connection cannot be opened again, and NotPermitted when too many calls are up.
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
        elif transaction is not None and request.method == "CANCEL":
            self._endpoint.answer_cancel(request, transaction)
        elif transaction is not None:
            status, reason = _refusal(request)
            response = response_to(
                request, status, reason, to_tag=fresh(), extra=Headers.of(("Allow", ALLOW))
            )
            self._endpoint.respond(transaction, response)

    def _stray_received(self, request: Request, response: Response) -> None:
        if call := self._calls.get(response.call_id):
            call.stray_received(request, response)


def _refusal(request: Request) -> tuple[int, str]:
    if request.method == "OPTIONS":
        return 200, "OK"
    if request.to.tag is not None or request.method == "BYE":
        return 481, "Call/Transaction Does Not Exist"
    # We only place calls; 480 is for a user who is unavailable now, RFC 3261 section 21.4.18.
    return (
        (480, "Temporarily Unavailable")
        if request.method == "INVITE"
        else (
            405,
            "Method Not Allowed",
        )
    )
