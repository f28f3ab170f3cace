"""
One outgoing call, from the first INVITE to the last BYE, whatever the other side does.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from livekit_conformance.drivers.sip.credentials import Credentials, challenges
from livekit_conformance.drivers.sip.endpoint import SipEndpoint, fresh, ignore
from livekit_conformance.drivers.sip.repeated_answer import RepeatedAnswer
from livekit_conformance.drivers.sip.rtp_session import RtpSession
from livekit_conformance.drivers.sip.wire import Address
from livekit_conformance.errors import Unreachable
from livekit_conformance.protocol.sip import digest, sdp
from livekit_conformance.protocol.sip.address import NameAddr
from livekit_conformance.protocol.sip.dialog import (
    Dialog,
    again_with,
    cancel,
    new_request,
    response_to,
)
from livekit_conformance.protocol.sip.ladder import CallSummary, LadderStep
from livekit_conformance.protocol.sip.message import (
    NO_HEADERS,
    Headers,
    Request,
    Response,
    SipSyntaxError,
)
from livekit_conformance.protocol.sip.transaction import Transaction
from livekit_conformance.protocol.sip.violations import SipViolation, violations

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS"
_DESCRIBED = Headers.of(("Allow", ALLOW), ("Content-Type", sdp.CONTENT_TYPE))
# Time to wait for the 487 of a cancelled call, in seconds; some services never send it.
CANCEL_WITHIN_S = 2.0
# Time for the answer of a Contact that is not the server, in seconds: a BYE and two more.
_HOP_ANSWERS_WITHIN_S = 2.0
_RINGING = 180
# Where nonces expire at once, no credentials would ever be new enough.
_MOST_CHALLENGES = 3
_PROVISIONAL = range(100, 200)
OnProvisional = Callable[[Response], None]


class OutgoingCall:
    """
    A call and its history, created by `SipAgent.call` even if it is rejected or unanswered.

    `final` is the response that ended the attempt (2xx or not), `problem` explains a missing or
    unusable one. `answered` is True when a 2xx came in time. `violations` are what the other side
    did against RFC 3261. `cancelled` is True when we gave up
    with a CANCEL, and `cancel_response` is its answer. `challenges` counts 401 and 407 that carried
    a challenge. `described` is the media in the answer, `ended_by_them_at_s` the time at which the
    other side hung up. `silent_hop` is the Contact (or route) of the other side if no request of
    ours got an answer there, and one at the server did. Times are seconds since the first INVITE.
    """

    def __init__(
        self,
        endpoint: SipEndpoint,
        *,
        call_id: str,
        number: str,
        caller: str,
        caller_host: str | None,
        credentials: Credentials | None,
        media: RtpSession,
        on_provisional: OnProvisional | None,
    ) -> None:
        self.call_id = call_id
        self.challenges = 0
        self.final: Response | None = None
        self.final_at_s: float | None = None
        self.first_180_at_s: float | None = None
        self.answered = False
        self.cancelled = False
        self._cancelling: Transaction | None = None
        self.cancel_response: Response | None = None
        self.remote_bye = False
        self.ended_by_them_at_s: float | None = None
        self.described: sdp.Description | None = None
        self.problem: str | None = None
        self.silent_hop: Address | None = None
        self._endpoint = endpoint
        self._caller = caller
        self._caller_host = caller_host
        self._credentials = credentials
        self._on_provisional = on_provisional
        self._trace = endpoint.watch(call_id)
        self._rtp = media
        self._dialog: Dialog | None = None
        # Where the requests of the dialog go; None is the server.
        self._hop: Address | None = None
        self._on_the_way: asyncio.Task[None] | None = None
        # Our ACK of each 2xx, by its To tag and CSeq: forks of the call answer one by one.
        self._acks: dict[tuple[str | None, int], Request] = {}
        self._settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._cancel_settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gave_up = False
        self._ringing = False
        self._hung_up = False
        self._offer = sdp.offer(endpoint.local[0], media.port, session_id=media.port)
        self._invite = self._first_invite(number)
        self._transaction: Transaction | None = None
        self._reanswer: RepeatedAnswer | None = None

    @property
    def ladder(self) -> list[LadderStep]:
        """
        All messages of the call so far, in order.
        """
        return list(self._trace.steps)

    @property
    def violations(self) -> list[SipViolation]:
        """
        Violations of RFC 3261 by the other side so far.
        """
        return list(self._trace.violations)

    @property
    def summary(self) -> CallSummary:
        """
        Summary of the attempt.
        """
        received = (step.status for step in self._trace.steps if step.direction == "received")
        return CallSummary(
            answered=self.answered,
            cancelled=self.cancelled,
            final_status=self.final.status if self.final else None,
            final_reason=self.final.reason if self.final else None,
            final_at_s=self.final_at_s,
            provisional=tuple(s for s in received if s is not None and s in _PROVISIONAL),
            challenges=self.challenges,
            problem=self.problem,
        )

    @property
    def media(self) -> RtpSession | None:
        """
        RTP session of an answered call; None before the answer, and if it has no usable media.
        """
        return self._rtp if self.answered and self._rtp.started else None

    @property
    def server_host(self) -> str | None:
        """
        IP address of the SIP peer.
        """
        return self._endpoint.server_host

    @property
    def is_up(self) -> bool:
        """
        True from the answer until either side hangs up.
        """
        return self.answered and not self.remote_bye and not self._hung_up

    async def place(
        self,
        *,
        answer_within: float,
        silence_within: float,
        give_up: asyncio.Future[None] | None = None,
        cancel_within: float = CANCEL_WITHIN_S,
    ) -> None:
        """
        Send the INVITE and wait for its outcome.

        Gives up when there is no final response `answer_within` seconds after the first INVITE,
        when nothing at all arrived for `silence_within` seconds, or when `give_up` is done. After a
        CANCEL, waits up to `cancel_within` seconds for the end of the call.
        """
        watched = {self._settled} if give_up is None else {self._settled, give_up}
        self._send_invite()
        began = self._endpoint.now()
        while not self._settled.done():
            heard_at = began if self._trace.heard_at is None else self._trace.heard_at
            left = min(began + answer_within, heard_at + silence_within) - self._endpoint.now()
            if left <= 0 or (give_up is not None and give_up.done()):
                break
            await asyncio.wait(watched, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not self._settled.done():
            self._endpoint.expect_no_more()
            late = self._endpoint.now() >= began + answer_within
            heard = "final answer" if self._trace.heard_at is not None else "answer at all"
            wanted = give_up is not None and give_up.done()
            self.problem = (
                "given up on request"
                if wanted
                else f"no {heard} within {answer_within:g} s"
                if late
                else f"nothing was heard for {silence_within:g} s"
            )
            await self._give_up(within=cancel_within, may_ring=wanted)
        if not self.answered:
            self._rtp.close()

    async def hang_up(self, within: float = 4.0) -> Response | None:
        """
        Send BYE and wait up to `within` seconds for its response.

        Return None without a response, or if there is nothing to hang up: the call was not
        answered, or the other side has hung up already (`remote_bye`).
        """
        if not self.is_up:
            return None
        self._hung_up = True
        if self._on_the_way is not None:  # the ACK goes first
            await asyncio.wait({self._on_the_way})
        hop, deadline = self._hop, self._endpoint.now() + within
        try:
            await self._endpoint.connect(within=within)
            if hop is None:
                return await self._ask("BYE", None, within)
            try:
                return await self._ask("BYE", hop, min(within, _HOP_ANSWERS_WITHIN_S))
            except Unreachable:
                response = await self._ask("BYE", None, deadline - self._endpoint.now())
                self.silent_hop = hop
                return response
        except Unreachable as error:
            self.problem = f"BYE: {error.detail}"
            return None
        finally:
            self._stop()

    async def ask(
        self, method: str, *, within: float = 4.0, extra: Headers = NO_HEADERS, body: bytes = b""
    ) -> Response | None:
        """
        Send a request within the call and wait up to `within` seconds for its final response.

        A challenge is answered, each 2xx to a re-INVITE acknowledged. Return None without a
        response; `problem` then holds the reason.
        """
        if not self.is_up:
            return None
        try:
            await self._endpoint.connect(within=within)
            return await self._ask(method, self._hop, within, extra=extra, body=body)
        except Unreachable as error:
            self.problem = f"{method}: {error.detail}"
            return None

    async def change_direction(
        self, direction: sdp.Direction, *, within: float = 4.0, extra: Headers = NO_HEADERS
    ) -> Response | None:
        """
        Hold or resume the call by a re-INVITE, RFC 3264 section 8.4, and return its final response.

        If it is accepted, audio is sent from then on only if `direction` says so.
        """
        offered = replace(self._offer, version=self._offer.version + 1, direction=direction)
        headers = Headers.of(*_DESCRIBED, *extra)
        response = await self.ask(
            "INVITE", within=within, extra=headers, body=str(offered).encode()
        )
        if response is not None and response.is_success:
            self._offer = offered
            self._take_answer(response)
        return response

    async def _ask(
        self,
        method: str,
        hop: Address | None,
        within: float,
        *,
        extra: Headers = NO_HEADERS,
        body: bytes = b"",
    ) -> Response:
        """
        Return the response to a request on this way, with credentials if it asks for them.

        Raises Unreachable.
        """
        assert self._dialog is not None, "there is no dialog"
        deadline = self._endpoint.now() + within
        if hop is not None:
            await self._endpoint.reach(hop, within=within)
        contact = self._endpoint.contact(self._caller) if method != "BYE" else None
        self._dialog, request = self._dialog.request(
            method, via=self._endpoint.via(hop), contact=contact, extra=extra, body=body
        )
        response = await self._send_within(request, hop, within)
        authorized = self._authorized(request, response, hop)
        if authorized is not None:
            self._dialog = replace(self._dialog, local_cseq=authorized.cseq.number)
            left = max(0.0, deadline - self._endpoint.now())
            response = await self._send_within(authorized, hop, left)
        if response.is_success:
            self._dialog = self._dialog.after(response)
        return response

    async def _send_within(self, request: Request, hop: Address | None, within: float) -> Response:
        assert self._dialog is not None, "there is no dialog"
        ack = None
        if request.method == "INVITE":
            ack = self._dialog.ack(request, via=self._endpoint.via(hop))
            # For answers that outlive the transaction.
            self._acks[self._dialog.remote.tag, request.cseq.number] = ack
        return await self._endpoint.ask(request, within=within, peer=hop, ack=ack)

    async def leave(self, within: float) -> None:
        """
        End the call in whatever state it is; used when the agent closes.
        """
        placed = self._transaction is not None
        if placed and not self._settled.done() and not self._gave_up:
            await self._give_up(within=within, may_ring=False)
        await self.hang_up(within)
        self._stop()

    def request_received(self, request: Request, transaction: Transaction | None) -> None:
        """
        Handle a request of the other side within this call.
        """
        if request.method == "ACK":
            if self._reanswer is not None:
                self._reanswer.take(request)
            return
        if transaction is None:
            return
        if request.method == "CANCEL":
            # Of a re-INVITE, which is answered at once: the CANCEL comes too late.
            self._endpoint.answer_cancel(request, transaction)
        elif self._dialog is None or not self._dialog.owns(request):
            self._respond(transaction, 481, "Call/Transaction Does Not Exist")
        elif not self._dialog.is_in_order(request):
            # RFC 3261 section 12.2.2: a request that was overtaken is refused with 500.
            self._respond(transaction, 500, "Server Internal Error")
        else:
            self._dialog = self._dialog.after(request)
            self._asked(request, transaction)

    def _asked(self, request: Request, transaction: Transaction) -> None:
        """
        Handle a request within the dialog.
        """
        match request.method:
            case "BYE":
                self.remote_bye = True
                self.ended_by_them_at_s = self._elapsed()
                self._respond(transaction, 200, "OK")
                self._stop()
            case "INVITE" if self.is_up:
                self._reinvited(request, transaction)
            case "INVITE":
                self._respond(transaction, 481, "Call/Transaction Does Not Exist")
            case "OPTIONS":
                self._respond(transaction, 200, "OK", Headers.of(("Allow", ALLOW)))
            case _:
                self._respond(transaction, 405, "Method Not Allowed", Headers.of(("Allow", ALLOW)))

    def stray_received(self, request: Request, response: Response) -> None:
        """
        Handle a response that outlived its transaction: acknowledge a retransmitted 2xx again.
        """
        if request.method == "INVITE" and response.is_success:
            self._succeeded(request, response)

    def _first_invite(self, number: str) -> Request:
        target = self._endpoint.uri(number)
        return new_request(
            "INVITE",
            target,
            via=self._endpoint.via(),
            caller=self._endpoint.address_of_record(self._caller, self._caller_host).with_tag(
                fresh()
            ),
            callee=NameAddr(target),
            call_id=self.call_id,
            cseq=1,
            contact=self._endpoint.contact(self._caller),
            extra=_DESCRIBED,
            body=str(self._offer).encode(),
        )

    def _send_invite(self) -> None:
        self._ringing = False
        on_response = partial(self._answer_received, self._invite)
        self._transaction = self._endpoint.start(self._invite, on_response, self._failed)

    def _failed(self, detail: str) -> None:
        if not self._settled.done():
            self.problem = detail
            self._settled.set_result(None)

    def _answer_received(self, invite: Request, response: Response) -> None:
        if response.is_success:
            self._succeeded(invite, response)
        elif invite is not self._invite:
            pass  # a late response to the challenged INVITE; its transaction has handled it
        elif response.is_provisional:
            self._rings(response)
        elif not self._settled.done():
            again = None if self._gave_up else self._authorized(self._invite, response)
            if again is None:
                self._finish(response)
            else:
                self._invite = again
                self._send_invite()

    def _rings(self, response: Response) -> None:
        self._ringing = True
        if response.status == _RINGING and self.first_180_at_s is None:
            self.first_180_at_s = self._elapsed()
        if self._gave_up and not self.cancelled:
            self._cancel()
        if self._on_provisional is not None and not self._gave_up:
            self._on_provisional(response)

    def _authorized(
        self, request: Request, response: Response, hop: Address | None = None
    ) -> Request | None:
        """
        Return the request with credentials, if `response` asks for them and they are untried.
        """
        if not challenges(response):
            return None
        if request.method == "INVITE":
            self.challenges += 1
        if self._credentials is None or self.challenges > _MOST_CHALLENGES:
            return None
        try:
            header = self._credentials.answer(request, response)
        except (SipSyntaxError, digest.UnsupportedChallenge) as error:
            self.problem = f"the challenge cannot be answered: {error}"
            return None
        if header is None:
            return None
        return again_with(request, via=self._endpoint.via(hop), header=header)

    def _finish(self, final: Response) -> None:
        self.final = final
        self.final_at_s = self._elapsed()
        if not self._settled.done():
            self._settled.set_result(None)

    def _succeeded(self, invite: Request, response: Response) -> None:
        answer = response.to.tag, response.cseq.number
        if answer in self._acks:  # a retransmission: our ACK was lost, RFC 3261 section 13.2.2.4
            self._endpoint.send(self._acks[answer])
            return
        dialog = Dialog.of_caller(invite, response)
        self._acks[answer] = dialog.ack(invite, via=self._endpoint.via())
        self._hop = self._hop_of(dialog)
        if self._hop is None:
            self._endpoint.send(self._acks[answer])
        else:
            self._on_the_way = asyncio.create_task(self._acknowledge(dialog, invite, self._hop))
        if self._gave_up or self._settled.done() or invite is not self._invite:
            # An answer that crossed our CANCEL, came after a refusal or a challenge, or is the
            # second one of a fork: acknowledge, then BYE.
            self._endpoint.start(dialog.request("BYE", via=self._endpoint.via())[1], ignore, ignore)
            if self._gave_up and self.final is None:
                self._finish(response)
            return
        self._dialog = dialog
        self.answered = True
        if defects := violations(response):
            self.problem = f"answered, and {defects[0]}"
        self._take_answer(response)
        self._finish(response)

    def _take_answer(self, response: Response) -> None:
        try:
            self.described = sdp.parse(response.body)
            self._use(self.described)
        except SipSyntaxError as error:
            self.problem = f"the answer has no usable media: {error}"

    def _hop_of(self, dialog: Dialog) -> Address | None:
        try:
            return self._endpoint.hop_to(dialog.next_hop)
        except SipSyntaxError:
            # The dialog is tolerant of a Contact that cannot be read, and `violations` name it.
            return None

    async def _acknowledge(self, dialog: Dialog, invite: Request, hop: Address) -> None:
        """
        Send the ACK to the Contact. If it is lost, the one for the next 2xx goes to the server.
        """
        with suppress(Unreachable):
            await self._endpoint.reach(hop, within=_HOP_ANSWERS_WITHIN_S)
            self._endpoint.send(dialog.ack(invite, via=self._endpoint.via(hop)), hop)

    def _use(self, remote: sdp.Description) -> None:
        """
        Send our audio to the address in the other side's description.
        """
        payload_type = remote.payload_type(sdp.PCMU)
        if remote.port == 0 or payload_type is None:
            raise SipSyntaxError("the audio stream was refused, or PCMU was")
        try:
            ipaddress.ip_address(remote.address)
        except ValueError as error:
            # A host name would need a resolver, and no SIP service sends one.
            raise SipSyntaxError(f"media address {remote.address!r} is no IP address") from error
        sends = remote.direction.receives and self._offer.direction.sends
        target = (remote.address, remote.port) if sends else None
        self._rtp.send_to(target, payload_type=payload_type)

    async def _give_up(self, *, within: float, may_ring: bool) -> None:
        """
        Cancel the call and wait for its end; `may_ring` if the call has not been silent.
        """
        self._gave_up = True
        if self._ringing:
            self._cancel()
        elif self._transaction is not None:
            # RFC 3261 section 9.1: no CANCEL before a provisional response. It follows if one still
            # arrives; until then, stop retransmitting so that the INVITE rings nobody.
            self._transaction.stop_retransmitting()
        if self._ringing or may_ring:
            await asyncio.wait({self._settled, self._cancel_settled}, timeout=within)
        if self._cancelling is not None:
            # livekit-sip answers neither CANCEL nor INVITE once it has silently dropped a call.
            self._cancelling.stop_retransmitting()

    def _cancel(self) -> None:
        self.cancelled = True
        self._cancelling = self._endpoint.start(cancel(self._invite), self._cancel_answered, ignore)

    def _cancel_answered(self, response: Response) -> None:
        if self.cancel_response is None and not response.is_provisional:
            self.cancel_response = response
            self._cancel_settled.set_result(None)

    def _reinvited(self, request: Request, transaction: Transaction) -> None:
        try:
            if request.body:
                offered = sdp.parse(request.body)
                own = sdp.answer(
                    offered,
                    self._endpoint.local[0],
                    self._rtp.port,
                    session_id=self._offer.session_id,
                    version=self._offer.version + 1,
                )
                self._use(offered)
            else:
                own = self._offer
        except (SipSyntaxError, sdp.NoCommonCodec):
            self._respond(transaction, 488, "Not Acceptable Here")
            return
        self._offer = own
        response = response_to(
            request,
            200,
            "OK",
            contact=self._endpoint.contact(self._caller),
            extra=_DESCRIBED,
            body=str(own).encode(),
        )
        self._stop_reanswering()
        self._reanswer = RepeatedAnswer(
            self._endpoint, transaction, response, self._reanswer_unacknowledged
        )

    def _reanswer_unacknowledged(self) -> None:
        # RFC 3261 section 13.3.1.4 demands that the call be ended.
        self.problem = "the answer to a re-INVITE was never acknowledged"
        self._hung_up = True
        assert self._dialog is not None
        self._dialog, bye = self._dialog.request("BYE", via=self._endpoint.via())
        self._endpoint.start(bye, ignore, ignore)
        self._stop()

    def _stop_reanswering(self) -> None:
        if self._reanswer is not None:
            self._reanswer.stop()

    def _stop(self) -> None:
        self._stop_reanswering()
        if self._on_the_way is not None:
            self._on_the_way.cancel()
        self._rtp.close()

    def _respond(
        self,
        transaction: Transaction,
        status: int,
        reason: str,
        extra: Headers = NO_HEADERS,
    ) -> None:
        response = response_to(transaction.request, status, reason, to_tag=fresh(), extra=extra)
        self._endpoint.respond(transaction, response)

    def _elapsed(self) -> float:
        return self._endpoint.now() - self._trace.began
