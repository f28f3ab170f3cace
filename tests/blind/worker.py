"""
An application that receives webhooks and starts an agent for each call, in its own process.

It reads one JSON line from standard input (`Manner` and the deployment), and writes one for each
thing that happens: an event received, a room joined, sound heard. It ends with that stream.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
import os
import socket
import sys
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from livekit import api, rtc
from livekit.protocol.models import ParticipantInfo

_LOUD = 300.0
_STARTS_WITHIN_S = 60
FIRST_TONE, TONE_STEP = 1000.0, 400.0


def _wrong(*, healthy: Any, **values: Any) -> Any:
    """
    Return a field whose other values are faults, each with a word for it.
    """
    return field(default=healthy, metadata={"wrong": values})


@dataclass(frozen=True, slots=True)
class Manner:
    """
    Behaviour of application and agent; each default is the healthy value.
    """

    # The application.
    runs: bool = _wrong(healthy=True, no=False)
    path: str = _wrong(healthy="/webhooks/livekit", other="/webhook", root="/")
    status: int = _wrong(
        healthy=0,
        **{f"status-{each}": each for each in (301, 400, 401, 403, 404, 415, 429, 500, 502, 503)},
    )
    answers_after_s: float = _wrong(healthy=0.0, slow=2.0, slower=6.0, never=300.0)
    hangs_up: bool = _wrong(healthy=False, yes=True)
    other_secret: bool = _wrong(healthy=False, yes=True)
    wants_bearer: bool = _wrong(healthy=False, yes=True)
    hashes_again: bool = _wrong(healthy=False, yes=True)
    starts_on: str = _wrong(healthy="participant_joined", nothing="", other="room_finished")
    clock_s: int = _wrong(healthy=0, behind=-600, ahead=600, hour_behind=-3600, hour_ahead=3600)
    # Its agent.
    agents: int = _wrong(healthy=1, none=0, two=2)
    comes_after_s: float = _wrong(healthy=0.0, late=4.0, later=9.0, much_later=30.0)
    leaves_after_s: float = _wrong(healthy=0.0, at_once=0.3, soon=1.5)
    room_suffix: str = _wrong(healthy="", elsewhere="-other")
    may_join: bool = _wrong(healthy=True, no=False)
    may_publish: bool = _wrong(healthy=True, no=False)
    may_subscribe: bool = _wrong(healthy=True, no=False)
    publishes: bool = _wrong(healthy=True, no=False)
    is_muted: bool = _wrong(healthy=False, yes=True)
    level: float = _wrong(healthy=0.3, zeros=0.0, whisper=0.001)
    speaks_after_s: float = _wrong(healthy=0.0, late=3.0)
    stops_after_s: float = _wrong(healthy=0.0, soon=1.0)
    subscribes: bool = _wrong(healthy=True, no=False)
    stays: bool = _wrong(healthy=False, yes=True)
    echoes: bool = _wrong(healthy=False, yes=True)
    takes_identity: bool = _wrong(healthy=False, of_the_caller=True)
    crashes: bool = _wrong(healthy=False, at_its_first_call=True)
    # Harmless ways to be.
    rate: int = 8000
    name: str = ""
    metadata: str = ""
    silent_for_s: float = 0.0
    waits_for_the_caller: bool = False
    observers: int = 0


class Happened(list[dict[str, Any]]):
    """
    Report of an application so far.
    """

    def rooms(self) -> set[str]:
        """
        Return the rooms that its agents have joined.
        """
        return {one["room"] for one in self if one["what"] == "joined"}

    def repeated(self) -> bool:
        """
        Return whether an event came to the application more than once.
        """
        ids = [one["id"] for one in self if one["what"] == "event"]
        return len(ids) > len(set(ids))

    def heard(self, room: str) -> bool:
        """
        Return whether an agent heard sound in a room.
        """
        return any(one["what"] == "heard" and one["room"] == room for one in self)


@dataclass(frozen=True, slots=True)
class Place:
    """
    The deployment as its application knows it.
    """

    url: str
    key: str
    secret: str


@asynccontextmanager
async def running(
    manner: Manner, place: Place, listener: socket.socket, environ: dict[str, str]
) -> AsyncIterator[Happened]:
    """
    Run the application on a listening socket, which it takes over; yield what happens to it.
    """
    happened = Happened()
    if not manner.runs:
        listener.close()
        yield happened
        return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(listener.fileno())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=[listener.fileno()],
        env={**os.environ, **environ},
    )
    # The socket must die with the application.
    listener.close()
    assert process.stdin is not None
    assert process.stdout is not None
    output = process.stdout
    told = {"manner": dataclasses.asdict(manner), "place": dataclasses.asdict(place)}
    process.stdin.write(json.dumps(told).encode() + b"\n")

    async def collect() -> None:
        async for line in output:
            happened.append(json.loads(line))

    try:
        async with asyncio.timeout(_STARTS_WITHIN_S):
            assert await output.readline() == b"ready\n", "the application did not start"
        collecting = asyncio.create_task(collect())
        yield happened
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    await collecting


class _Application:
    def __init__(self, manner: Manner, place: Place) -> None:
        self.manner, self.place = manner, place
        secret = f"{place.secret}-of-another" if manner.other_secret else place.secret
        self._receiver = api.WebhookReceiver(api.TokenVerifier(place.key, secret))
        self._tasks: set[asyncio.Task[None]] = set()
        self._rooms: dict[str, list[rtc.Room]] = {}
        # Rooms in which an agent heard somebody.
        self._heard: set[str] = set()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        manner = self.manner
        body = (await request.read()).decode()
        if manner.hangs_up:
            assert request.transport is not None
            request.transport.close()
        await asyncio.sleep(manner.answers_after_s)
        if manner.status:
            return web.Response(status=manner.status)
        token = request.headers.get("Authorization", "")
        if manner.wants_bearer:
            scheme, _, token = token.partition(" ")
            if scheme != "Bearer":
                return web.Response(status=401)
        if manner.hashes_again:
            body = json.dumps(json.loads(body), separators=(",", ":"))
        try:
            event = self._receiver.receive(body, token)
        except Exception:  # noqa: BLE001 - as an application does: whatever it is, it is refused
            return web.Response(status=401)
        _say("event", id=event.id, name=event.event, room=event.room.name)
        is_caller = event.participant.kind == ParticipantInfo.Kind.SIP
        if event.event == manner.starts_on and (is_caller or event.event != "participant_joined"):
            if manner.crashes:
                os._exit(1)
            self._send_for_all(event.room.name, event.participant.identity)
        return web.Response()

    def _send_for_all(self, room: str, caller: str) -> None:
        for number in range(self.manner.agents):
            self._do(self._come(room, caller, number))
        for number in range(self.manner.observers):
            self._do(self._observe(room, number))

    def _do(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _come(self, called: str, caller: str, number: int) -> None:
        manner = self.manner
        await asyncio.sleep(manner.comes_after_s)
        name = called + manner.room_suffix
        identity = caller if manner.takes_identity else f"agent-{number}"
        room = rtc.Room()
        self._rooms.setdefault(name, []).append(room)
        room.on("track_subscribed", lambda track, *_: self._do(self._hear(name, track)))
        heard = _first_track(room)
        if not manner.stays:
            room.on("participant_disconnected", lambda _: self._do(room.disconnect()))
        token = self._token(name, identity)
        options = rtc.RoomOptions(auto_subscribe=manner.subscribes)
        await room.connect(self.place.url, token, options)
        _say("joined", room=name)
        if manner.leaves_after_s:
            self._do(self._leave(room))
        if manner.publishes:
            await asyncio.sleep(manner.speaks_after_s)
            await self._speak(room, name, heard, FIRST_TONE + number * TONE_STEP)

    async def _observe(self, name: str, number: int) -> None:
        """
        Join a room like a supervisor that listens, and leave it with the caller.
        """
        room = rtc.Room()
        self._rooms.setdefault(name, []).append(room)
        room.on("participant_disconnected", lambda _: self._do(room.disconnect()))
        await room.connect(self.place.url, self._token(name, f"observer-{number}"))

    async def _leave(self, room: rtc.Room) -> None:
        await asyncio.sleep(self.manner.leaves_after_s)
        await room.disconnect()

    def _token(self, room: str, identity: str) -> str:
        manner = self.manner
        grants = api.VideoGrants(
            room_join=manner.may_join,
            room=room,
            can_publish=manner.may_publish,
            can_subscribe=manner.may_subscribe,
        )
        token = api.AccessToken(self.place.key, self.place.secret).with_identity(identity)
        return (
            token.with_name(manner.name).with_metadata(manner.metadata).with_grants(grants).to_jwt()
        )

    async def _hear(self, room: str, track: rtc.Track) -> None:
        if track.kind != rtc.TrackKind.KIND_AUDIO:
            return
        loud = 0
        stream = rtc.AudioStream(track, sample_rate=8000, num_channels=1)
        async for event in stream:
            samples = event.frame.data
            power = sum(one * one for one in samples) / max(1, len(samples))
            loud += math.sqrt(power) > _LOUD
            if loud == 25:
                self._heard.add(room)
                _say("heard", room=room)

    async def _speak(
        self, room: rtc.Room, name: str, heard: asyncio.Future[rtc.Track], hertz: float
    ) -> None:
        rate = self.manner.rate
        frame = rate // 50
        source = rtc.AudioSource(rate, 1, queue_size_ms=200)
        track = rtc.LocalAudioTrack.create_audio_track("voice", source)
        if self.manner.is_muted:
            track.mute()
        await room.local_participant.publish_track(track)
        if self.manner.echoes:
            await _repeat(await heard, source)
        # The frequency is a whole number, so a second of it can be repeated for ever.
        step = 2 * math.pi * hertz / rate
        level = 32767 * self.manner.level
        second = array("h", (round(level * math.sin(step * one)) for one in range(rate)))
        silence = bytes(2 * frame)
        stops, sent = self.manner.stops_after_s, 0
        # In a room that is over, frames would be taken at once.
        while room.isconnected() and (not stops or sent * 0.02 < stops):
            start = sent * frame % rate
            is_silent = sent * 0.02 < self.manner.silent_for_s or (
                self.manner.waits_for_the_caller and name not in self._heard
            )
            pcm = silence if is_silent else second[start : start + frame].tobytes()
            await source.capture_frame(rtc.AudioFrame(pcm, rate, 1, frame))
            sent += 1


def _first_track(room: rtc.Room) -> asyncio.Future[rtc.Track]:
    """
    Return the first track that the room will give; ask before the room is joined.
    """
    first: asyncio.Future[rtc.Track] = asyncio.get_running_loop().create_future()
    room.once("track_subscribed", lambda track, *_: first.set_result(track))
    return first


async def _repeat(heard: rtc.Track, source: rtc.AudioSource) -> None:
    async for event in rtc.AudioStream(heard, sample_rate=source.sample_rate, num_channels=1):
        await source.capture_frame(event.frame)


def _say(what: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"what": what, **fields}) + "\n")
    sys.stdout.flush()


async def _work(listener: socket.socket, manner: Manner, place: Place) -> None:
    application = web.Application()
    application.router.add_post(manner.path, _Application(manner, place).receive)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)


def _main() -> None:
    told = json.loads(sys.stdin.readline())
    listener = socket.socket(fileno=int(sys.argv[1]))
    asyncio.run(_work(listener, Manner(**told["manner"]), Place(**told["place"])))


if __name__ == "__main__":
    _main()
    os._exit(0)
