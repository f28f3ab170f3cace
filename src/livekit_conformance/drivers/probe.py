"""
The probe call: one call from INVITE to the end of its room, with every witness heard.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from livekit import api
from livekit.protocol.models import ParticipantInfo

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.agent import AgentSide, AgentStandIn
from livekit_conformance.drivers.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.media import Heard
from livekit_conformance.drivers.permit import Permit
from livekit_conformance.drivers.sip import Call, Credentials, SipAgent, new_call_id
from livekit_conformance.drivers.webhook import Arrival, OnArrival, WebhookReceiver
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.room_name import call_id_in
from livekit_conformance.protocol.sip.message import Response
from livekit_conformance.protocol.sip.outcome import Answer, Outcome, outcome
from livekit_conformance.waiting import POLITE_S, Waited, wait_until

# Two tones that are no harmonics of each other, so that an echo is not taken for the agent.
CALLER_TONE_HZ = 440.0
AGENT_TONE_HZ = 1000.0

ANSWER_BUDGET_S = 8.0
_LISTEN_S = 1.0
_LEAVE_WITHIN_S = 5.0
_FIND_EVERY_S = 0.1
# The search is cancelled when the call is over; this only bounds what nobody cancels.
_FOREVER_S = 60.0
_FIRST_FINAL = 200
_FIND_WITHIN_S = 2.0
# A busy server has many rooms; the suite is a guest there.
_ROOMS_LOOKED_AT = 10


@dataclass(slots=True)
class ProbeCall:
    """
    One call and what each witness saw of it. `started` in Unix seconds.
    """

    call: Call
    started: float
    room: api.Room | None = None
    participant: ParticipantInfo | None = None
    caller_heard: Heard | None = None
    # None when the agent stand-in never came into the room; `agent_problem` may say why.
    agent_heard: AgentSide | None = None
    agent_problem: str | None = None
    bye: Response | None = None
    left: Waited | None = None
    # Why the rooms could not be looked at; None when they could.
    not_seen: str | None = None
    answers: tuple[Answer, ...] = field(default_factory=tuple)

    @property
    def outcome(self) -> Outcome:
        """
        How the INVITE ended.
        """
        return outcome(self.answers)

    @property
    def story(self) -> str:
        """
        The answers with their times, in one line.
        """
        told = [f"{answer.status} at {answer.at_s:.2f} s" for answer in self.answers]
        return ", ".join(told) or "no answer at all"


def credentials(profile: Profile) -> Credentials | None:
    """
    The account of the profile, None when it has none.
    """
    if not profile.sip.username:
        return None
    return Credentials(profile.sip.username, profile.sip.password.get_secret_value())


class Prober:
    """
    Places probe calls on one deployment; needs to be told who listens for webhooks, if anyone.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        sip: SipAgent,
        client: LiveKitClient,
        receiver: WebhookReceiver | None,
        permit: Permit,
        recorder: Recorder,
    ) -> None:
        self._profile = profile
        self._sip = sip
        self._client = client
        self._receiver = receiver
        self._permit = permit
        self._recorder = recorder

    async def dial(
        self, account: Credentials | None, *, purpose: str, call_id: str | None = None
    ) -> ProbeCall:
        """
        Dial with `account`, and look for the caller in the rooms while it rings and after.

        Raises nothing for a refusal: a refused call leaves no trace, so it is looked for early.
        """
        call_id = call_id or new_call_id()
        search = _Search(self._client, self._profile.rooms.name_pattern, call_id)
        await search.begin()
        looking = asyncio.create_task(search.until_found())
        try:
            probe = await self._invite(account, purpose=purpose, call_id=call_id)
            if probe.call.answered:
                await asyncio.wait([looking], timeout=_FIND_WITHIN_S)
        finally:
            looking.cancel()
            await asyncio.wait([looking])
        if not looking.cancelled():
            looking.result()  # an error of ours must not be lost
        await search.once()
        probe.room, probe.participant, probe.not_seen = search.room, search.participant, search.why
        return probe

    async def _invite(
        self, account: Credentials | None, *, purpose: str, call_id: str
    ) -> ProbeCall:
        self._permit.require(Effect.PLACE_CALLS, "a call")
        started = time.time()
        call = await self._sip.call(
            number=self._profile.sip.number,
            caller=self._profile.sip.caller,
            credentials=account,
            answer_within=ANSWER_BUDGET_S,
            call_id=call_id,
        )
        probe = ProbeCall(call, started, answers=_answers(call))
        final = probe.answers[-1] if probe.answers else None
        self._recorder.record(
            time.time(),
            "sip-call",
            f"INVITE {self._profile.sip.number} ({purpose}): {probe.story}; {probe.outcome}",
            call=call.call_id,
            purpose=purpose,
            outcome=probe.outcome.value,
            final_status=final.status if final else None,
            final_at_s=final.at_s if final else None,
        )
        return probe

    async def place(self) -> ProbeCall:
        """
        The whole call: dial, let the agent in, listen to both sides, hang up, see everybody leave.
        """
        call_id = new_call_id()
        async with AsyncExitStack() as cleanup:
            agent: AgentStandIn | None = None
            if self._profile.agent == "stand-in" and self._receiver is not None:
                agent = await cleanup.enter_async_context(self._agent())
                self._receiver.on_arrival = _joins(agent, call_id)
                cleanup.callback(self._receiver.forget)
            probe = await self.dial(credentials(self._profile), purpose="probe", call_id=call_id)
            if probe.call.answered and probe.call.media is not None:
                probe.caller_heard = await probe.call.media.listen(_LISTEN_S)
            if agent is not None and agent.joined:
                probe.agent_heard = await agent.heard(CALLER_TONE_HZ)
            probe.agent_problem = agent.problem if agent is not None else None
            if probe.call.answered:
                probe.bye = await probe.call.hang_up()
                probe.left = await self._wait_until_left(probe)
        return probe

    def _agent(self) -> AgentStandIn:
        livekit = self._profile.livekit
        return AgentStandIn(
            livekit.url,
            api_key=livekit.api_key,
            api_secret=livekit.api_secret.get_secret_value(),
            tone_hz=AGENT_TONE_HZ,
            recorder=self._recorder,
        )

    async def _wait_until_left(self, probe: ProbeCall) -> Waited | None:
        if probe.room is None:
            return None
        room = probe.room.name

        async def why_not_yet() -> str | None:
            try:
                participants = await self._client.list_participants(room)
            except ApiRefused as refused:
                if refused.code == "not_found":
                    return None
                raise
            callers = [p.identity for p in participants if _is_of(p, probe.call.call_id)]
            return f"{callers[0]} is still in {room}" if callers else None

        try:
            return await wait_until(why_not_yet, within=_LEAVE_WITHIN_S, slowest=POLITE_S)
        except Unreachable as error:
            probe.not_seen = str(error)
            return None


def _joins(agent: AgentStandIn, call_id: str) -> OnArrival:
    """
    What the application does: when the caller arrives, its agent joins the room and speaks.

    Only when it is our caller: the agent never walks into somebody else's call.
    """

    async def on_arrival(arrival: Arrival) -> None:
        attributes = arrival.participant.get("attributes", {})
        ours = attributes.get("sip.callIDFull") == call_id
        if arrival.event == "participant_joined" and ours:
            await agent.join(arrival.room)

    return on_arrival


class _Search:
    """
    Looks for the SIP participant of one call in the rooms of the server.
    """

    def __init__(self, client: LiveKitClient, pattern: str, call_id: str) -> None:
        self.room: api.Room | None = None
        self.participant: ParticipantInfo | None = None
        self.why: str | None = "nobody looked"
        self._client = client
        self._pattern = pattern
        self._call_id = call_id
        self._older: set[str] = set()

    async def begin(self) -> None:
        """
        Remember the rooms that were there before the call.
        """
        try:
            self._older = {room.sid for room in await self._client.list_rooms()}
        except (ApiRefused, Unreachable) as error:
            # The API has checks of its own, and a call can be placed while it is down.
            self.why = str(error)

    async def until_found(self) -> None:
        """
        Look again and again; `why` says why nothing was found yet.
        """

        async def why_not_yet() -> str | None:
            await self.once()
            return None if self.participant is not None else "the caller is in no room"

        await wait_until(why_not_yet, within=_FOREVER_S, poll=_FIND_EVERY_S, slowest=POLITE_S)

    async def once(self) -> None:
        """
        Look now, unless the caller was found before.
        """
        if self.participant is not None:
            return
        try:
            await self._look()
        except (ApiRefused, Unreachable) as error:
            self.why = str(error)

    async def _look(self) -> None:
        rooms = await self._client.list_rooms()
        # A new room is the likely one; a Direct rule puts the call into one that was there before.
        new = [room for room in rooms if room.sid not in self._older]
        named = [room for room in rooms if call_id_in(room.name, self._pattern) is not None]
        for room in (new or named)[:_ROOMS_LOOKED_AT]:
            for participant in await self._client.list_participants(room.name):
                if _is_of(participant, self._call_id):
                    self.room, self.participant, self.why = room, participant, None
                    return
        self.why = None


def _is_of(participant: ParticipantInfo, call_id: str) -> bool:
    return (
        participant.kind == ParticipantInfo.Kind.SIP
        and participant.attributes.get("sip.callIDFull") == call_id
    )


def _answers(call: Call) -> tuple[Answer, ...]:
    """
    What came in answer to the INVITE, without the challenges that were followed by another INVITE.
    """
    received = [
        Answer(step.status, step.at_s)
        for step in call.ladder
        if step.direction == "received" and step.status is not None
    ]
    provisional = [answer for answer in received if answer.status < _FIRST_FINAL]
    if call.final is None or call.final_at_s is None or call.cancelled:
        return tuple(provisional)
    return (*provisional, Answer(call.final.status, call.final_at_s))
