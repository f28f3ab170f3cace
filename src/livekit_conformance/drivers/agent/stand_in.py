"""
Agent stand-in: joins the rooms of calls as the application's agent would, speaks and listens.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from livekit_conformance import run_clock
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.environments.proxies import without_proxies
from livekit_conformance.errors import Blocked, in_system_words
from livekit_conformance.observations import AgentAction, Media, Recorder, ServiceProcess
from livekit_conformance.protocol.token import Issuer

_IDENTITY = "conformance-agent"
_MODULE = "livekit_conformance.drivers.agent.process"
# Longer than a call: the agent may lose its connection and join again.
_TOKEN_S = 3600
_READY_WITHIN_S = 15.0
_ANSWER_WITHIN_S = 8.0
_LEAVE_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class AgentSide:
    """
    Audio that the agent received: samples at 8000 Hz, and the level of the caller's tone, 0 to 1.
    """

    samples: int
    level: float


class NotJoined(Blocked):
    """
    The SDK failed to join a room and gave a reason; the server may be the cause.
    """


class AgentStandIn:
    """
    Agent of all calls of a run, in its own process. An asynchronous context manager.

    Entering starts the process, so that joining later is fast. A failure of the process raises
    Blocked, because the stand-in is ours and not the target's. `rooms` are the rooms that the agent
    is in; `problems` holds, by room, the reason why joining or another command failed.
    """

    def __init__(
        self, url: str, *, api_key: str, api_secret: str, tone_hz: float, recorder: Recorder
    ) -> None:
        self.rooms: set[str] = set()
        self.problems: dict[str, str] = {}
        self._url = url
        self._api_key = api_key
        self._api_secret = api_secret
        self._tone_hz = tone_hz
        self._recorder = recorder
        self._ids = itertools.count()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _MODULE),
                # The SDK would join through a proxy.
                env=without_proxies(os.environ),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise self._failure("to start", in_system_words(error)) from error
        assert self._process.stderr is not None
        self._complaints = asyncio.create_task(self._process.stderr.read())
        self._ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())
        try:
            await self._answer(self._ready, "to start", within=_READY_WITHIN_S)
        except BaseException as error:
            self._record(str(error))
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

    @property
    def is_running(self) -> bool:
        """
        True while the process runs and can take commands.
        """
        return self._process.returncode is None

    async def join(self, room: str) -> float:
        """
        Join `room` and speak; return the time that joining took, in seconds. Raises NotJoined.
        """
        issuer = Issuer(self._api_key, self._api_secret, int(time.time()), valid_s=_TOKEN_S)
        grant = {"roomJoin": True, "room": room}
        token = issuer.sign(issuer.claims(sub=_IDENTITY, video=grant))
        self._recorder.redact.learn(token)
        command = {"join": room, "url": self._url, "token": token, "tone_hz": self._tone_hz}
        answer = await self._ask(room, command, f"to join {room}")
        self.rooms.add(room)
        seconds: float = answer["joined"]
        took = f"{seconds:.2f} s"
        text = f"agent joined {room} and speaks (took {took})"
        self._recorder.record(
            AgentAction(run_clock.now(), text, action="joined", took_s=seconds, room=room)
        )
        return seconds

    async def heard(self, room: str, frequency: float) -> AgentSide:
        """
        Return the audio received in `room` so far, with the level of `frequency` (Hz) in it.
        """
        command = {"report": room, "tone_hz": frequency}
        answer = await self._ask(room, command, "to report what it heard")
        side = AgentSide(answer["samples"], answer["level"])
        heard = f"{side.samples} samples, {frequency:.0f} Hz at level {side.level:.2f}"
        self._recorder.record(
            Media(
                run_clock.now(),
                f"the agent heard {heard}",
                side="agent",
                heard=heard,
                samples=side.samples,
                tone_hz=frequency,
                level=round(side.level, 4),
            )
        )
        return side

    async def keys(self, room: str) -> str:
        """
        Return the keys that arrived from the caller in `room` so far, in their order.
        """
        answer = await self._ask(room, {"keys": room}, "to report the keys that arrived")
        keys: str = answer["keys"]
        return keys

    async def leave(self, room: str) -> None:
        """
        Leave `room`, so that it can end.
        """
        await self._ask(room, {"leave": room}, f"to leave {room}")
        self.rooms.discard(room)
        self._recorder.record(
            AgentAction(run_clock.now(), f"agent left {room}", action="left", room=room)
        )

    async def _ask(self, room: str, command: dict[str, Any], what: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        number = next(self._ids)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            if self._reader.done():
                answer.set_result({})
            self._process.stdin.write(json.dumps({"id": number, **command}).encode() + b"\n")
            return await self._answer(answer, what, within=_ANSWER_WITHIN_S)
        except Blocked as blocked:
            self.problems[room] = blocked.reason
            raise
        finally:
            del self._asked[number]

    async def _read(self) -> None:
        """
        Pass each answer to its waiter; at the end of the output, pass an empty one to all waiters.
        """
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if not line.endswith(b"\n"):
                break  # the last words of a process that was aborted
            try:
                answer: dict[str, Any] = json.loads(line)
            except ValueError:
                continue  # the native code of the SDK may write here too
            _settle(self._asked.get(answer["id"]) if "id" in answer else self._ready, answer)
        for waiting in (self._ready, *self._asked.values()):
            _settle(waiting, {})

    async def _answer(
        self, waiting: asyncio.Future[dict[str, Any]], what: str, *, within: float
    ) -> dict[str, Any]:
        await asyncio.wait([waiting], timeout=within)
        if not waiting.done():
            raise self._failure(what, f"no answer within {within:g} s")
        answer = waiting.result()
        if not answer:
            complaints = (await self._complaints).decode(errors="replace")[-1000:]
            why = f"its process ended with status {await self._process.wait()}. {complaints}"
            self._record(f"agent stand-in: {why}".strip())
            raise self._failure(what, why.strip(". "), link=Link.AGENT)
        if "failed" in answer:
            raise self._failure(what, answer["failed"], NotJoined)
        return answer

    def _record(self, summary: str) -> None:
        ended = ServiceProcess(run_clock.now(), summary, service="agent-stand-in")
        self._recorder.record(ended)

    def _failure(
        self, what: str, why: str, kind: type[Blocked] = Blocked, *, link: str | None = None
    ) -> Blocked:
        return kind(
            f"the agent stand-in failed {what}: {self._recorder.redact(why)}",
            remedy="The agent is the suite's own: check that `pip install livekit` works on this "
            "machine and that WebRTC reaches livekit.url",
            link=link,
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
        await self._reader


def _settle(waiting: asyncio.Future[dict[str, Any]] | None, answer: dict[str, Any]) -> None:
    # The waiter may have given up already.
    if waiting is not None and not waiting.done():
        waiting.set_result(answer)
