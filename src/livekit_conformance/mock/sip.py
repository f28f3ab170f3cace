"""
livekit-sip on a UDP socket: route requests to their calls and answer those outside any call.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from livekit_conformance.mock import identifiers
from livekit_conformance.mock.call import (
    Attempt,
    DigestChallenge,
    EndedError,
    InboundCall,
    Services,
)
from livekit_conformance.mock.outbound import OutboundCalls
from livekit_conformance.protocol.sip.dialog import MAGIC_COOKIE, Dialog, response_to, seen_from
from livekit_conformance.protocol.sip.layer import (
    Event,
    RequestReceived,
    ResponseReceived,
    TransactionLayer,
    Transmit,
)
from livekit_conformance.protocol.sip.message import (
    NO_HEADERS,
    Headers,
    NameAddr,
    Request,
    SipSyntaxError,
    Via,
    parse,
)
from livekit_conformance.protocol.sip.sdp import CONTENT_TYPE
from livekit_conformance.protocol.sip.syntax import Parameters
from livekit_conformance.protocol.sip.transaction import Transaction

ALLOW: Final = "INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE"
# Time for which the same Call-ID and From tag get the same refusal again.
REFUSALS_KEPT_S: Final = 60.0

Address = tuple[str, int]

# No mock listens there.
_NOBODY = "127.0.0.2"


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    reason: str
    until: float


class SipSide(asyncio.DatagramProtocol):
    """
    The SIP socket with its transactions and calls.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._layer = TransactionLayer(reliable=False)
        self._wake: asyncio.TimerHandle | None = None
        self.transport: asyncio.DatagramTransport | None = None
        # By Call-ID and From tag, which stay the same between a challenge and its answer.
        self._attempts: dict[tuple[str, str | None], Attempt] = {}
        self._handshakes: dict[str, DigestChallenge] = {}
        self._refusals: dict[tuple[str, str | None], _Refusal] = {}
        # By the local tag, which livekit-sip also uses as its own call id.
        self._calls: dict[str, InboundCall] = {}
        self._tasks: dict[InboundCall, asyncio.Task[None]] = {}
        self._failures: list[BaseException] = []
        self.outbound = OutboundCalls(services, self)
        services.rooms.on_removed = self._removed

    @classmethod
    async def open(cls, services: Services) -> SipSide:
        """
        Listen on a free port of loopback.
        """
        transport, side = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(services), local_addr=("127.0.0.1", 0)
        )
        side.transport = transport
        return side

    @property
    def address(self) -> Address:
        """
        Address to send SIP to.
        """
        assert self.transport is not None
        host, port = self.transport.get_extra_info("sockname")[:2]
        return host, port

    async def close(self) -> None:
        """
        Stop at once; open calls are closed without a BYE.

        Raises the first unhandled error of a call.
        """
        if self._wake:
            self._wake.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.outbound.close()
        for call in list(self._calls.values()):
            call.end("shutdown")
        assert self.transport is not None
        self.transport.close()
        if self._failures:
            raise self._failures[0]

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:  # noqa: D102
        if self._services.config.faults.sip_silent:
            return
        try:
            message = parse(data)
        except SipSyntaxError:
            return  # The real service does not answer a malformed message either.
        if isinstance(message, Request):
            message = seen_from(message, *addr[:2])
        self._do(self._layer.receive(message, time.monotonic(), addr))

    def _do(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case Transmit(message, peer):
                    self._send(message.to_bytes(), peer)
                case RequestReceived(request, transaction, peer):
                    self._take(request, transaction, peer)
                case ResponseReceived(response, _):
                    self.outbound.response_received(response)
                case _:
                    pass  # Time-outs that nobody waits for.
        self._arm()

    def ask(self, request: Request, peer: Address) -> None:
        """
        Send a request in a transaction.
        """
        _, events = self._layer.request(request, time.monotonic(), peer)
        self._do(events)

    def tell(self, request: Request, peer: Address) -> None:
        """
        Send an ACK, which has no transaction.
        """
        self._send(request.to_bytes(), peer)

    def _send(self, datagram: bytes, peer: Address) -> None:
        assert self.transport is not None
        config = self._services.config
        sent = config.variations.sip(datagram)
        for _ in range(1 + config.faults.sip_sent_twice):
            if delay := config.variations.sip_delay_s:
                asyncio.get_running_loop().call_later(delay, self.transport.sendto, sent, peer)
            else:
                self.transport.sendto(sent, peer)

    def _arm(self) -> None:
        if self._wake:
            self._wake.cancel()
        deadline = self._layer.deadline
        if deadline is not None:
            delay = max(0.0, deadline - time.monotonic())
            self._wake = asyncio.get_running_loop().call_later(delay, self._wake_up)

    def _wake_up(self) -> None:
        self._do(self._layer.handle_timers(time.monotonic()))

    def _take(self, request: Request, transaction: Transaction | None, peer: Address) -> None:
        call = self._calls.get(request.to.tag or "")
        if request.method == "ACK":
            if call:
                call.acknowledged()
            return
        assert transaction is not None
        answer = partial(self._respond, transaction)
        match request.method:
            case "OPTIONS":
                answer(200, "OK")
            case "INVITE" if call is None:
                self._invited(request, transaction, peer)
            case "INVITE":
                answer(488, "Not Acceptable Here")
            case "CANCEL":
                self._cancelled(request, transaction)
            case "BYE" if self.outbound.bye_received(request):
                answer(200, "OK")
            case "BYE":
                self._hung_up(request, transaction, call)
            case _:
                self._services.log.write(
                    "info",
                    "Inbound SIP request not handled",
                    method=request.method,
                    sipCallID=request.call_id,
                    callID=request.to.tag or "",
                    **{"from": request.from_.uri, "to": request.to.uri},
                )
                answer(405, "Method Not Allowed")

    def _invited(self, request: Request, transaction: Transaction, peer: Address) -> None:
        key = request.call_id, request.from_.tag
        refusal = self._refusals.get(key)
        if refusal and time.monotonic() < refusal.until:
            self._respond(transaction, refusal.status, refusal.reason)
            return
        attempt = self._attempts.setdefault(key, Attempt(identifiers.new(identifiers.SIP_CALL)))
        respond = partial(self._respond, transaction, tag=attempt.tag)
        call = InboundCall(
            self._services,
            request,
            source=peer,
            local=self.address,
            attempt=attempt,
            handshake=self._handshakes.setdefault(request.call_id, DigestChallenge()),
            respond=respond,
        )
        self._calls[attempt.tag] = call
        task = asyncio.create_task(self._run(call, transaction))
        self._tasks[call] = task
        task.add_done_callback(partial(self._done, call))

    def _done(self, call: InboundCall, task: asyncio.Task[None]) -> None:
        del self._tasks[call]
        if not task.cancelled() and (failure := task.exception()):
            self._failures.append(failure)

    async def _run(self, call: InboundCall, transaction: Transaction) -> None:
        try:
            await call.run()
        except EndedError as ended:
            self._calls.pop(call.attempt.tag, None)
            if ended.status:
                self._refuse(call, transaction, ended)

    def _refuse(self, call: InboundCall, transaction: Transaction, ended: EndedError) -> None:
        extra = NO_HEADERS
        if ended.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            extra = Headers.of(("Proxy-Authenticate", call.handshake.challenge))
        elif ended.status != HTTPStatus.UNAUTHORIZED:
            key = call.invite.call_id, call.invite.from_.tag
            until = time.monotonic() + REFUSALS_KEPT_S
            self._refusals[key] = _Refusal(ended.status, ended.reason, until)
        self._respond(transaction, ended.status, ended.reason, tag=call.attempt.tag, extra=extra)

    def _cancelled(self, request: Request, transaction: Transaction) -> None:
        invite = self._layer.invite_of(request)
        pending = (c for c in self._calls.values() if invite and c.invite is invite.request)
        call = next(pending, None)
        if invite is None or call is None:
            return  # livekit-sip does not answer the CANCEL of an unknown call.
        if self._services.config.faults.cancel_ignored:
            return
        self._respond(transaction, 200, "OK")
        if call.answered:
            return  # Too late, RFC 3261 section 9.2.
        self._forget(call)
        call.end("cancelled", status=487)
        self._respond(invite, 487, "Request Terminated", tag=call.attempt.tag)

    def _hung_up(
        self, request: Request, transaction: Transaction, call: InboundCall | None
    ) -> None:
        if call is None or not call.answered:
            self._services.log.write(
                "info", "BYE for non-existent call", callID=request.to.tag or ""
            )
            self._respond(transaction, 481, "Call does not exist")
            return
        if self._services.config.faults.bye_unanswered:
            return
        self._respond(transaction, 200, "OK")
        self._forget(call)
        call.hung_up()

    def _removed(self, room: str, identity: str) -> None:
        """
        Hang up on the caller whose participant was removed from the room.
        """
        self.outbound.removed(room, identity)
        for call in list(self._calls.values()):
            if (call.room, call.identity) == (room, identity):
                self._forget(call)
                call.end("removed")
                if call.answered:
                    self._send_bye(call)
                else:
                    call.turn_away()

    def _forget(self, call: InboundCall) -> None:
        if task := self._tasks.get(call):
            task.cancel()
        del self._calls[call.attempt.tag]

    def _send_bye(self, call: InboundCall) -> None:
        host, port = self.address
        branch = Parameters((("branch", MAGIC_COOKIE + secrets.token_hex(8)),))
        dialog = Dialog.of_callee(call.invite, call.attempt.tag)
        _, bye = dialog.request("BYE", via=Via("UDP", host, port, branch))
        self.ask(bye, call.source)

    def _respond(
        self,
        transaction: Transaction,
        status: int,
        reason: str,
        *,
        tag: str | None = None,
        body: bytes = b"",
        extra: Headers = NO_HEADERS,
    ) -> None:
        host, port = self.address
        if self._services.config.faults.contact_elsewhere:
            host = _NOBODY
        is_provisional = status < HTTPStatus.OK
        has_contact = bool(body) and not self._services.config.faults.answer_without_contact
        response = response_to(
            transaction.request,
            status,
            reason,
            to_tag=tag or secrets.token_hex(8),
            contact=NameAddr(f"sip:{host}:{port};transport=udp") if has_contact else None,
            extra=extra.adding(
                *([("Allow", ALLOW)] if is_provisional else []),
                *([("Content-Type", CONTENT_TYPE)] if body else []),
            ),
            body=body,
        )
        self._do(self._layer.respond(transaction, response, time.monotonic()))
