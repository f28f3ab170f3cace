"""
An application's agent with one defect, in its own process.

It looks for rooms with a phone caller and joins each as its `manner` defines. It reads one JSON
line from standard input, `{"manner", "url", "api_key", "api_secret"}`, and ends with that stream.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from array import array
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Literal

from livekit import api, rtc
from livekit.protocol.models import ParticipantInfo

from livekit_conformance.protocol import rtp
from tests.scenarios.real_stack import Scene

Manner = Literal[
    "good",
    "silent",
    "muted",
    "forbidden",
    "deaf",
    "elsewhere",
    "leaves",
    "late",
    "stays",
    "too-late",
    "two",
    "zeros",
    "namesake",
    "one-word",
    "echo",
]

_RATE = 8000
_FRAME = 160
_LOOK_EVERY_S = 0.1
# Long enough to be noticed, and no longer.
_STAYS_S = 1.5
_WORD_S = 0.3
# The namesake comes when the caller has published its track.
_LATE_S = {"late": 2.5, "too-late": 9.0, "namesake": 1.0}


@asynccontextmanager
async def beside(scene: Scene, manner: Manner) -> AsyncIterator[None]:
    """
    Run such an agent on the stack of a scene.
    """
    livekit = scene.profile.livekit
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told = {
        "manner": manner,
        "url": livekit.url,
        "api_key": livekit.api_key,
        "api_secret": livekit.api_secret.get_secret_value(),
    }
    process.stdin.write(json.dumps(told).encode() + b"\n")
    try:
        async with asyncio.timeout(15):
            assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()


class _Agent:
    def __init__(self, manner: Manner, url: str, api_key: str, api_secret: str) -> None:
        self.manner = manner
        self.url = url
        self._key = (api_key, api_secret)
        self._rooms: list[rtc.Room] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def work(self) -> None:
        tasks: dict[str, asyncio.Task[None]] = {}
        async with api.LiveKitAPI(self.url, *self._key) as server:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            while True:
                for room, caller in (await self._called(server)).items():
                    if room not in tasks:
                        tasks[room] = asyncio.create_task(self._come(room, caller))
                await asyncio.sleep(_LOOK_EVERY_S)

    async def _called(self, server: api.LiveKitAPI) -> dict[str, str]:
        """
        Return the identities of the callers by room.
        """
        rooms = (await server.room.list_rooms(api.ListRoomsRequest())).rooms
        called = {}
        for room in rooms:
            asked = api.ListParticipantsRequest(room=room.name)
            inside = (await server.room.list_participants(asked)).participants
            for one in inside:
                if one.kind == ParticipantInfo.Kind.SIP:
                    called[room.name] = one.identity
        return called

    async def _come(self, called: str, caller: str) -> None:
        await asyncio.sleep(_LATE_S.get(self.manner, 0))
        for number in range(1 + (self.manner == "two")):
            identity = caller if self.manner == "namesake" else f"agent-{number}"
            await self._enter(called, identity)

    async def _enter(self, called: str, identity: str) -> None:
        room = rtc.Room()
        self._rooms.append(room)
        if self.manner != "stays":
            room.on("participant_disconnected", lambda _: self._leave(room))
        # The caller's track may be there before ours.
        heard: asyncio.Future[rtc.Track] = asyncio.get_running_loop().create_future()
        room.once("track_subscribed", lambda track, *_: heard.set_result(track))
        await room.connect(self.url, self._token(called, identity))
        if self.manner == "leaves":
            await asyncio.sleep(_STAYS_S)
            await room.disconnect()
        elif self.manner not in {"silent", "forbidden"}:
            self._keep(self._speak(room, heard))
        if self.manner == "one-word":
            await asyncio.sleep(_WORD_S)
            await room.disconnect()

    def _leave(self, room: rtc.Room) -> None:
        self._keep(room.disconnect())

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    def _token(self, called: str, identity: str) -> str:
        name = "agent-room" if self.manner == "elsewhere" else called
        grants = api.VideoGrants(
            room_join=True,
            room=name,
            can_publish=self.manner != "forbidden",
            can_subscribe=self.manner != "deaf",
        )
        token = api.AccessToken(*self._key).with_identity(identity).with_grants(grants)
        return token.to_jwt()

    async def _speak(self, room: rtc.Room, heard: asyncio.Future[rtc.Track]) -> None:
        source = rtc.AudioSource(_RATE, 1, queue_size_ms=200)
        track = rtc.LocalAudioTrack.create_audio_track("voice", source)
        if self.manner == "muted":
            track.mute()
        await room.local_participant.publish_track(track)
        if self.manner == "echo":
            async for event in rtc.AudioStream(await heard, sample_rate=_RATE, num_channels=1):
                await source.capture_frame(event.frame)
        for start in itertools.count(step=_FRAME):
            pcm = array("h", map(round, rtp.tone(1000.0, _FRAME, rate=_RATE, start=start)))
            if self.manner == "zeros":
                pcm = array("h", bytes(2 * _FRAME))
            await source.capture_frame(rtc.AudioFrame(pcm.tobytes(), _RATE, 1, _FRAME))


if __name__ == "__main__":
    asyncio.run(_Agent(**json.loads(sys.stdin.readline())).work())
    os._exit(0)
