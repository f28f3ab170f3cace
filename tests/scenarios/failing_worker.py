"""
A worker of agents that does not do its job: the protocol of livekit-agents, without an agent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import aiohttp
from livekit import api
from livekit.protocol import agent

from livekit_conformance.environments.profile import Livekit
from tests.scenarios.real_stack import Scene

# To refuse a job for good is `request.reject()` of livekit-agents; a worker that is full says so.
Answer = Literal["refuses", "refuses-for-good", "is-full", "takes-and-stays-away"]


@dataclass(frozen=True, slots=True)
class Worker:
    """
    The name that a worker registers, and its answer to each job.
    """

    name: str
    answer: Answer

    def answered(self, message: agent.ServerMessage) -> agent.WorkerMessage | None:
        """
        Return the worker's answer to a message of livekit-server.
        """
        if not message.HasField("availability"):
            return None
        job = message.availability.job.id
        takes = self.answer == "takes-and-stays-away"
        said = agent.AvailabilityResponse(
            job_id=job,
            available=takes,
            terminate=self.answer == "refuses-for-good",
            participant_identity=f"agent-{job}",
        )
        return agent.WorkerMessage(availability=said)


@asynccontextmanager
async def beside(scene: Scene, worker: Worker) -> AsyncIterator[None]:
    """
    Register such a worker at the livekit-server of a scene.
    """
    async with registered(scene.profile.livekit, worker):
        yield


@asynccontextmanager
async def registered(livekit: Livekit, worker: Worker) -> AsyncIterator[None]:
    """
    Register such a worker at a livekit-server.
    """
    secret = livekit.api_secret.get_secret_value()
    token = api.AccessToken(livekit.api_key, secret).with_grants(api.VideoGrants(agent=True))
    url = livekit.url.replace("ws", "http", 1) + "/agent"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers={"Authorization": f"Bearer {token.to_jwt()}"}) as socket,
    ):
        asked = agent.RegisterWorkerRequest(
            type=agent.JT_ROOM, agent_name=worker.name, version="1.0", ping_interval=30
        )
        await socket.send_bytes(agent.WorkerMessage(register=asked).SerializeToString())
        first = agent.ServerMessage.FromString(await socket.receive_bytes(timeout=5))
        assert first.HasField("register"), first
        if worker.answer == "is-full":
            full = agent.UpdateWorkerStatus(status=agent.WS_FULL, load=1.0)
            await socket.send_bytes(agent.WorkerMessage(update_worker=full).SerializeToString())
        work = asyncio.create_task(_work(socket, worker))
        try:
            yield
        finally:
            work.cancel()
            await asyncio.wait([work])


async def _work(socket: aiohttp.ClientWebSocketResponse, worker: Worker) -> None:
    async for received in socket:
        answer = worker.answered(agent.ServerMessage.FromString(received.data))
        if answer is not None:
            await socket.send_bytes(answer.SerializeToString())
