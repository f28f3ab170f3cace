"""
The agent stand-in: joins the room of a call as the application's agent would, speaks and listens.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from livekit import api

from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder

_IDENTITY = "conformance-agent"
_MODULE = "livekit_conformance.drivers.agent_participant"
_READY_WITHIN_S = 15.0
_ANSWER_WITHIN_S = 8.0
_LEAVE_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class AgentSide:
    """
    What the agent heard: samples at 8000 Hz, and the level of the caller's tone from 0 to 1.
    """

    samples: int
    level: float


class AgentStandIn:
    """
    One agent for one call, in a process of its own. Use it as an asynchronous context manager.

    Entering starts the process, so that joining later takes no longer than it must. Whatever the
    process cannot do raises Blocked and is kept as `problem`: it is ours, not the target's.
    """

    def __init__(
        self, url: str, *, api_key: str, api_secret: str, tone_hz: float, recorder: Recorder
    ) -> None:
        self.joined = False
        self.problem: str | None = None
        self._url = url
        self._api_key = api_key
        self._api_secret = api_secret
        self._tone_hz = tone_hz
        self._recorder = recorder

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        self._complaints = asyncio.create_task(self._process.stderr.read())
        try:
            await self._answer("to start", within=_READY_WITHIN_S)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._end()
        if self.joined:
            self._recorder.record(time.time(), "agent", "agent left the room")

    async def join(self, room: str) -> None:
        """
        Join `room` and speak.
        """
        token = (
            api.AccessToken(self._api_key, self._api_secret)
            .with_identity(_IDENTITY)
            .with_grants(api.VideoGrants(room_join=True, room=room))
            .to_jwt()
        )
        command = {"join": {"url": self._url, "token": token, "tone_hz": self._tone_hz}}
        answer = await self._ask(command, f"to join {room}")
        self.joined = True
        took = f"{answer['joined']:.2f} s"
        self._recorder.record(
            time.time(), "agent", f"agent joined {room} and speaks (took {took})", room=room
        )

    async def heard(self, frequency: float) -> AgentSide:
        """
        What the agent has heard so far, and how loud `frequency` (Hz) was in it.
        """
        answer = await self._ask({"report": frequency}, "to tell what it heard")
        side = AgentSide(answer["samples"], answer["level"])
        self._recorder.record(
            time.time(),
            "media",
            f"the agent heard {side.samples} samples, {frequency:.0f} Hz at level {side.level:.2f}",
            side="agent",
            samples=side.samples,
            tone_hz=frequency,
            level=round(side.level, 4),
        )
        return side

    async def _ask(self, command: dict[str, Any], what: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        return await self._answer(what, within=_ANSWER_WITHIN_S)

    async def _answer(self, what: str, *, within: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), within)
        except TimeoutError:
            raise self._failure(what, f"no answer within {within:g} s") from None
        if not line:
            complaints = await self._complaints
            raise self._failure(what, complaints.decode(errors="replace")[-1000:])
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise self._failure(what, answer["failed"])
        return answer

    def _failure(self, what: str, why: str) -> Blocked:
        self.problem = f"the agent stand-in failed {what}: {self._recorder.redact(why)}"
        return Blocked(
            self.problem,
            remedy="The agent is the suite's own: see that `pip install livekit` works on this "
            "machine and that livekit.url is reachable for WebRTC",
        )

    async def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _LEAVE_WITHIN_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._complaints
