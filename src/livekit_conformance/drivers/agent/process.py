"""
Process of the agent stand-in: LiveKit participants that play one tone and measure another.

It reads commands as JSON lines from standard input and writes answers as JSON lines to standard
output. Answers carry the `id` of their command and come in the order of completion:
`{"id", "join": room, "url", "token", "tone_hz"}` -> `{"id", "joined": seconds}`,
`{"id", "report": room, "tone_hz"}` -> `{"id", "samples", "level"}`, `{"id", "leave": room}` ->
`{"id", "left": room}`, or `{"id", "failed": "why"}`. At the end of its input it leaves all rooms
and exits, so it does not outlive the process that started it.

Only this process imports the rtc SDK, because its native threads can abort a process at exit
(seen once in sixty runs): a verdict must not depend on that.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from array import array
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from livekit import rtc

from livekit_conformance.protocol import rtp

_RATE = 8000
_FRAME = 160  # samples, 20 ms
# A short queue, so that the tone ends when the agent does.
_QUEUE_MS = 200
_ALONE_WITHIN_S = 1.0


class Participant:
    """
    One participant in one room.
    """

    def __init__(self) -> None:
        self.heard = array("h")
        self.keys = ""
        self._room = rtc.Room()
        self._room.on("track_subscribed", self._on_track)
        self._room.on("sip_dtmf_received", self._on_key)
        self._room.on("participant_connected", self._on_company)
        self._room.on("participant_disconnected", self._on_company)
        self._alone = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, url: str, token: str, tone_hz: float) -> None:
        """
        Join and start to play the tone; raises the errors of the SDK, such as rtc.ConnectError.
        """
        await self._room.connect(url, token)
        self._on_company()
        source = rtc.AudioSource(_RATE, 1, queue_size_ms=_QUEUE_MS)
        track = rtc.LocalAudioTrack.create_audio_track("tone", source)
        await self._room.local_participant.publish_track(
            track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        )
        self._start(self._speak(source, tone_hz))

    async def leave(self) -> None:
        """
        Leave the room explicitly, so that the server need not notice the loss by itself.

        Wait up to 1 s for the others to leave first: closing a connection on which the server is
        still sending resets it, and the server then misses our leave request. It would keep the
        agent in the room for 16 s (seen where calls end as soon as they are answered).
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_ALONE_WITHIN_S):
                await self._alone.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._room.disconnect()

    def _on_company(self, _who: rtc.RemoteParticipant | None = None) -> None:
        if self._room.remote_participants:
            self._alone.clear()
        else:
            self._alone.set()

    def _on_track(
        self,
        track: rtc.Track,
        _publication: rtc.RemoteTrackPublication,
        _participant: rtc.RemoteParticipant,
    ) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._start(self._listen(track))

    def _on_key(self, key: rtc.SipDTMF) -> None:
        self.keys += key.digit

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _speak(self, source: rtc.AudioSource, tone_hz: float) -> None:
        for start in itertools.count(step=_FRAME):
            samples = rtp.tone(tone_hz, _FRAME, rate=_RATE, start=start)
            pcm = array("h", map(round, samples))
            # capture_frame waits while its queue is full, which paces this loop.
            await source.capture_frame(rtc.AudioFrame(pcm.tobytes(), _RATE, 1, _FRAME))

    async def _listen(self, track: rtc.Track) -> None:
        async for event in rtc.AudioStream(track, sample_rate=_RATE, num_channels=1):
            self.heard.frombytes(bytes(event.frame.data))


class Cast:
    """
    Participants of all rooms, one per room.
    """

    def __init__(self) -> None:
        self._participants: dict[str, Participant] = {}

    async def obey(self, command: dict[str, Any]) -> None:
        """
        Execute one command and write its answer, whatever happens.
        """
        try:
            answer = await self._done(command)
        except Exception as error:  # noqa: BLE001 - any error goes into the answer
            answer = {"failed": f"{type(error).__name__}: {error}"}
        _send({"id": command.get("id"), **answer})

    async def leave(self) -> None:
        """
        Leave all rooms.
        """
        await asyncio.gather(*(participant.leave() for participant in self._participants.values()))

    async def _done(self, command: dict[str, Any]) -> dict[str, Any]:
        match command:
            case {"join": room, "url": url, "token": token, "tone_hz": tone_hz}:
                started = time.perf_counter()
                participant = self._participants[room] = Participant()
                await participant.join(url, token, tone_hz)
                return {"joined": time.perf_counter() - started}
            case {"report": room, "tone_hz": tone_hz}:
                heard = self._participants[room].heard
                return {"samples": len(heard), "level": rtp.level(heard, tone_hz)}
            case {"keys": room}:
                return {"keys": self._participants[room].keys}
            case {"leave": room}:
                await self._participants.pop(room).leave()
                return {"left": room}
            case other:
                return {"failed": f"not a command: {other}"}


async def main() -> None:
    """
    Execute the commands from standard input until it ends, each in a task of its own.
    """
    commands = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    cast = Cast()
    _send({"ready": True})
    async with asyncio.TaskGroup() as work:
        async for line in commands:
            work.create_task(cast.obey(json.loads(line)))
    await cast.leave()


def _send(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
    # Not sys.exit(): native threads of the SDK can abort it, see the docstring of the module.
    os._exit(0)
