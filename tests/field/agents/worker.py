"""
A worker of livekit-agents whose agent plays a tone, and another once it hears the caller's.

It runs in an environment of its own (`environment.py`), started as users start theirs:
`python worker.py start`. livekit-agents reads LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET and
LIVEKIT_AGENT_NAME; AGENT_MANNER is ours.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
import os
from array import array

from livekit import rtc
from livekit.agents import AgentServer, JobContext, JobExecutorType, JobRequest, cli

_MANNER = os.environ["AGENT_MANNER"]
_RATE = 8000
_FRAME = 160
_GREETING_HZ = 1000
_ANSWER_HZ = 1300
_CALLER_HZ = 440
# Of full scale: a tenth of what the caller sends.
_HEARD = 0.03

# One process for the worker and its jobs: the machine is small. As many are kept ready as by
# default, because a job that is being started counts as `load_threshold / num_idle_processes`.
server = AgentServer(
    job_executor_type=JobExecutorType.THREAD,
    num_idle_processes=4,
    load_fnc=lambda: 1.0 if _MANNER == "full" else 0.0,
    load_threshold=0.7,
    host="127.0.0.1",
    port=0,
)


async def asked(request: JobRequest) -> None:
    """
    Accept the job, or reject it as an application does that knows of a reason.
    """
    if _MANNER == "rejects":
        await request.reject()
    else:
        await request.accept()


async def answer(context: JobContext) -> None:
    """
    Speak to the caller until it leaves.
    """
    if _MANNER == "crashes":
        raise RuntimeError("the agent crashes at its first line")
    heard = asyncio.Event()
    tasks = set[asyncio.Task[None]]()

    def listen(track: rtc.Track, *_: object) -> None:
        tasks.add(asyncio.create_task(_listen(track, heard)))

    context.room.on("track_subscribed", listen)
    await context.connect()
    # As `close_on_disconnect` of its sessions does.
    context.room.on("participant_disconnected", lambda _: context.shutdown("the caller has left"))
    source = rtc.AudioSource(_RATE, 1, queue_size_ms=200)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    await context.room.local_participant.publish_track(track)
    tasks.add(asyncio.create_task(_speak(source, heard)))

    async def fall_silent() -> None:
        for task in tasks:
            task.cancel()

    context.add_shutdown_callback(fall_silent)


async def _speak(source: rtc.AudioSource, heard: asyncio.Event) -> None:
    for start in itertools.count(step=_FRAME):
        turn = 2 * math.pi * (_ANSWER_HZ if heard.is_set() else _GREETING_HZ) / _RATE
        wave = (8000 * math.sin(turn * n) for n in range(start, start + _FRAME))
        pcm = array("h", map(round, wave))
        await source.capture_frame(rtc.AudioFrame(pcm.tobytes(), _RATE, 1, _FRAME))


async def _listen(track: rtc.Track, heard: asyncio.Event) -> None:
    async for event in rtc.AudioStream(track, sample_rate=_RATE, num_channels=1):
        if not heard.is_set() and _level(event.frame.data) > _HEARD:
            logging.getLogger("worker").info("the agent hears the caller")
            heard.set()


def _level(samples: memoryview) -> float:
    """
    Return the amplitude of the caller's tone, of a full scale of 1.
    """
    turn = 2 * math.pi * _CALLER_HZ / _RATE
    real = sum(sample * math.cos(turn * n) for n, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(turn * n) for n, sample in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples) / 2**15


server.rtc_session(answer, on_request=asked)

if __name__ == "__main__":
    cli.run_app(server)
