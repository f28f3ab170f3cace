"""
Make strangers' traffic beside a run, until the run is over.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import aiohttp
from livekit import api

from livekit_conformance.drivers.agent.stand_in import AgentStandIn
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.harness import reveal
from tests.scenarios.strangers.kinds import Act, Kind
from tests.scenarios.strangers.target import CALLERS, LOBBY, Target, target_of

# Counted with the outcomes: some events last longer than the run.
BEGUN = "begun"
_LOOK_EVERY_S = 0.2
# Long enough for the call to be answered. In a call the SDK takes 8 % of a core, and 0.35 s of CPU
# to join: more than the services take for the call.
_STAYS_S = 1.5
_TONE_HZ = 700.0

Outcomes = Mapping[str, Counter[str]]


@asynccontextmanager
async def traffic(profile: Profile, *kinds: Kind) -> AsyncIterator[Outcomes]:
    """
    Make these kinds of traffic while the context is open; yield the outcomes of each so far.
    """
    outcomes: dict[str, Counter[str]] = {kind.name: Counter() for kind in kinds}
    async with AsyncExitStack() as beside, target_of(profile) as target:
        for kind in kinds:
            if kind.before is not None:
                await kind.before(target)
            if not kind.per_s:
                outcomes[kind.name].update((BEGUN, await _outcome(kind.act, target)))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_keep_on(kind, target, outcomes[kind.name]))
                for kind in kinds
                if kind.per_s
            ]
            if any(kind.agent for kind in kinds):
                agent = await beside.enter_async_context(_agent(profile))
                tasks.append(group.create_task(_answer(target, agent)))
            yield outcomes
            for task in tasks:
                task.cancel()


async def _keep_on(kind: Kind, target: Target, outcomes: Counter[str]) -> None:
    slots = asyncio.Semaphore(kind.at_once)

    async def once() -> None:
        outcomes[BEGUN] += 1
        try:
            outcomes[await _outcome(kind.act, target)] += 1
        finally:
            slots.release()

    async with asyncio.TaskGroup() as acts:
        for _ in range(kind.at_most):
            await slots.acquire()
            acts.create_task(once())
            await asyncio.sleep(1 / kind.per_s)


async def _outcome(act: Act, target: Target) -> str:
    """
    Return the outcome of one event; a refusal is one as well.
    """
    try:
        return await act(target)
    except api.TwirpError as refused:
        return refused.code
    except (aiohttp.ClientError, OSError, TimeoutError, Unreachable) as lost:
        return type(lost).__name__


def _agent(profile: Profile) -> AgentStandIn:
    livekit = profile.livekit
    return AgentStandIn(
        livekit.url,
        api_key=livekit.api_key,
        api_secret=reveal(livekit.api_secret),
        tone_hz=_TONE_HZ,
        recorder=Recorder(Redactor()),
    )


async def _answer(target: Target, agent: AgentStandIn) -> None:
    """
    Join the rooms of new calls of strangers, speak for a moment, and leave.

    An empty room is no call: look-alikes have the name of one, and come 20 times a second.
    """
    joined: dict[str, float] = {}

    async def rooms() -> set[str]:
        listed = await target.server.room.list_rooms(api.ListRoomsRequest())
        return {room.name for room in listed.rooms if room.num_participants}

    async def join(room: str) -> None:
        # The call may be over, and the agent too slow: both happen to applications.
        with suppress(Blocked):
            await agent.join(room)
        joined[room] = time.monotonic()

    async def leave(room: str) -> None:
        try:
            await agent.leave(room)
        except Blocked:
            agent.rooms.discard(room)

    # Calls of earlier traffic may still be up; their agent has left them.
    known = await rooms() - {LOBBY}
    async with asyncio.TaskGroup() as acts:
        while True:
            there = await rooms()
            for room in there - known:
                if room == LOBBY or any(f"_{caller}_" in room for caller in CALLERS):
                    acts.create_task(join(room))
            known |= there
            for room in agent.rooms & joined.keys() - {LOBBY}:
                if room not in there or time.monotonic() - joined[room] > _STAYS_S:
                    del joined[room]
                    acts.create_task(leave(room))
            await asyncio.sleep(_LOOK_EVERY_S)
