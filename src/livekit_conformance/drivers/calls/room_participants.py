"""
Other participants in the room of a call, and what else the server reports about its agent.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from livekit import api
from livekit.protocol.agent import JobState, JobStatus
from livekit.protocol.agent_dispatch import AgentDispatch
from livekit.protocol.models import ParticipantInfo, TrackInfo, TrackType

from livekit_conformance import run_clock
from livekit_conformance.catalogue.log_lines import ON_PURPOSE
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.calls.caller_search import CallerSearch, present
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import CallRoom, Recorder

# The suite is a guest on the server; an agent that joins stays for longer than this.
_EVERY_S = 1.0
# After so many looks without audio, ask which agents were dispatched and where they are.
_ASKED_AT_LOOK = 3
_ROOMS_LOOKED_AT = 3
_REJECTED = "rejected"
_SIP, _EGRESS = ParticipantInfo.Kind.SIP, ParticipantInfo.Kind.EGRESS


@dataclass(slots=True)
class Company:
    """
    Observations of the other participants in the room of one call, and of dispatched agents.

    `others` are the participants by sid, in their last seen state; `gone` those that had left
    before the last look. `dispatches` are None when they were not requested, or the request failed;
    `elsewhere` are new rooms in which somebody waits without a caller; `staying` are the
    participants that are still in the room after the call. `is_alone` is true if nobody but the
    caller, not even a second phone, was there at the last look.
    """

    room: str = ""
    others: dict[str, ParticipantInfo] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    dispatches: list[AgentDispatch] | None = None
    elsewhere: list[str] = field(default_factory=list)
    staying: list[str] = field(default_factory=list)
    is_alone: bool = False

    @property
    def audio(self) -> list[TrackInfo]:
        """
        Audio tracks that others have published.
        """
        tracks = (track for other in self.others.values() for track in other.tracks)
        return [track for track in tracks if track.type == TrackType.AUDIO]

    @property
    def is_muted(self) -> bool:
        """
        True if there are audio tracks, and all of them are muted.
        """
        return bool(self.audio) and all(track.muted for track in self.audio)

    @property
    def silenced(self) -> list[str]:
        """
        Participants that are not allowed to publish.
        """
        others = self.others.values()
        return [other.identity for other in others if not other.permission.can_publish]

    @property
    def hears_nothing(self) -> bool:
        """
        True if others have published audio, and none of them is allowed to subscribe.
        """
        speakers = [other for other in self.others.values() if other.tracks]
        return bool(self.audio) and not any(who.permission.can_subscribe for who in speakers)

    @property
    def speakers(self) -> list[str]:
        """
        Participants in the room with audio that is not muted.
        """
        return [
            other.identity
            for sid, other in self.others.items()
            if sid not in self.gone
            and any(track.type == TrackType.AUDIO and not track.muted for track in other.tracks)
        ]

    @property
    def sent_for(self) -> list[str]:
        """
        Names of the explicitly dispatched agents, whether they came or not.
        """
        return [one.agent_name for one in self.dispatches or () if one.agent_name]

    @property
    def jobs(self) -> list[str]:
        """
        States of the jobs that workers were given; `rejected` is one that ended without an agent.
        """
        jobs = (job for one in self.dispatches or () for job in one.state.jobs)
        return [_state_of(job.state) for job in jobs]

    def __str__(self) -> str:
        participants = [self._described(sid, other) for sid, other in self.others.items()]
        parts = [f"in {self.room}: {', '.join(participants) or 'nobody but the caller'}"]
        if self.sent_for:
            jobs = ", ".join(self.jobs) or "no worker took the job"
            parts.append(f"dispatched agent {', '.join(map(repr, self.sent_for))}: {jobs}")
        elif self.jobs:
            parts.append(f"agent jobs: {', '.join(self.jobs)}")
        if self.elsewhere:
            parts.append(f"participants wait without a caller in {', '.join(self.elsewhere)}")
        if self.staying:
            parts.append(f"still there after the call: {', '.join(self.staying)}")
        return "; ".join(parts)

    def _described(self, sid: str, other: ParticipantInfo) -> str:
        tracks = [track for track in other.tracks if track.type == TrackType.AUDIO]
        muted = all(track.muted for track in tracks)
        sound = ("muted audio" if muted else "audio") if tracks else "no audio"
        notes = (
            "" if other.permission.can_publish else ", may not publish",
            "" if other.permission.can_subscribe else ", may not subscribe",
            ", has left" if sid in self.gone else "",
        )
        return f"{other.identity} ({sound}{''.join(notes)})"


class CompanyWatch:
    """
    Look once a second who is in the room of a call, once its caller was found there.

    `company` holds the observations so far. Failed requests are ignored: the API has checks of its
    own.
    """

    def __init__(self, client: LiveKitClient) -> None:
        self.company = Company()
        self._client = client

    async def look_on(self, search: CallerSearch) -> None:
        """
        Look repeatedly until cancelled, once the caller was found.
        """
        for number in itertools.count(1):
            await asyncio.sleep(_EVERY_S)
            self.company.room = search.room.name if search.room is not None else ""
            await self.look()
            if number % _ASKED_AT_LOOK == 0 and self.company.room and not self.company.audio:
                await self.ask_around(search)

    async def look(self) -> None:
        """
        Look who is in the room of the caller now, if it was found.
        """
        inside = await self._inside()
        # Where nobody could look, nothing is known of now.
        self.company.is_alone = inside is not None and len(inside) <= 1
        if inside is not None:
            here = {who.sid: who for who in inside if who.kind != _SIP}
            self.company.others.update(here)
            self.company.gone = self.company.others.keys() - here.keys()

    async def look_who_stays(self) -> None:
        """
        Look who is still in the room after the call.
        """
        inside = await self._inside() or []
        self.company.staying = [who.identity for who in inside if who.kind != _SIP]

    async def _inside(self) -> list[ParticipantInfo] | None:
        if not self.company.room:
            return None
        try:
            inside = await present(self._client, self.company.room)
        except (ApiRefused, Unreachable):
            return None
        return [who for who in inside if who.kind != _EGRESS]

    async def ask_around(self, search: CallerSearch) -> None:
        """
        Request the agent dispatches of the room, and find other new rooms in which somebody waits.
        """
        try:
            self.company.dispatches = await self._client.list_agent_dispatches(self.company.room)
            self.company.elsewhere = await self._elsewhere(search)
        except (ApiRefused, Unreachable):
            return

    async def _elsewhere(self, search: CallerSearch) -> list[str]:
        rooms = await self._client.list_rooms()
        new = [room for room in rooms if search.is_new(room) and self._may_be_meant(room)]
        return [
            room.name
            for room in new[:_ROOMS_LOOKED_AT]
            if _waits_alone(await present(self._client, room.name))
        ]

    def _may_be_meant(self, room: api.Room) -> bool:
        is_other = room.name != self.company.room and ON_PURPOSE not in room.name
        return is_other and room.num_participants > 0


def record_company(call: str, company: Company, recorder: Recorder, *, deployed: bool) -> None:
    """
    Record the observations; nothing when the room of the call was never found.

    `deployed` means that the agent is the application's own.
    """
    if not company.room:
        return
    rejected = company.jobs.count(_REJECTED)
    recorder.record(
        CallRoom(
            run_clock.now(),
            str(company),
            call=call,
            room=company.room,
            deployed=deployed,
            others=len(company.others),
            here=len(company.others) - len(company.gone),
            gone=len(company.gone),
            audio=len(company.audio),
            muted=company.is_muted,
            silenced=len(company.silenced),
            sent_for=", ".join(company.sent_for),
            jobs=None if company.dispatches is None else len(company.jobs) - rejected,
            rejected=rejected,
            elsewhere=len(company.elsewhere),
            staying=len(company.staying),
        )
    )


def _state_of(job: JobState) -> str:
    # A worker that takes a job says who the agent will be. One that ends it by its answer
    # (`request.reject()` of livekit-agents) does not, and livekit-server takes the job for done.
    if job.status == JobStatus.JS_SUCCESS and not job.participant_identity:
        return _REJECTED
    return JobStatus.Name(job.status).removeprefix("JS_").lower()


def _waits_alone(inside: Iterable[ParticipantInfo]) -> bool:
    kinds = [who.kind for who in inside]
    return bool(kinds) and _SIP not in kinds
