"""
Outbound calls: livekit-sip is asked to dial, and our own listener receives the call.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from livekit import api
from livekit.protocol.models import ParticipantInfo

from livekit_conformance import run_clock
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.sip.callee import ANSWER, Behaviour, ReceivedCall, SipListener
from livekit_conformance.drivers.sip.credentials import Credentials
from livekit_conformance.drivers.sip.endpoint import fresh
from livekit_conformance.environments.profile import Profile
from livekit_conformance.findings import Json
from livekit_conformance.observations import Recorder, SipCall
from livekit_conformance.protocol.own_names import OWN_CALL
from livekit_conformance.protocol.sip.violations import SipViolation
from livekit_conformance.waiting import POLITE_S, Waited, wait_until

# livekit-sip gives up a call that rings longer than this, with a CANCEL.
RINGING_S = 4.0
# A call that the suite loses track of ends by itself after this time.
_LONGEST_CALL_S = 20
_JOIN_WITHIN_S = 2.0
_HANG_UP_WITHIN_S = 3.0


@dataclass(slots=True)
class OutboundCall:
    """
    One call and the observations of each side.

    `room` and `identity` are those of the CreateSIPParticipant request; `info` is its answer, or
    `refused` its error, after `took_s` seconds. `received` is the call as our listener received it.
    """

    room: str
    identity: str
    took_s: float = 0.0
    info: api.SIPParticipantInfo | None = None
    refused: ApiRefused | None = None
    received: ReceivedCall | None = None
    # What our listener held against its callers meanwhile.
    violations: Sequence[SipViolation] = ()
    # The participant in `room`, and the result of the wait for it.
    participant: ParticipantInfo | None = None
    joined: Waited | None = None
    # The result of the wait for the BYE, after the participant was removed from `room`.
    hung_up: Waited | None = None

    @property
    def sip_status(self) -> str | None:
        """
        SIP status that the refusal reports.
        """
        return self.refused.metadata.get("sip_status_code") if self.refused else None

    @property
    def answer(self) -> str:
        """
        Twirp code of the refusal, `ok` without one.
        """
        return self.refused.code if self.refused else "ok"

    @property
    def report(self) -> dict[str, Json]:
        """
        Answer of the API, and whether the call reached our listener, as data of a finding.
        """
        return {
            "answer": self.answer,
            "sip_status": self.sip_status,
            "reached": self.received is not None,
        }

    @property
    def story(self) -> str:
        """
        Answer of the API and observations of the listener, in one line.
        """
        answer = str(self.refused) if self.refused else "CreateSIPParticipant answered 200"
        reported = f", sip_status_code {self.sip_status}" if self.refused else ""
        return f"{answer}{reported} after {self.took_s:.2f} s; {self._seen}"

    @property
    def _seen(self) -> str:
        if self.received is not None:
            return self.received.story
        if self.violations:
            return f"no INVITE that can be acted on reached the listener: {self.violations[0]}"
        return "no INVITE reached the listener"


class OutboundProber:
    """
    Place calls to the listener through the outbound trunk, to the number of the profile.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        client: LiveKitClient,
        listener: SipListener,
        permit: Permit,
        recorder: Recorder,
    ) -> None:
        self._profile = profile
        self._client = client
        self._listener = listener
        self._permit = permit
        self._recorder = recorder

    @property
    def account(self) -> Credentials | None:
        """
        Account of the trunk, None when the profile does not have it.
        """
        outbound = self._profile.sip.outbound
        if not outbound.username:
            return None
        return Credentials(outbound.username, outbound.password.get_secret_value())

    async def dial(
        self,
        behaviour: Behaviour,
        *,
        purpose: str,
        ringing: float = RINGING_S,
        fails_at: Link | None = None,
    ) -> OutboundCall:
        """
        Dial the number, treat the call as `behaviour` does, and wait for the answer of the API.

        `fails_at` is the link at which the behaviour makes the call fail, if it does.

        Raises nothing for a refusal, Unreachable when the API does not answer at all.
        """
        self._permit.require(Effect.PLACE_CALLS, "an outbound call")
        call_id = f"{OWN_CALL}{fresh(6)}"
        call = OutboundCall(
            room=self._profile.rooms.name_pattern.replace("{call_id}", call_id), identity=call_id
        )
        earlier = len(self._listener.violations)
        started = time.perf_counter()
        with self._listener.behaving(behaviour) as came:
            try:
                request = self._request(call, ringing)
                call.info = await self._client.create_sip_participant(request)
            except ApiRefused as refused:
                call.refused = refused
        call.took_s = time.perf_counter() - started
        call.received = came[0] if came else None
        call.violations = self._listener.violations[earlier:]
        self._recorder.record(
            SipCall(
                run_clock.now(),
                f"CreateSIPParticipant ({purpose}): {call.story}",
                call=call.received.call_id if call.received else None,
                room=call.room,
                purpose=f"outbound, {purpose}",
                is_outbound=True,
                outcome="answered" if call.info else call.refused.code if call.refused else None,
                final_status=call.received.status if call.received else None,
                final_at_s=call.took_s,
                fails_at=fails_at.value if fails_at is not None else None,
                said=call.refused.text if call.refused else None,
                sip_status=call.sip_status,
            )
        )
        return call

    async def place(self) -> OutboundCall:
        """
        Place a whole call: answered, seen in its room, and hung up by removing its participant.
        """
        call = await self.dial(ANSWER.asking(self.account), purpose="answered")
        if call.info is None or call.received is None:
            return call
        call.joined = await wait_until(
            lambda: self._why_not_joined(call), within=_JOIN_WITHIN_S, slowest=POLITE_S
        )
        if call.participant is None:
            # A participant that is not in the room cannot be removed from it.
            await call.received.hang_up()
            return call
        await self._client.remove_participant(call.room, call.identity)
        call.hung_up = await call.received.until_hung_up(_HANG_UP_WITHIN_S)
        return call

    def _request(self, call: OutboundCall, ringing: float) -> api.CreateSIPParticipantRequest:
        outbound = self._profile.sip.outbound
        request = api.CreateSIPParticipantRequest(
            sip_trunk_id=outbound.trunk_id,
            sip_call_to=outbound.number,
            room_name=call.room,
            participant_identity=call.identity,
            wait_until_answered=True,
        )
        request.ringing_timeout.FromMilliseconds(round(ringing * 1000))
        request.max_call_duration.FromSeconds(_LONGEST_CALL_S)
        return request

    async def _why_not_joined(self, call: OutboundCall) -> str | None:
        # Its sip.callStatus proves nothing: livekit-server stores the state for ListParticipants
        # from several goroutines, and an older state may overwrite a newer one.
        try:
            participants = await self._client.list_participants(call.room)
        except ApiRefused as refused:
            return str(refused)
        ours = next((p for p in participants if p.identity == call.identity), None)
        if ours is None:
            return f"{call.identity} is not in {call.room}"
        call.participant = ours
        return None
