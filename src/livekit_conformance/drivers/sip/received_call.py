"""
One received call, handled as its `Behaviour` prescribes.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, replace

from livekit_conformance.drivers.sip.credentials import Credentials
from livekit_conformance.drivers.sip.endpoint import SipEndpoint, fresh, ignore
from livekit_conformance.drivers.sip.outgoing_call import ALLOW
from livekit_conformance.drivers.sip.rtp_session import RtpSession
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip import digest, sdp
from livekit_conformance.protocol.sip.dialog import (
    Dialog,
    Retransmission,
    is_ack_of,
    response_to,
)
from livekit_conformance.protocol.sip.ladder import LadderStep
from livekit_conformance.protocol.sip.message import (
    NO_HEADERS,
    Headers,
    Request,
    Response,
    SipSyntaxError,
)
from livekit_conformance.protocol.sip.transaction import Timing, Transaction
from livekit_conformance.protocol.sip.violations import SipViolation
from livekit_conformance.waiting import Waited, wait_until

_REALM = "conformance"
_OK = 200
# Reason phrases of RFC 3261 section 21, as far as they are used here.
REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    _OK: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    407: "Proxy Authentication Required",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """
    Handling of a call: the provisional responses at once, then the final one.

    Without `final` the caller waits until it cancels. With an `account` the caller must first
    authenticate: every INVITE without valid credentials gets 407.
    """

    final: int | None
    provisional: tuple[int, ...] = (100,)
    account: Credentials | None = None

    @property
    def is_silent(self) -> bool:
        """
        True if no request is answered, as if nobody were there.
        """
        return self.final is None and not self.provisional and self.account is None

    def asking(self, account: Credentials | None) -> Behaviour:
        """
        Return the same behaviour for callers that authenticate with this account.
        """
        return replace(self, account=account)


ANSWER = Behaviour(_OK, (100, 180))
RING = Behaviour(None, (100, 180))
SILENT = Behaviour(None, ())
BUSY = Behaviour(486)
DECLINE = Behaviour(603)


class ReceivedCall:
    """
    A call and its history; `SipListener` creates it.

    `status` is the final response that we sent, `refusal` the reason why the last credentials were
    rejected. `answered`, `acknowledged`, `cancelled` and `remote_bye` record its progress.
    """

    def __init__(
        self,
        endpoint: SipEndpoint,
        invite: Request,
        behaviour: Behaviour,
        *,
        tone_hz: float,
        recorder: Recorder,
        timing: Timing,
    ) -> None:
        self.call_id = invite.call_id
        self.invite = invite
        self.behaviour = behaviour
        self.status: int | None = None
        self.answered = False
        self.acknowledged = False
        self.cancelled = False
        self.remote_bye = False
        self.challenges = 0
        self.refusal: digest.DigestRefusal | None = None
        self.problem: str | None = None
        self.media: RtpSession | None = None
        self._endpoint = endpoint
        self._recorder = recorder
        self._tone_hz = tone_hz
        self._timing = timing
        self._trace = endpoint.watch(self.call_id)
        self._tag = fresh()
        self._challenge: digest.Challenge | None = None
        self._transaction: Transaction | None = None
        self._dialog: Dialog | None = None
        self._is_admitted = False
        self._answering: asyncio.Task[None] | None = None
        self._answer: Response | None = None
        self._again: asyncio.TimerHandle | None = None
        self._hung_up = False

    @property
    def ladder(self) -> list[LadderStep]:
        """
        All messages of the call so far, in order; times are seconds since the first INVITE.
        """
        return list(self._trace.steps)

    @property
    def violations(self) -> list[SipViolation]:
        """
        Violations of RFC 3261 by the caller so far.
        """
        return list(self._trace.violations)

    @property
    def story(self) -> str:
        """
        The ladder in one line.
        """
        return ", ".join(f"{step.arrow} {step.label} at {step.at_s:.2f} s" for step in self.ladder)

    @property
    def caller(self) -> str:
        """
        The user of the From URI.
        """
        return self.invite.from_.sip_uri.user or ""

    @property
    def is_up(self) -> bool:
        """
        True from the answer until either side hangs up.
        """
        return self.answered and not self.remote_bye and not self._hung_up

    async def until_hung_up(self, within: float) -> Waited:
        """
        Wait up to `within` seconds for the caller's BYE or CANCEL.
        """

        async def why_not_yet() -> str | None:
            over = self.remote_bye or self.cancelled
            return None if over else f"neither BYE nor CANCEL came; so far {self.story}"

        return await wait_until(why_not_yet, within=within)

    async def hang_up(self, within: float = 4.0) -> Response | None:
        """
        Send BYE and wait for its response; return None without one, or if the call is not up.
        """
        if not self.is_up or self._dialog is None or self._transaction is None:
            return None
        self._hung_up = True
        self._dialog, bye = self._dialog.request("BYE", via=self._endpoint.via())
        try:
            return await self._endpoint.ask(bye, within=within, peer=self._transaction.peer)
        except Unreachable as error:
            self.problem = f"BYE: {error.detail}"
            return None
        finally:
            self._stop()

    async def leave(self, within: float) -> None:
        """
        End the call in whatever state it is; used when the listener closes.

        Raises the error that answering the call failed with.
        """
        if self._answering is not None:
            await self._answering
        await self.hang_up(within)
        self._stop()

    def request_received(self, request: Request, transaction: Transaction | None) -> None:
        """
        Handle a request of the caller within this call.
        """
        if request.method == "ACK":
            if self._answer is not None and is_ack_of(request, self._answer):
                self.acknowledged = True
                self._stop_repeating()
        elif transaction is None or self.behaviour.is_silent:
            pass
        elif request.method == "CANCEL":
            self._cancelled(request, transaction)
        elif request.method == "INVITE" and request.to.tag is None:
            self._invited(request, transaction)
        elif self._dialog is None or not self._dialog.owns(request):
            self._respond(transaction, 481)
        elif not self._dialog.is_in_order(request):
            # RFC 3261 section 12.2.2: a request that was overtaken.
            self._respond(transaction, 500)
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
                self._respond(transaction, _OK)
                self._stop()
            case "INVITE":
                # The session stays as it is: RFC 3261 section 14.2.
                self._respond(transaction, 488)
            case "OPTIONS":
                self._respond(transaction, _OK)
            case _:
                self._respond(transaction, 405)

    def _invited(self, request: Request, transaction: Transaction) -> None:
        if self._is_admitted:
            # The same call on another path: RFC 3261 section 8.2.2.2.
            self._respond(transaction, 482)
            return
        self.invite, self._transaction = request, transaction
        if not self._is_proven(request):
            self.challenges += 1
            self._challenge = digest.Challenge(_REALM, fresh(16))
            self._respond(transaction, 407, Headers.of(("Proxy-Authenticate", self._challenge)))
            return
        self._is_admitted = True
        for status in self.behaviour.provisional:
            self._respond(transaction, status)
        if self.behaviour.final == _OK:
            self._answering = asyncio.create_task(self._accept(transaction))
        elif self.behaviour.final is not None:
            self._finish(transaction, self.behaviour.final)

    def _is_proven(self, request: Request) -> bool:
        account = self.behaviour.account
        if account is None:
            return True
        value = request.headers.get("Proxy-Authorization")
        if value is None or self._challenge is None:
            return False
        self.refusal = digest.verify(
            value,
            challenge=self._challenge,
            username=account.username,
            password=account.password,
            method=request.method,
        )
        return self.refusal is None

    async def _accept(self, transaction: Transaction) -> None:
        own_host = self._endpoint.local[0]
        media = await RtpSession.open(
            own_host,
            call_id=self.call_id,
            tone_hz=self._tone_hz,
            recorder=self._recorder,
            side="callee",
        )
        if self.status is not None:  # cancelled while the port was being opened
            media.close()
            return
        try:
            offered = sdp.parse(self.invite.body)
            ipaddress.ip_address(offered.address)
            answer = sdp.answer(offered, own_host, media.port, session_id=media.port)
            self._dialog = Dialog.of_callee(self.invite, self._tag)
        except (SipSyntaxError, ValueError) as error:
            # The offer cannot be answered, RFC 3261 section 21.4.26.
            self.problem = str(error)
            media.close()
            self._finish(transaction, 488)
            return
        self.media = media
        media.send_to(
            (offered.address, offered.port),
            payload_type=offered.payload_type(sdp.PCMU) or 0,
        )
        self.answered = True
        extra = Headers.of(("Allow", ALLOW), ("Content-Type", sdp.CONTENT_TYPE))
        response = self._response(transaction, _OK, extra, str(answer).encode())
        self._answer = response
        self.status = _OK
        first = Retransmission.starting(
            self._endpoint.now(), t1=self._timing.t1, t2=self._timing.t2
        )
        self._repeat(transaction, response, first)

    def _repeat(
        self, transaction: Transaction, response: Response, following: Retransmission | None
    ) -> None:
        """
        Send a 2xx, and again until it is acknowledged: RFC 3261 section 13.3.1.4.
        """
        if following is None:
            self.problem = "the answer was never acknowledged"
            self._end_unacknowledged(transaction)
            return
        self._endpoint.respond(transaction, response)
        self._again = asyncio.get_running_loop().call_at(
            following.at, self._repeat, transaction, response, following.following()
        )

    def _end_unacknowledged(self, transaction: Transaction) -> None:
        assert self._dialog is not None
        self._hung_up = True
        self._dialog, bye = self._dialog.request("BYE", via=self._endpoint.via())
        self._endpoint.start(bye, ignore, ignore, peer=transaction.peer)
        self._stop()

    def _cancelled(self, request: Request, transaction: Transaction) -> None:
        invite = self._endpoint.answer_cancel(request, transaction)
        if invite is not None and invite is self._transaction and self.status is None:
            self.cancelled = True
            self._finish(invite, 487)

    def _finish(self, transaction: Transaction, status: int) -> None:
        self.status = status
        self._respond(transaction, status)

    def _stop_repeating(self) -> None:
        if self._again is not None:
            self._again.cancel()

    def _stop(self) -> None:
        self._stop_repeating()
        if self.media is not None:
            self.media.close()

    def _respond(self, transaction: Transaction, status: int, extra: Headers = NO_HEADERS) -> None:
        self._endpoint.respond(transaction, self._response(transaction, status, extra))

    def _response(
        self, transaction: Transaction, status: int, extra: Headers, body: bytes = b""
    ) -> Response:
        return response_to(
            transaction.request,
            status,
            REASONS.get(status, "Conformance"),
            to_tag=self._tag,
            contact=self._endpoint.contact(_REALM),
            extra=extra,
            body=body,
        )
