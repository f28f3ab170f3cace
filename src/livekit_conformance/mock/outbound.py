"""
Outbound calls as livekit-sip places them: into the room, then INVITE, digest, ACK and BYE.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Mapping
from typing import Any, Final, Protocol

from livekit.protocol.models import DisconnectReason, ParticipantInfo, ParticipantPermission
from livekit.protocol.sip import CreateSIPParticipantRequest, SIPOutboundTrunkInfo, SIPTransport

from livekit_conformance.mock import identifiers
from livekit_conformance.mock.call import Services
from livekit_conformance.mock.voice import Voice
from livekit_conformance.protocol.sip import digest, sdp
from livekit_conformance.protocol.sip.dialog import (
    MAGIC_COOKIE,
    Dialog,
    again_with,
    cancel,
    new_request,
)
from livekit_conformance.protocol.sip.message import (
    Headers,
    NameAddr,
    Request,
    Response,
    SipSyntaxError,
    Via,
)
from livekit_conformance.protocol.sip.syntax import Parameters
from livekit_conformance.protocol.sip_status import code_of, metadata_of
from livekit_conformance.protocol.twirp import Code, TwirpError

RINGING_TIMEOUT_S: Final = 180.0
_SIP_PORT: Final = 5060
_MOST_TRIES: Final = 5
_OK: Final = 200
_TIMED_OUT: Final = "sip request timed out"
# Challenge header and the header that answers it, by status.
_CHALLENGES: Final[Mapping[int, tuple[str, str]]] = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}
# livekit-sip has another error text for these.
_INVITE_FAILED: Final = frozenset({400, 404, 480, 486, 488})
_DECLINED: Final = frozenset({401, 403, 407, 486, 488, *range(600, 700)})

Address = tuple[str, int]


class SipSocket(Protocol):
    """
    SIP socket as far as an outbound call needs it.
    """

    @property
    def address(self) -> Address:
        """
        Address for responses.
        """

    def ask(self, request: Request, peer: Address) -> None:
        """
        Send a request in a transaction; its responses go to `OutboundCalls.response_received`.
        """

    def tell(self, request: Request, peer: Address) -> None:
        """
        Send an ACK.
        """


class OutboundCalls:
    """
    All outbound calls, by their Call-ID.
    """

    def __init__(self, services: Services, wire: SipSocket) -> None:
        self._services = services
        self._wire = wire
        self._calls: dict[str, _OutboundCall] = {}
        self._dialling: set[asyncio.Task[None]] = set()

    async def place(
        self, request: CreateSIPParticipantRequest, trunk: SIPOutboundTrunkInfo, call_id: str
    ) -> str:
        """
        Join the room, dial, and return the participant's sid.

        Returns once the participant has joined or, if the request waits for the answer, once the
        call is answered. Raises TwirpError for a call that failed, with the text of livekit-server.
        """
        try:
            return await self._place(request, trunk, call_id)
        except TwirpError as error:
            self._services.server_log.write(
                "error",
                "cannot create sip participant",
                room=request.room_name,
                sipTrunk=trunk.sip_trunk_id,
                toUser=request.sip_call_to,
                participant=request.participant_identity,
                callID=call_id,
                toHost=trunk.address,
                error=error.msg,
            )
            # Errors that crossed the bus have this prefix.
            text = f"twirp error unknown: {error.msg}"
            raise TwirpError(error.code, text, error.meta) from error

    async def _place(
        self, request: CreateSIPParticipantRequest, trunk: SIPOutboundTrunkInfo, call_id: str
    ) -> str:
        config = self._services.config
        if config.faults.outbound_no_sip_service:
            # Time that psrpc waits for a livekit-sip to claim the request.
            await asyncio.sleep(config.bus_selection_s)
            raise TwirpError(Code.UNAVAILABLE, "no response from servers")
        peer = await _resolved(trunk)
        call = _OutboundCall(self._services, self._wire, request, trunk, peer, call_id)
        self._calls[call.sip_call_id] = call
        await call.join()
        dialling = asyncio.create_task(self._dial(call))
        self._dialling.add(dialling)
        dialling.add_done_callback(self._dialling.discard)
        if request.wait_until_answered:
            await dialling
        else:
            # The outcome of a call that the request does not wait for is not reported.
            dialling.add_done_callback(lambda task: task.cancelled() or task.exception())
        return call.participant_id

    def response_received(self, response: Response) -> None:
        """
        Pass a response on to its call if it answers one of our INVITEs.
        """
        call = self._calls.get(response.call_id)
        if call is not None and response.cseq.method == "INVITE":
            call.responses.put_nowait(response)

    def bye_received(self, request: Request) -> bool:
        """
        End the call that a BYE refers to; return False if it matches no call.
        """
        call = self._calls.pop(request.call_id, None)
        if call is None:
            return False
        call.end("hangup")
        return True

    def removed(self, room: str, identity: str) -> None:
        """
        Hang up on the callee whose participant was removed from the room.
        """
        for call in list(self._calls.values()):
            if (call.room, call.identity) == (room, identity):
                call.give_up()
                if call.answered:
                    del self._calls[call.sip_call_id]

    async def close(self) -> None:
        """
        Stop at once, without a BYE.
        """
        for dialling in self._dialling:
            dialling.cancel()
        await asyncio.gather(*self._dialling, return_exceptions=True)
        for call in self._calls.values():
            call.end("shutdown")
        self._calls.clear()

    async def _dial(self, call: _OutboundCall) -> None:
        try:
            await call.dial()
        except BaseException:
            self._calls.pop(call.sip_call_id, None)
            raise


async def _resolved(trunk: SIPOutboundTrunkInfo) -> Address:
    if trunk.transport not in {SIPTransport.SIP_TRANSPORT_AUTO, SIPTransport.SIP_TRANSPORT_UDP}:
        raise TwirpError(Code.UNIMPLEMENTED, "the mock dials over UDP only")
    host, _, port = trunk.address.partition(":")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, int(port or _SIP_PORT), family=socket.AF_INET, type=socket.SOCK_DGRAM
        )
    except OSError as error:
        text = f'fail to resolve target for "{trunk.address}": {error.strerror}'
        raise TwirpError(Code.INVALID_ARGUMENT, text) from error
    address, number = found[0][4][:2]
    return str(address), int(number)


class _OutboundCall:
    def __init__(
        self,
        services: Services,
        wire: SipSocket,
        request: CreateSIPParticipantRequest,
        trunk: SIPOutboundTrunkInfo,
        peer: Address,
        call_id: str,
    ) -> None:
        faults = services.config.faults
        self.room = (
            f"{request.room_name}-other" if faults.outbound_other_room else request.room_name
        )
        self.identity = request.participant_identity or f"sip_{request.sip_call_to}"
        self.participant_id = ""
        self.sip_call_id = identifiers.new("")
        self.answered = False
        # None: stop waiting, the call was given up.
        self.responses: asyncio.Queue[Response | None] = asyncio.Queue()
        self._services = services
        self._wire = wire
        self._request = request
        self._trunk = trunk
        self._peer = peer
        self._call_id = call_id
        self._number = request.sip_number or trunk.numbers[0]
        self._invite: Request | None = None
        self._dialog: Dialog | None = None
        self._voice: Voice | None = None
        self._fields: dict[str, Any] = {
            "sipTrunk": trunk.sip_trunk_id,
            "callID": call_id,
            "room": self.room,
            "participant": self.identity,
            "participantName": request.participant_name,
            "fromHost": wire.address[0],
            "fromUser": self._number,
            "toHost": peer[0],
            "toUser": request.sip_call_to,
            "direction": "outbound",
        }

    async def join(self) -> None:
        """
        Join the room, before anything is dialled.
        """
        self._write("Creating SIP participant")
        self._fields["sipCallID"] = self.sip_call_id
        if self._services.config.faults.sip_wrong_secret:
            text = "update room failed: unauthorized: invalid token"
            raise TwirpError(Code.INTERNAL, text)
        attributes = dict(self._request.participant_attributes) | {
            "sip.callID": self._call_id,
            "sip.callStatus": "dialing",
            "sip.hostname": self._trunk.address,
            "sip.phoneNumber": self._request.sip_call_to,
            "sip.trunkID": self._trunk.sip_trunk_id,
            "sip.trunkPhoneNumber": self._number,
        }
        rooms = self._services.rooms
        joined = rooms.join(
            self.room,
            ParticipantInfo(
                identity=self.identity,
                name=self._request.participant_name,
                metadata=self._request.participant_metadata,
                kind=ParticipantInfo.Kind.SIP,
                attributes=attributes,
                permission=ParticipantPermission(can_update_metadata=True),
            ),
        )
        self.participant_id = joined.sid
        self._write("SIP participant joined room", participantID=joined.sid)
        track = rooms.publish_audio(self.room, self.identity, self.identity)
        self._write("published track", name=track.name, source="MICROPHONE", trackID=track.sid)
        self._voice = await Voice.open(self._services.config)

    async def dial(self) -> None:
        """
        Ring until the call is answered.

        Raises TwirpError when it is not.
        """
        timeout = self._request.ringing_timeout
        ringing = timeout.ToMilliseconds() / 1000 or RINGING_TIMEOUT_S
        try:
            async with asyncio.timeout(ringing):
                answer = await self._answer()
        except TimeoutError as error:
            raise self._unanswered() from error
        if answer is None:
            raise self._unanswered()
        assert self._invite is not None
        self._dialog = Dialog.of_caller(self._invite, answer)
        self._wire.tell(self._dialog.ack(self._invite, via=self._via()), self._peer)
        self.answered = True
        self._set(
            {
                "sip.callStatus": "active",
                "sip.callIDFull": self.sip_call_id,
                "sip.callTag": answer.to.tag or "",
            }
        )
        self._write("Outbound SIP call established")

    def give_up(self) -> None:
        """
        Hang up, or stop ringing, because the participant was removed from the room.
        """
        if self._dialog is None:
            self.responses.put_nowait(None)
            return
        if not self._services.config.faults.outbound_bye_missing:
            _, bye = self._dialog.request("BYE", via=self._via())
            self._wire.ask(bye, self._peer)
        self.end("removed")

    def end(
        self,
        reason: str,
        disconnected: DisconnectReason = DisconnectReason.CLIENT_INITIATED,
        **fields: Any,
    ) -> None:
        """
        Leave the room and close the media.
        """
        self._write("Closing outbound call", reason=reason, **fields)
        if self._voice:
            self._voice.close()
        self._set({"sip.callStatus": "hangup"})
        self._services.rooms.leave(self.room, self.identity, disconnected)

    async def _answer(self) -> Response | None:
        self._invite = self._first_invite()
        for _ in range(_MOST_TRIES):
            if not self._services.config.faults.outbound_not_dialled:
                self._wire.ask(self._invite, self._peer)
            final = await self._final()
            if final is None or final.status == _OK:
                return final
            if final.status not in _CHALLENGES:
                raise self._failed(final)
            self._invite = self._authorized(self._invite, final)
        text = "max auth retry attempts reached for SIP invite"
        raise self._refused("auth-failed", TwirpError(Code.FAILED_PRECONDITION, text))

    async def _final(self) -> Response | None:
        assert self._invite is not None
        while (response := await self.responses.get()) is not None:
            is_late = response.cseq.number != self._invite.cseq.number
            if not is_late and not response.is_provisional:
                return response
            if not is_late and response.status != 100:  # noqa: PLR2004  Trying
                self._set({"sip.callStatus": "ringing"})
        return None

    def _authorized(self, invite: Request, challenged: Response) -> Request:
        challenge_header, answer_header = _CHALLENGES[challenged.status]
        if not (self._trunk.auth_username and self._trunk.auth_password):
            text = "sip server required auth, but no username or password was provided"
            raise self._refused("auth-failed", TwirpError(Code.FAILED_PRECONDITION, text))
        try:
            value = digest.authorization(
                digest.choose(challenged.headers.all(challenge_header)),
                username=self._trunk.auth_username,
                password=self._trunk.auth_password,
                method="INVITE",
                uri=invite.uri,
                cnonce=secrets.token_hex(8),
            )
        except (SipSyntaxError, digest.UnsupportedChallenge) as error:
            refusal = TwirpError(Code.INTERNAL, f"invalid challenge: {error}")
            raise self._refused("auth-failed", refusal) from error
        return again_with(invite, via=self._via(), header=(answer_header, value))

    def _failed(self, final: Response) -> TwirpError:
        status = f"sip status: {final.status}: {final.reason}"
        kind = (
            "INVITE failed"
            if final.status in _INVITE_FAILED
            else "unexpected status from INVITE response"
        )
        if self._services.config.faults.outbound_statuses_lost:
            return self._refused("invite-failed", TwirpError(Code.INTERNAL, kind))
        error = TwirpError(
            code_of(final.status), f"{kind}: {status}", metadata_of(final.status, final.reason)
        )
        rejected = final.status in _DECLINED
        return self._refused("invite-failed", error, rejected=rejected)

    def _unanswered(self) -> TwirpError:
        if self._invite is not None:
            # Even before a provisional response, which RFC 3261 section 9.1 forbids.
            self._wire.ask(cancel(self._invite), self._peer)
        return self._refused("no-answer", TwirpError(Code.CANCELED, _TIMED_OUT), rejected=False)

    def _refused(self, reason: str, error: TwirpError, *, rejected: bool = True) -> TwirpError:
        if self._services.config.faults.outbound_statuses_lost:
            error = TwirpError(Code.INTERNAL, error.msg)
        self._write("SIP call failed", error=error.msg)
        self.end(
            reason,
            DisconnectReason.USER_REJECTED if rejected else DisconnectReason.USER_UNAVAILABLE,
        )
        return error

    def _first_invite(self) -> Request:
        host, port = self._wire.address
        assert self._voice is not None
        called = f"sip:{self._request.sip_call_to}@{self._trunk.address};transport=udp"
        caller = NameAddr(f"sip:{self._number}@{host};transport=udp", self._number)
        invite = new_request(
            "INVITE",
            called,
            via=self._via(),
            caller=caller.with_tag(self._call_id),
            callee=NameAddr(called),
            call_id=self.sip_call_id,
            cseq=1,
            contact=NameAddr(f"sip:{host}:{port};transport=udp"),
            extra=Headers.of(("Content-Type", sdp.CONTENT_TYPE)),
            body=str(sdp.offer(host, self._voice.port, session_id=self._voice.port)).encode(),
        )
        if self._services.config.faults.outbound_without_max_forwards:
            return invite.with_headers(invite.headers.without("Max-Forwards"))
        return invite

    def _via(self) -> Via:
        branch = Parameters((("branch", MAGIC_COOKIE + secrets.token_hex(8)),))
        return Via("UDP", *self._wire.address, branch)

    def _set(self, attributes: Mapping[str, str]) -> None:
        self._services.rooms.update_attributes(self.room, self.identity, attributes)

    def _write(self, message: str, **fields: Any) -> None:
        self._services.log.write("info", message, **self._fields | fields)
