"""
One incoming call, from its INVITE to its end, as livekit-sip handles it.

The ladder: 100, trunk, 407 and the digest, 180, dispatch rule, media, room, 180 every second, the
agent speaks, 200 until ACK, BYE.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from livekit.protocol.models import ParticipantInfo, ParticipantPermission

from livekit_conformance.mock import identifiers
from livekit_conformance.mock.config import MockConfig
from livekit_conformance.mock.logs import Level, ServiceLog
from livekit_conformance.mock.rooms import RoomStore
from livekit_conformance.mock.telephony import TelephonyStore
from livekit_conformance.mock.voice import Voice
from livekit_conformance.protocol import dispatch, token
from livekit_conformance.protocol.sip import digest, sdp
from livekit_conformance.protocol.sip.dialog import Retransmission
from livekit_conformance.protocol.sip.message import Request
from livekit_conformance.protocol.sip.syntax import SipSyntaxError

REALM: Final = "LiveKit"
AGENT_IDENTITY: Final = "mock-agent"
# Default `ringing_timeout` of a trunk.
RINGING_TIMEOUT_S: Final = 180.0
_TOKEN_VALID_FOR_S: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Services:
    """
    Parts of the mock that a call uses.
    """

    config: MockConfig
    log: ServiceLog
    server_log: ServiceLog
    rooms: RoomStore
    telephony: TelephonyStore


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    State kept between a challenged INVITE and the one with the credentials.
    """

    tag: str


@dataclass(slots=True)
class DigestChallenge:
    """
    Last challenge of a Call-ID. As on the real service, it accepts any number of answers.
    """

    challenge: digest.Challenge | None = None


class EndedError(Exception):
    """
    The call ended before it was answered; status 0 ends it without a response to the caller.
    """

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


class InboundCall:
    """
    Incoming call of one INVITE; `run` returns when the call is answered and raises when it is over.

    `respond(status, reason, **)` answers the INVITE. After the answer the owner reports the
    caller's requests: `acknowledged`, `hung_up`.
    """

    def __init__(
        self,
        services: Services,
        invite: Request,
        *,
        source: tuple[str, int],
        local: tuple[str, int],
        attempt: Attempt,
        handshake: DigestChallenge,
        respond: Callable[..., None],
    ) -> None:
        self.services = services
        self.invite = invite
        self.source = source
        self.attempt = attempt
        self.handshake = handshake
        self.answered = False
        self.room = ""
        self.identity = ""
        self._respond = respond
        self._acknowledged = asyncio.Event()
        self._voice: Voice | None = None
        caller, callee = invite.from_.sip_uri, invite.to.sip_uri
        self._call = dispatch.IncomingCall(
            caller=caller.user or "",
            called=callee.user or "",
            source_ip=source[0],
            caller_host=caller.host,
        )
        self._room_fields: dict[str, Any] = {}
        self._fields: dict[str, Any] = {
            "callID": attempt.tag,
            "sipCallID": invite.call_id,
            "fromIP": source[0],
            "toIP": f"{local[0]}:{local[1]}",
            "fromHost": caller.host,
            "fromUser": caller.user,
            "toHost": callee.host,
            "toUser": callee.user,
            "sipTag": invite.from_.tag,
            "direction": "inbound",
            "transport": "udp",
        }

    async def run(self) -> None:
        """
        Bring the call to its answer and repeat the answer until it is acknowledged.

        Raises EndedError when the call is refused or dropped instead.
        """
        self._write("info", "processing invite")
        self._respond(100, "Processing")
        trunk = await self._trunk()
        faults = self.services.config.faults
        if trunk and trunk.asks_for_credentials and not faults.trunk_never_challenges:
            self._authenticate(trunk)
        self._fields["jitterBuf"] = False
        # These are the only log fields in the part of livekit-sip that joins rooms.
        self._room_fields = dict(self._fields)
        self._respond(180, "Ringing")
        outcome = self._dispatch()
        if outcome.asks_for_pin:
            self.end("not-implemented", status=501, result="server_error")
            raise EndedError(501, "The mock asks for no PIN")
        if outcome.rule is None or outcome.room is None:
            self.end("flood", status=486, result="client_error")
            raise EndedError(0)
        answer = await self._media(outcome.rule)
        self._join(outcome, outcome.rule, outcome.room)
        await self._ring()
        self._write("info", "Accepting the call", headers=None)
        self._set_status("active")
        self.answered = True
        await self._answer(answer)

    def acknowledged(self) -> None:
        """
        Handle the ACK of the answer.
        """
        self._write("info", "ACK from remote")
        self._acknowledged.set()

    def hung_up(self) -> None:
        """
        Handle the BYE of the caller.
        """
        self._write("info", "BYE from remote")
        self.end("hangup")

    def turn_away(self) -> None:
        """
        Refuse the INVITE with 486.
        """
        self._respond(486, "Rejected")

    def end(self, reason: str, *, status: int = 486, result: str = "success") -> None:
        """
        Leave the room and close the media; `reason`, `status` and `result` are for the log.

        An answered call is logged with 486 too, as livekit-sip 1.8.0 does.
        """
        self._fields |= {"status": status, "result": result, "reason": "UNKNOWN_REASON"}
        if result == "server_error":
            self._write("warn", "Closing inbound call with error")
        else:
            self._write("info", "Closing inbound call")
        if reason != "flood":
            self._write("info", "Inbound call closed")
        if self._voice:
            self._voice.close()
        if self.room:
            self._set_status("hangup")
            self.services.rooms.leave(self.room, self.identity)
        self.services.log.write(
            "info",
            "SIP call ended",
            callID=self.attempt.tag,
            reason=reason,
        )

    async def _trunk(self) -> dispatch.Trunk | None:
        if self.services.config.faults.bus_down:
            # Time that psrpc waits for a server to claim the request.
            await asyncio.sleep(self.services.config.bus_selection_s)
            raise self._unchecked("no response from servers")
        if self.services.config.faults.quota_exceeded:
            self._write("warn", "Rejecting inbound, quota exceeded")
            raise EndedError(503, "Service temporarily unavailable")
        trunks = self.services.telephony.matchable_trunks()
        try:
            trunk = dispatch.match_trunk(trunks, self._call, {})
        except dispatch.ConflictError as conflict:
            raise self._unchecked(str(conflict)) from conflict
        if trunk:
            self._fields["sipTrunk"] = trunk.id
        return trunk

    def _unchecked(self, error: str) -> EndedError:
        self._write("warn", "Rejecting inbound, auth check failed", error=error)
        return EndedError(503, "Try again later")

    def _authenticate(self, trunk: dispatch.Trunk) -> None:
        fields: dict[str, Any] = {
            "username": trunk.auth_username,
            "passwordHash": sha256(trunk.auth_password.encode()).hexdigest()[:16],
            "method": self.invite.method,
            "uri": self.invite.uri,
        }
        self._write("info", "Starting SIP invite authentication", **fields)
        fields["inviteStateSipCallID"] = self.invite.call_id
        header = self.invite.headers.get("Proxy-Authorization")
        if header is None:
            nonce = f"{time.time_ns() // 1000}-{self.invite.call_id}"
            self.handshake.challenge = digest.Challenge(trunk.auth_realm or REALM, nonce)
            self._write(
                "info",
                "No Proxy header found. Sending 407 Unauthorized response with "
                "Proxy-Authenticate header",
                **fields,
            )
            raise EndedError(407, "Unauthorized")
        self._verify(header, trunk, fields)
        self._write("info", "SIP invite authentication successful", **fields)

    def _verify(self, header: str, trunk: dispatch.Trunk, fields: dict[str, Any]) -> None:
        """
        Check the credentials as livekit-sip does: only user, URI and response of an answer count.

        Another realm, nonce or algorithm in the answer only makes its response wrong.
        """
        faults = self.services.config.faults
        try:
            answer = digest.answer_fields(header)
        except SipSyntaxError as error:
            self._write(
                "warn",
                "Failed to parse Proxy-Authorization credentials",
                **fields,
                error=f"digest: invalid credentials: {error}",
                headerValue=header,
            )
            raise EndedError(401, "Bad credentials") from error
        user, uri = answer.get("username", ""), answer.get("uri", "")
        received = answer.get("response", "")
        fields |= {"credURI": uri, "credUsername": user}
        if user != trunk.auth_username and not faults.trunk_accepts_any_user:
            expected_user = {"expectedUsername": trunk.auth_username, "receivedUsername": user}
            raise self._mismatch("username", fields | expected_user)
        if self.handshake.challenge is None:
            self._write(
                "warn",
                "No challenge state found for authentication attempt",
                **fields,
                error="missing challenge state",
            )
            raise EndedError(401, "Bad credentials")
        right = digest.authorization(
            self.handshake.challenge,
            username=user,
            password=trunk.auth_password,
            method=self.invite.method,
            uri=uri,
            cnonce="",
        )
        expected = digest.answer_fields(right)["response"]
        if received != expected and not faults.trunk_accepts_any_password:
            # As version 1.8.0 does: with the logged response anyone can authenticate this Call-ID.
            both = {"expectedResponse": expected, "receivedResponse": received}
            raise self._mismatch("response", fields | both)

    def _mismatch(self, what: str, fields: dict[str, Any]) -> EndedError:
        if not self.services.config.faults.refused_caller_not_logged:
            error = f"{what} mismatch"
            self._write("warn", f"Authentication failed - {error}", **fields, error=error)
        return EndedError(401, "Unauthorized")

    def _dispatch(self) -> dispatch.DispatchOutcome:
        telephony = self.services.telephony
        trunks, rules = telephony.matchable_trunks(), telephony.matchable_rules()
        call = self._call
        if self.services.config.faults.unknown_number_gets_room:
            call = replace(call, called=trunks[0].numbers[0])
        try:
            return dispatch.evaluate(trunks, rules, call)
        except dispatch.ConflictError as conflict:
            self._write(
                "warn",
                "Rejecting inbound call, dispatch evaluation failed",
                error=str(conflict),
            )
            raise EndedError(503, "Try again later") from conflict

    async def _media(self, rule: dispatch.Rule) -> sdp.Description:
        self._fields["sipRule"] = rule.id
        try:
            offered = sdp.parse(self.invite.body)
            # Checked before a port is taken for it.
            sdp.answer(offered, "127.0.0.1", 0, session_id=1)
        except SipSyntaxError as problem:
            raise self._no_media("sdp-error", "no audio in sdp") from problem
        except sdp.NoCommonCodec as problem:
            raise self._no_media("no-common-codec", "common audio codec not found") from problem
        self._voice = await Voice.open(self.services.config)
        self._write(
            "info",
            "setting media destination",
            addr=f"{offered.address}:{offered.port}",
        )
        config = self.services.config
        answer = sdp.answer(
            offered,
            "127.0.0.1",
            self._voice.port,
            session_id=1,
            codecs=(sdp.PCMU,) if config.faults.keys_refused else (sdp.PCMU, sdp.TELEPHONE_EVENT),
        )
        return config.variations.answer(answer)

    def _no_media(self, reason: str, error: str) -> EndedError:
        self._write("warn", "Cannot start media", error=error)
        self.end(reason, status=488, result="client_error")
        return EndedError(400)

    def _join(
        self, outcome: dispatch.DispatchOutcome, rule: dispatch.Rule, room_name: dispatch.RoomName
    ) -> None:
        faults, others = self.services.config.faults, self.services.rooms.of_callers()
        room = room_name.make(identifiers.random_characters())
        if faults.one_room_for_all and others:
            room = others[0]
        if faults.room_named_otherwise:
            room += "-otherwise"
        self.identity = dispatch.identity(rule, self._call)
        name = f"Phone {dispatch.shown_caller(rule, self._call)}"
        self._fields |= {"room": room, "participant": self.identity, "participantName": name}
        self._write("info", "Joining room")
        if faults.sip_wrong_secret:
            self._fail_to_join(room)
        if not room:
            self._write("error", "Cannot create LiveKit participant", error="no room name")
        if not room or (faults.second_call_rejected and others):
            self.end("participant-failed", status=486, result="server_error")
            raise EndedError(486, "Rejected")
        attributes = dispatch.attributes(
            self._call, call_id=self.attempt.tag, trunk=outcome.trunk, rule=rule
        )
        attributes |= {
            "sip.callIDFull": self.invite.call_id,
            "sip.callTag": self.invite.from_.tag or "",
            "sip.callStatus": "ringing",
        }
        if faults.sip_attributes_missing:
            del attributes["sip.callID"], attributes["sip.trunkPhoneNumber"]
        joined = self.services.rooms.join(
            room,
            ParticipantInfo(
                identity=self.identity,
                name=name,
                kind=ParticipantInfo.Kind.SIP,
                attributes=attributes,
                permission=ParticipantPermission(can_update_metadata=True),
            ),
        )
        self.room = room
        self._write_of_room(
            "info",
            "SIP participant joined room",
            room=room,
            participant=self.identity,
            participantID=joined.sid,
        )
        track = self.services.rooms.publish_audio(room, self.identity, self.identity)
        self._write_of_room(
            "info", "published track", name=track.name, source="MICROPHONE", trackID=track.sid
        )
        self._write("info", "Waiting for track subscription(s)")

    def _fail_to_join(self, room: str) -> None:
        config = self.services.config
        now = int(time.time())
        claims = {
            "iss": config.api_key,
            "sub": self.identity,
            "nbf": now,
            "exp": now + _TOKEN_VALID_FOR_S,
            "video": {"roomJoin": True, "room": room},
        }
        wrong = token.sign(claims, config.api_secret[::-1] + "-")
        text = f"invalid token: {wrong}, error: token signature is invalid: signature is invalid"
        for path in ("/rtc", "/rtc/validate"):
            self.services.server_log.write(
                "warn", "error handling request", status=401, method="GET", path=path, error=text
            )
        # Version 1.8.0 repeats the whole token, as the server does.
        self._write_of_room(
            "warn",
            "error establishing signal connection",
            status=401,
            response=text,
            error="websocket: bad handshake",
        )
        self._write_of_room("warn", "validation error", error=f"unauthorized: {text}")
        if not self.services.config.faults.failed_joins_not_logged:
            self._write("error", "Cannot create LiveKit participant", error=f"unauthorized: {text}")
        self.end("participant-failed", status=486, result="server_error")
        raise EndedError(486, "Rejected")

    async def _ring(self) -> None:
        """
        Repeat the 180 until the agent speaks; without an agent, until the ringing time-out.
        """
        config = self.services.config
        left = RINGING_TIMEOUT_S if config.faults.agent_silent else config.answer_delay_s
        while left > config.ringing_interval_s:
            await asyncio.sleep(config.ringing_interval_s)
            left -= config.ringing_interval_s
            self._respond(180, "Ringing")
        await asyncio.sleep(left)
        if config.faults.agent_silent:
            self.end("cannot-subscribe", status=486, result="server_error")
            raise EndedError(486, "Rejected")
        rooms = self.services.rooms
        room = rooms.get(self.room)
        if room and AGENT_IDENTITY not in room.participants:
            agent = ParticipantInfo(identity=AGENT_IDENTITY, kind=ParticipantInfo.Kind.AGENT)
            rooms.join(self.room, agent)
            rooms.publish_audio(self.room, AGENT_IDENTITY, "voice")

    async def _answer(self, answer: sdp.Description) -> None:
        body = str(answer).encode()
        self._respond(200, "OK", body=body)
        due: Retransmission | None = Retransmission.starting(time.monotonic())
        while due is not None:
            try:
                async with asyncio.timeout(due.at - time.monotonic()):
                    await self._acknowledged.wait()
            except TimeoutError:
                self._respond(200, "OK", body=body)
                due = due.following()
            else:
                return
        self._write("warn", "Call accepted, but no ACK received")

    def _set_status(self, status: str) -> None:
        self.services.rooms.update_attributes(self.room, self.identity, {"sip.callStatus": status})

    def _write(self, level: Level, message: str, **fields: Any) -> None:
        self.services.log.write(level, message, **self._fields | fields)

    def _write_of_room(self, level: Level, message: str, **fields: Any) -> None:
        self.services.log.write(level, message, **self._room_fields | fields)
