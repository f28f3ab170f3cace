"""
Probe calls: whole ones, from INVITE to the end of the room, and shorter ones.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from livekit import api
from livekit.protocol.models import ParticipantInfo

from livekit_conformance import run_clock
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.agent.call_matching import Attendance, attended
from livekit_conformance.drivers.agent.stand_in import AgentSide, AgentStandIn
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.calls.caller_search import CallerSearch, present
from livekit_conformance.drivers.calls.listening import listen
from livekit_conformance.drivers.calls.observations import answers_of, record_attempt, record_end
from livekit_conformance.drivers.calls.pressing import press
from livekit_conformance.drivers.calls.room_participants import (
    Company,
    CompanyWatch,
    record_company,
)
from livekit_conformance.drivers.sip.caller import Credentials, OutgoingCall, SipAgent, new_call_id
from livekit_conformance.drivers.sip.outgoing_call import CANCEL_WITHIN_S, OnProvisional
from livekit_conformance.drivers.sip.rtp_session import Heard
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.findings import Json
from livekit_conformance.judges.preconditions import room_outlives_the_run
from livekit_conformance.observations import CallerFound, CallQuality, Recorder
from livekit_conformance.protocol.caller import DialledCall
from livekit_conformance.protocol.sip.ladder import COPIED_WITHIN_S, copies
from livekit_conformance.protocol.sip.message import Response
from livekit_conformance.protocol.sip.outcome import Answer, CallOutcome, outcome
from livekit_conformance.protocol.webhook_arrival import Arrival
from livekit_conformance.waiting import POLITE_S, Waited, wait_until

# Neither tone is a harmonic of the other, so that an echo is not taken for the agent.
CALLER_TONE_HZ = 440.0
AGENT_TONE_HZ = 1000.0

ANSWER_BUDGET_S = 8.0
# An agent that comes later than the budget is late, not absent: callers with patience wait so long.
_LATE_WITHIN_S = 15.0
# Callers of simultaneous calls: unassigned numbers, which an Individual rule tells apart.
CALLERS = tuple(f"+155501{number:02}" for number in range(10))
# For a call that should not have rung, the proper end of a CANCEL is not checked.
_CANCEL_BRIEFLY_S = 0.5
_TRYING = 100
LEAVE_WITHIN_S = 5.0
# livekit-server resets the connection of a caller who hangs up while it still writes to it, and may
# then miss the leave request: it notices the loss after 15 to 22 s (about one call in 400).
_LOST_WITHIN_S = 25.0
_FIND_WITHIN_S = 2.0
# `departure_timeout` if the server does not report it, and the delay of the server's own check.
_DEPARTURE_S = 20.0
_ROOM_ENDS_WITHIN_S = 5.0
_LONGEST_DEPARTURE_S = 60


@dataclass(slots=True)
class ProbeCall:
    """
    One call and the observations of each side. `started` in Unix seconds.
    """

    call: OutgoingCall
    started: float
    caller: str
    room: api.Room | None = None
    participant: ParticipantInfo | None = None
    caller_heard: Heard | None = None
    quality: CallQuality | None = None
    # None when the agent stand-in never joined the room; `agent_problem` may be the reason.
    agent_heard: AgentSide | None = None
    agent_problem: str | None = None
    # Of the keys PRESSED, at our agent; None where nobody listened for them.
    keys_arrived: str | None = None
    # Other participants of the room; None when nobody looked.
    company: Company | None = None
    bye: Response | None = None
    left: Waited | None = None
    # Reason why the search for the caller failed; None when the search was possible.
    not_seen: str | None = None
    answers: tuple[Answer, ...] = field(default_factory=tuple)

    @property
    def outcome(self) -> CallOutcome:
        """
        Outcome of the INVITE.
        """
        return outcome(self.answers)

    @property
    def ended_by_them_after_s(self) -> float | None:
        """
        Seconds from the answer until the other side hung up; None when it did not hang up.
        """
        ended, answered = self.call.ended_by_them_at_s, self.call.final_at_s
        return None if ended is None or answered is None else ended - answered

    @property
    def statuses(self) -> list[Json]:
        """
        Statuses of the answers to the INVITE, in their order.
        """
        return [answer.status for answer in self.answers]

    @property
    def story(self) -> str:
        """
        Answers with their times, in one line; without any, what came in their place.
        """
        if not self.answers and self.call.violations:
            return f"no readable answer, but {self.call.violations[0]}"
        answers = [f"{answer.status} at {answer.at_s:.2f} s" for answer in self.answers]
        return ", ".join(answers) or "no answer at all"


def credentials(profile: Profile) -> Credentials | None:
    """
    Return the account of the profile, None when it has none.
    """
    if not profile.sip.username:
        return None
    return Credentials(profile.sip.username, profile.sip.password.get_secret_value())


def rings_for_s(profile: Profile) -> float:
    """
    Return how long the whole call rings until it is given up.
    """
    return _LATE_WITHIN_S if profile.agent == "deployed" else ANSWER_BUDGET_S


class Prober:
    """
    Place calls on one deployment, one by one or at once. An asynchronous context manager.

    Takes the webhook receiver, if there is one: webhooks call in the agent stand-in, which joins
    the rooms of the calls that it is meant for, and no others.
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
        self._cleanup = AsyncExitStack()
        self._agent: AgentStandIn | None = None
        self._starting = asyncio.Lock()
        self._leaving = asyncio.Lock()
        self._attended: dict[str, Attendance] = {}
        self._searches: set[CallerSearch] = set()
        self._last_end = run_clock.now()

    async def __aenter__(self) -> Self:
        if self._receiver is not None:
            self._receiver.on_arrival = self._arrived
            self._cleanup.callback(self._receiver.forget)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._cleanup.aclose()

    async def place(self, *, purpose: str = "probe", caller: str | None = None) -> ProbeCall:
        """
        Place a whole call: dial, let the agent join, listen to both sides, hang up, see all leave.

        It rings for longer than the budget where the agent is the deployment's own. `caller` is the
        From user, the profile's unless it is given.
        """
        call_id = new_call_id()
        async with self._with_agent(call_id, caller) as attendance:
            watch = CompanyWatch(self._client)
            probe = await self._dial(
                credentials(self._profile),
                purpose=purpose,
                call_id=call_id,
                caller=caller,
                answer_within=rings_for_s(self._profile),
                watch=watch,
            )
            watch.company.room = probe.room.name if probe.room is not None else ""
            if probe.call.answered and probe.call.media is not None:
                probe.caller_heard, probe.quality = await listen(
                    probe.call, probe.call.media, self._profile, self._recorder
                )
                await watch.look()
            agent, room = self._agent, attendance.room
            is_clear = attendance.problem is None
            if agent is not None and room is not None and is_clear and room in agent.rooms:
                probe.agent_heard = await agent.heard(room, CALLER_TONE_HZ)
                probe.keys_arrived = await press(probe.call, agent, room)
            await self._end(probe)
            deployed = self._profile.agent == "deployed"
            if deployed:
                await watch.look_who_stays()
        probe.company = watch.company
        record_company(call_id, watch.company, self._recorder, deployed=deployed)
        probe.agent_problem = self._problem_of(attendance, probe)
        return probe

    async def call_through(self, *, purpose: str, caller: str | None = None) -> ProbeCall:
        """
        Place a call and hang up as soon as it is answered. Looks at no room.
        """
        call_id = new_call_id()
        async with self._with_agent(call_id, caller) as attendance:
            probe = await self._invite(
                credentials(self._profile), purpose=purpose, call_id=call_id, caller=caller
            )
            if probe.call.answered:
                probe.bye = await probe.call.hang_up()
        probe.agent_problem = self._problem_of(attendance, probe)
        return probe

    async def ring(self, *callers: str, purpose: str, rings_only: bool = False) -> list[ProbeCall]:
        """
        Place calls at once, one from each caller; cancel them when all ring in a room or ended.

        With `rings_only`, they are cancelled as soon as they ring, with or without a room. Our
        agent does not answer them; a call that another agent answers is hung up. `left` is the wait
        until the caller had left its room.
        """
        all_found = asyncio.get_running_loop().create_future()
        awaited = set(range(len(callers)))

        def found(number: int) -> None:
            awaited.discard(number)
            if not awaited:
                _set(all_found)

        async def one(number: int, caller: str) -> ProbeCall:
            def ringing(response: Response) -> None:
                if rings_only and response.status > _TRYING:
                    found(number)

            probe = await self._dial(
                credentials(self._profile),
                purpose=purpose,
                caller=caller,
                give_up=all_found,
                on_settled=lambda: found(number),
                on_provisional=ringing,
            )
            found(number)  # a call that is over will never be found
            await self._end(probe)
            return probe

        return list(await asyncio.gather(*(one(*each) for each in enumerate(callers))))

    async def attempt(
        self,
        account: Credentials | None,
        *,
        purpose: str,
        fails_at: Link,
        call_id: str | None = None,
        number: str | None = None,
        within: float = ANSWER_BUDGET_S,
        give_up: asyncio.Future[None] | None = None,
    ) -> ProbeCall:
        """
        Place a call that should be refused at a link; give up when its caller is in a room instead.

        Otherwise it ends when it is refused, after `within` seconds, or when `give_up` is done.
        """
        given_up = give_up or asyncio.get_running_loop().create_future()
        probe = await self._dial(
            account,
            purpose=purpose,
            fails_at=fails_at,
            call_id=call_id,
            number=number,
            answer_within=within,
            give_up=given_up,
            cancel_within=_CANCEL_BRIEFLY_S,
            on_settled=lambda: _set(given_up),
        )
        await self._end(probe)
        return probe

    def room_ends_by(self, probe: ProbeCall) -> float:
        """
        Return the time by which the room of a call must have ended, in Unix seconds.

        Counted from the end of our last call: a Direct rule puts all calls into one room. Raises
        NotApplicable for a room that its own setting keeps open for longer than a run watches it.
        """
        departure = probe.room.departure_timeout if probe.room is not None else 0
        if departure > _LONGEST_DEPARTURE_S:
            raise room_outlives_the_run(departure, _LONGEST_DEPARTURE_S)
        return self._last_end + (departure or _DEPARTURE_S) + _ROOM_ENDS_WITHIN_S

    async def _dial(
        self,
        account: Credentials | None,
        *,
        purpose: str,
        fails_at: Link | None = None,
        call_id: str | None = None,
        number: str | None = None,
        caller: str | None = None,
        answer_within: float = ANSWER_BUDGET_S,
        give_up: asyncio.Future[None] | None = None,
        cancel_within: float = CANCEL_WITHIN_S,
        on_settled: Callable[[], None] | None = None,
        on_provisional: OnProvisional | None = None,
        watch: CompanyWatch | None = None,
    ) -> ProbeCall:
        """
        Dial with `account`, and search the rooms for the caller while it rings and after.

        `number` and `caller` default to the profile's. `on_settled` is called once the caller is in
        a room and has published its audio track. `watch` also observes the other participants.
        Raises nothing for a refusal: a refused call leaves no trace, so the search starts before
        the answer.
        """
        call_id = call_id or new_call_id()
        search = CallerSearch(
            self._client,
            self._profile.rooms.name_pattern,
            self._dialled(call_id, number, caller),
            own_callers=self._own_callers,
            searches=self._searches,
            webhooks=() if self._receiver is None else self._receiver.taken,
        )
        async with search:

            async def look() -> None:
                await search.until_settled()
                if on_settled is not None:
                    on_settled()

            looking = asyncio.create_task(look())
            tasks = {looking}
            if watch is not None:
                tasks.add(asyncio.create_task(watch.look_on(search)))
            try:
                probe = await self._invite(
                    account,
                    purpose=purpose,
                    fails_at=fails_at,
                    call_id=call_id,
                    number=number,
                    caller=caller,
                    answer_within=answer_within,
                    give_up=give_up,
                    cancel_within=cancel_within,
                    on_provisional=on_provisional,
                )
                if probe.call.answered:
                    await asyncio.wait([looking], timeout=_FIND_WITHIN_S)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled():
                    task.result()  # raise errors of our own
            await search.once()
        probe.room, probe.participant, probe.not_seen = search.room, search.participant, search.why
        if probe.room is not None and probe.participant is not None:
            found = probe.participant
            self._record_caller(call_id, probe.room.name, found.identity, found.sid)
        return probe

    def _record_caller(self, call: str, room: str, identity: str, sid: str) -> None:
        text = f"{identity} is the caller in {room}"
        self._recorder.record(
            CallerFound(run_clock.now(), text, call=call, room=room, identity=identity, sid=sid)
        )

    async def _invite(
        self,
        account: Credentials | None,
        *,
        purpose: str,
        call_id: str,
        fails_at: Link | None = None,
        number: str | None = None,
        caller: str | None = None,
        answer_within: float = ANSWER_BUDGET_S,
        give_up: asyncio.Future[None] | None = None,
        cancel_within: float = CANCEL_WITHIN_S,
        on_provisional: OnProvisional | None = None,
    ) -> ProbeCall:
        self._permit.require(Effect.PLACE_CALLS, "a call")
        number = number or self._profile.sip.number
        caller = caller or self._profile.sip.caller
        started = run_clock.now()
        attendance = self._attended.get(call_id) or Attendance(self._dialled(call_id))

        def learn(response: Response) -> None:
            attendance.learn(response)
            if on_provisional is not None:
                on_provisional(response)

        call = await self._sip.call(
            number=number,
            caller=caller,
            credentials=account,
            answer_within=answer_within,
            give_up=give_up,
            cancel_within=cancel_within,
            on_provisional=learn,
            call_id=call_id,
        )
        if not call.answered and copies(call.ladder):
            # The network copies: what it made of the last answers is still on its way.
            await asyncio.sleep(COPIED_WITHIN_S)
        probe = ProbeCall(call, started, caller, answers=answers_of(call, within=ANSWER_BUDGET_S))
        text = f"INVITE {number} ({purpose}): {probe.story}; {probe.outcome}"
        record_attempt(call, text, purpose, probe.answers, self._recorder, fails_at=fails_at)
        return probe

    async def _end(self, probe: ProbeCall) -> None:
        """
        Hang up if the call is up, and wait until the caller leaves the room in which it was found.
        """
        if probe.call.answered:
            probe.bye = await probe.call.hang_up()
            record_end(probe.call, probe.bye, probe.ended_by_them_after_s, self._recorder)
        if probe.room is not None and probe.participant is not None:
            probe.left = await self._wait_until_left(probe, probe.room.name, probe.participant.sid)
        self._last_end = run_clock.now()

    async def _wait_until_left(self, probe: ProbeCall, room: str, caller: str) -> Waited | None:
        async def why_not_yet() -> str | None:
            inside = [p.identity for p in await present(self._client, room) if p.sid == caller]
            return f"{inside[0]} is still in {room}" if inside else None

        within = _LOST_WITHIN_S if probe.bye is not None else LEAVE_WITHIN_S
        try:
            return await wait_until(why_not_yet, within=within, slowest=POLITE_S)
        except Unreachable as error:
            probe.not_seen = str(error)
            return None

    # -- the agent stand-in

    @asynccontextmanager
    async def _with_agent(self, call_id: str, caller: str | None) -> AsyncIterator[Attendance]:
        """
        Let our agent join this call, if the profile wants one, until the end of the context.
        """
        if self._profile.agent == "stand-in" and self._receiver is not None:
            await self._start_agent()
        attendance = Attendance(self._dialled(call_id, caller=caller))
        self._attended[call_id] = attendance
        try:
            yield attendance
        finally:
            del self._attended[call_id]
            await self._leave_what_is_over()
            self._last_end = run_clock.now()

    async def _start_agent(self) -> None:
        async with self._starting:
            if self._agent is not None and self._agent.is_running:
                return
            livekit = self._profile.livekit
            self._agent = await self._cleanup.enter_async_context(
                AgentStandIn(
                    livekit.url,
                    api_key=livekit.api_key,
                    api_secret=livekit.api_secret.get_secret_value(),
                    tone_hz=AGENT_TONE_HZ,
                    recorder=self._recorder,
                )
            )

    async def _arrived(self, arrival: Arrival) -> None:
        """
        Act as the application would: when a caller arrives, its agent joins the room and speaks.

        Only for our own caller: the agent never joins the call of somebody else.
        """
        if arrival.event != "participant_joined":
            return
        for search in self._searches:
            search.report(arrival.room, arrival.participant.get("attributes", {}))
        if self._agent is None:
            return
        attendance = attended(
            self._attended.values(), arrival.participant, own_callers=self._own_callers
        )
        if attendance is None:
            return
        who = (str(arrival.participant.get(name, "")) for name in ("identity", "sid"))
        self._record_caller(attendance.call.call_id, arrival.room, *who)
        is_new = all(other.room != arrival.room for other in self._attended.values())
        attendance.room = arrival.room
        if is_new:
            attendance.called_at = time.monotonic()
            await self._agent.join(arrival.room)
            attendance.joined_at = time.monotonic()
            # The call may have ended meanwhile.
            await self._leave_what_is_over()

    def _problem_of(self, attendance: Attendance, probe: ProbeCall) -> str | None:
        in_room = self._agent.problems.get(attendance.room or "") if self._agent else None
        late = None if probe.call.answered else attendance.lateness(time.monotonic())
        return attendance.problem or in_room or late

    @property
    def _own_callers(self) -> tuple[str, ...]:
        return (self._profile.sip.caller, *CALLERS)

    def _dialled(
        self, call_id: str, number: str | None = None, caller: str | None = None
    ) -> DialledCall:
        sip = self._profile.sip
        return DialledCall(
            call_id, caller or sip.caller, number or sip.number, through_provider=sip.provider
        )

    async def _leave_what_is_over(self) -> None:
        """
        Let our agent leave the rooms that no longer have a call of ours.

        Behind a provider calls look alike and one room may be taken for another: there the agent
        stays until all calls are over, or it would leave a call that still needs it.
        """
        async with self._leaving:
            calls = self._attended.values()
            if self._agent is None or any(other.call.through_provider for other in calls):
                return
            for room in self._agent.rooms - {other.room for other in calls}:
                with suppress(Blocked):  # kept in `problems` of the agent
                    await self._agent.leave(room)


def wrong_accounts(profile: Profile) -> Mapping[str, Credentials]:
    """
    Return accounts that the trunk must refuse, by the part that is wrong.
    """
    right = profile.sip.password.get_secret_value()
    return {
        "user": Credentials(f"{profile.sip.username}-conformance", right),
        "password": Credentials(profile.sip.username, "conformance-wrong-password"),
    }


def callers_at_once(profile: Profile, count: int) -> tuple[str, ...]:
    """
    Return callers for simultaneous calls, all different unless the profile's caller is real.
    """
    own = profile.sip.caller
    return CALLERS[:count] if own in CALLERS else (own,) * count


def _set(signal: asyncio.Future[None]) -> None:
    if not signal.done():
        signal.set_result(None)
