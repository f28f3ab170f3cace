"""
Participants seen in the room of a call, and the way they are recorded.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from livekit import api
from livekit.protocol.agent import Job, JobState, JobStatus
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState
from livekit.protocol.models import ParticipantInfo, ParticipantPermission, TrackInfo, TrackType

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.calls.caller_search import CallerSearch
from livekit_conformance.drivers.calls.room_participants import CompanyWatch, record_company
from livekit_conformance.errors import Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor

CALLER = ParticipantInfo(sid="PA_c", identity="sip_1", kind=ParticipantInfo.Kind.SIP)


def somebody(
    sid: str = "PA_a",
    *,
    audio: bool = False,
    muted: bool = False,
    may_publish: bool = True,
    may_subscribe: bool = True,
) -> ParticipantInfo:
    tracks = [TrackInfo(type=TrackType.AUDIO, muted=muted)] if audio else []
    permission = ParticipantPermission(can_publish=may_publish, can_subscribe=may_subscribe)
    return ParticipantInfo(sid=sid, identity=f"agent-{sid}", permission=permission, tracks=tracks)


class Server:
    """Rooms with their participants, and the dispatches; unreachable when `down`."""

    def __init__(self, *inside: ParticipantInfo) -> None:
        self.rooms = {"call": [CALLER, *inside]}
        self.dispatches: list[AgentDispatch] = []
        self.down = False

    async def list_participants(self, room: str) -> list[ParticipantInfo]:
        if self.down:
            raise Unreachable("server", phase="connect", detail="refused", waited=0, remedy="-")
        return self.rooms[room]

    async def list_rooms(self) -> list[api.Room]:
        return [api.Room(name=n, num_participants=len(who)) for n, who in self.rooms.items()]

    async def list_agent_dispatches(self, room: str) -> list[AgentDispatch]:
        assert room == "call"
        return self.dispatches


class Search:
    """A finished search for the caller of the call."""

    room = api.Room(name="call")

    def is_new(self, room: api.Room) -> bool:
        return room.name != "old"


def watch_of(server: Server) -> CompanyWatch:
    watch = CompanyWatch(cast("LiveKitClient", server))
    watch.company.room = "call"
    return watch


def recorded(watch: CompanyWatch) -> dict[str, Any]:
    recorder = Recorder(Redactor())
    record_company("call-id", watch.company, recorder, deployed=True)
    [seen] = recorder.observations
    return asdict(seen)


async def test_the_caller_is_no_company() -> None:
    watch = watch_of(Server())
    await watch.look()

    assert recorded(watch)["others"] == 0
    assert str(watch.company) == "in call: nobody but the caller"


async def test_a_caller_is_alone_where_somebody_looked_and_saw_nobody_else() -> None:
    server = Server(somebody())
    watch = watch_of(server)
    seen = []
    for inside in ([CALLER], [CALLER, somebody()], [CALLER, CALLER], [CALLER]):
        server.rooms["call"] = inside
        await watch.look()
        seen.append(watch.company.is_alone)
    server.down = True
    await watch.look()
    seen.append(watch.company.is_alone)
    server.down, server.rooms["call"] = False, []
    await watch.look_who_stays()

    assert seen == [True, False, False, True, False]
    assert not watch.company.is_alone


async def test_who_came_and_went_is_remembered() -> None:
    server = Server(somebody())
    watch = watch_of(server)
    await watch.look()
    server.rooms["call"] = [CALLER]
    await watch.look()

    seen = recorded(watch)
    assert (seen["others"], seen["here"], seen["gone"], seen["audio"]) == (1, 0, 1, 0)
    assert "has left" in str(watch.company)


async def test_tracks_are_muted_only_when_all_are() -> None:
    server = Server(somebody(audio=True, muted=True))
    watch = watch_of(server)
    await watch.look()
    assert watch.company.is_muted
    server.rooms["call"].append(somebody("PA_b", audio=True))
    await watch.look()
    assert not watch.company.is_muted
    assert recorded(watch)["audio"] == 2


async def test_who_may_not_publish_is_told() -> None:
    watch = watch_of(Server(somebody(may_publish=False)))
    await watch.look()

    assert recorded(watch)["silenced"] == 1
    assert "may not publish" in str(watch.company)


async def test_nobody_hears_the_caller_only_if_no_speaker_may_subscribe() -> None:
    server = Server(somebody(audio=True, may_subscribe=False), somebody("PA_b"))
    watch = watch_of(server)
    await watch.look()
    assert watch.company.hears_nothing
    assert "may not subscribe" in str(watch.company)
    server.rooms["call"].append(somebody("PA_c", audio=True))
    await watch.look()
    assert not watch.company.hears_nothing


async def test_the_agents_that_were_sent_for_and_who_waits_elsewhere_are_asked_for() -> None:
    server = Server()
    server.rooms |= {
        "new": [somebody()],
        "old": [somebody("PA_o")],
        "other-call": [somebody("PA_b"), CALLER],
        "of-suite-on-purpose": [somebody("PA_s")],
    }
    job = Job(state=JobState(status=JobStatus.JS_RUNNING, participant_identity="agent-AJ_1"))
    server.dispatches = [
        AgentDispatch(),
        AgentDispatch(agent_name="receptionist", state=AgentDispatchState(jobs=[job])),
    ]
    watch = watch_of(server)
    await watch.ask_around(cast("CallerSearch", Search()))

    assert watch.company.elsewhere == ["new"]
    seen = recorded(watch)
    assert (seen["sent_for"], seen["jobs"], seen["elsewhere"]) == ("receptionist", 1, 1)
    assert "dispatched agent 'receptionist': running" in str(watch.company)


async def test_a_job_that_ends_without_an_agent_was_rejected_by_a_worker() -> None:
    server = Server()
    states = (
        JobState(status=JobStatus.JS_SUCCESS),
        JobState(status=JobStatus.JS_SUCCESS, participant_identity="agent-AJ_2"),
    )
    state = AgentDispatchState(jobs=[Job(state=each) for each in states])
    server.dispatches = [AgentDispatch(agent_name="receptionist", state=state)]
    watch = watch_of(server)
    await watch.ask_around(cast("CallerSearch", Search()))

    seen = recorded(watch)
    assert (seen["jobs"], seen["rejected"]) == (1, 1)
    assert "dispatched agent 'receptionist': rejected, success" in str(watch.company)


async def test_what_cannot_be_asked_is_left_out() -> None:
    server = Server(somebody(audio=True))
    watch = watch_of(server)
    await watch.look()
    server.down = True
    await watch.look()
    await watch.look_who_stays()

    seen = recorded(watch)
    assert (seen["here"], seen["staying"], seen["jobs"]) == (1, 0, None)


async def test_a_call_whose_room_was_not_found_has_no_record() -> None:
    recorder = Recorder(Redactor())
    watch = CompanyWatch(cast("LiveKitClient", Server()))
    await watch.look()
    record_company("call-id", watch.company, recorder, deployed=True)

    assert recorder.observations == []
