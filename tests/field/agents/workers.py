"""
Workers of livekit-agents beside a real stack.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from livekit import api
from livekit.protocol.models import ParticipantInfo

from livekit_conformance.provisioners.local.prerequisites import SETPRIV
from livekit_conformance.waiting import wait_until
from tests.field.agents import environment
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import Scene

WORKER = Path(__file__).with_name("worker.py")
Manner = Literal["answers", "crashes", "rejects", "full"]
# Also on a busy machine, and when Python compiles the packages for the first time.
_REGISTERED_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.1
_REGISTERED = b'"registered worker"'
# livekit-agents reports its load every 2.5 s; until then livekit-server believes it is idle.
_FULL = b'"worker is at full capacity, marking as unavailable"'


@asynccontextmanager
async def beside(scene: Scene, name: str, manner: Manner = "answers") -> AsyncIterator[None]:
    """
    Run a worker with that agent name (empty: automatic dispatch) on the stack of a scene.

    It returns when the worker is registered, or known to be full; `logs` returns its log.
    """
    livekit = scene.profile.livekit
    settings = {
        "LIVEKIT_URL": livekit.url,
        "LIVEKIT_API_KEY": livekit.api_key,
        "LIVEKIT_API_SECRET": livekit.api_secret.get_secret_value(),
        "LIVEKIT_AGENT_NAME": name,
        "AGENT_MANNER": manner,
    }
    path = scene.folder / f"worker-{len(logs(scene.folder))}.log"
    awaited = _FULL if manner == "full" else _REGISTERED
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(SETPRIV.find(os.environ), "--pdeathsig", "KILL", "--"),
            *(str(environment.provide(os.environ)), str(WORKER), "start"),
            env=os.environ | settings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    async def why_not_ready() -> str | None:
        written = path.read_bytes()
        assert process.returncode is None, written.decode()
        return None if awaited in written else written.decode()

    try:
        waited = await wait_until(why_not_ready, within=_REGISTERED_WITHIN_S)
        assert waited.came_true, waited.reason
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def logs(folder: Path) -> list[str]:
    """
    Return the logs of all workers of the scene in a folder, in the order of their start.
    """
    return [path.read_text() for path in sorted(folder.glob("worker-*.log"))]


async def send_for(scene: Scene, name: str) -> None:
    """
    Let the dispatch rule of a scene request an agent by name.
    """
    config = api.RoomConfiguration(agents=[api.RoomAgentDispatch(agent_name=name)])
    async with operator_api(scene.profile.livekit) as server:
        [rule] = (await server.sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())).items
        rule.room_config.CopyFrom(config)
        await server.sip.update_dispatch_rule(rule.sip_dispatch_rule_id, rule)


@asynccontextmanager
async def dispatching(scene: Scene, name: str) -> AsyncIterator[None]:
    """
    Run an application that requests an agent by name for each room with a caller.
    """
    async with operator_api(scene.profile.livekit) as server:
        work = asyncio.create_task(_dispatch(server, name))
        try:
            yield
        finally:
            work.cancel()
            await asyncio.wait([work])


async def _dispatch(server: api.LiveKitAPI, name: str) -> None:
    served = set[str]()
    while True:
        for room in (await server.room.list_rooms(api.ListRoomsRequest())).rooms:
            if room.name in served:
                continue
            asked = api.ListParticipantsRequest(room=room.name)
            inside = (await server.room.list_participants(asked)).participants
            if any(who.kind == ParticipantInfo.Kind.SIP for who in inside):
                served.add(room.name)
                request = api.CreateAgentDispatchRequest(agent_name=name, room=room.name)
                await server.agent_dispatch.create_dispatch(request)
        await asyncio.sleep(_LOOK_EVERY_S)
