"""
The agent stand-in: a participant that joins the room of a call, speaks a tone and listens.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from array import array
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from livekit import api, rtc

from livekit_conformance.observations import Recorder
from livekit_conformance.protocol import rtp

SAMPLE_RATE = 8000
_FRAME_S = 0.02
_CONNECT_WITHIN_S = 5.0
# Little is queued, so that the tone ends when the agent does.
_QUEUE_MS = 200


class AgentStandIn:
    """
    One participant in one room. Use it as an asynchronous context manager: it joins and speaks.

    Raises what the SDK raises (rtc.ConnectError) or TimeoutError when it cannot join.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str,
        api_secret: str,
        room: str,
        tone_hz: float,
        recorder: Recorder,
    ) -> None:
        self.heard = array("h")
        self._url = url
        self._room_name = room
        self._recorder = recorder
        self._token = (
            api.AccessToken(api_key, api_secret)
            .with_identity("conformance-agent")
            .with_grants(api.VideoGrants(room_join=True, room=room))
            .to_jwt()
        )
        self._tone_hz = tone_hz
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        started = time.perf_counter()
        self._room = rtc.Room()
        self._room.on("track_subscribed", self._on_track)
        try:
            async with asyncio.timeout(_CONNECT_WITHIN_S):
                await self._room.connect(self._url, self._token)
                self._source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=_QUEUE_MS)
                track = rtc.LocalAudioTrack.create_audio_track("tone", self._source)
                await self._room.local_participant.publish_track(
                    track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
                )
        except BaseException:
            await self._room.disconnect()
            raise
        self._start(self._speak())
        self._recorder.record(
            time.time(),
            "agent",
            f"agent joined {self._room_name} and speaks "
            f"({time.perf_counter() - started:.2f} s after it was asked)",
            room=self._room_name,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._room.disconnect()
        await self._source.aclose()
        self._recorder.record(time.time(), "agent", f"agent left {self._room_name}")

    def _on_track(
        self,
        track: rtc.Track,
        _publication: rtc.RemoteTrackPublication,
        _participant: rtc.RemoteParticipant,
    ) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._start(self._listen(track))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _speak(self) -> None:
        count = int(SAMPLE_RATE * _FRAME_S)
        for start in itertools.count(step=count):
            samples = rtp.tone(self._tone_hz, count, rate=SAMPLE_RATE, start=start)
            pcm = array("h", map(round, samples))
            # capture_frame waits while its queue is full, which paces this loop.
            await self._source.capture_frame(rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, count))

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=SAMPLE_RATE, num_channels=1)
        try:
            async for event in stream:
                self.heard.frombytes(bytes(event.frame.data))
        finally:
            await stream.aclose()
