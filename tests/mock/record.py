"""
Record the answers of the real services for the tests of the mock: `python -m tests.mock.record`.

Needs redis-server on PATH, the two services (--server, --sip) and the livekit rtc SDK. Everything
listens on loopback. Recordings are never edited by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from livekit import rtc

from tests.mock import calls, replay

RECORDINGS = Path(__file__).parent / "recordings"
VERSIONS = {"livekit-server": "1.13.5", "livekit-sip": "1.8.0"}
_SERVER_YAML = """
port: {http}
bind_addresses: ["127.0.0.1"]
rtc:
  tcp_port: {rtc}
  udp_port: {rtc}
  node_ip: 127.0.0.1
  use_external_ip: false
  enable_loopback_candidate: true
redis: {{address: "127.0.0.1:{redis}"}}
keys: {{{key}: {secret}}}
room: {{departure_timeout: 1}}
webhook: {{api_key: {key}, urls: ["{hook}"]}}
logging: {{json: true}}
"""

_SIP_YAML = """
redis: {{address: "127.0.0.1:{redis}"}}
api_key: {key}
api_secret: {sip_secret}
ws_url: ws://127.0.0.1:{http}
sip_port: {sip}
rtp_port: 52000-52099
nat_1_to_1_ip: 127.0.0.1
listen_ip: 127.0.0.1
use_external_ip: false
logging: {{json: true}}
"""


@asynccontextmanager
async def program(log: Path, *command: str, port: int | None) -> AsyncIterator[None]:
    """
    Run a program inside the context, and kill it at the end.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
    try:
        async with asyncio.timeout(10):
            while port and not await _listens(port):
                if process.returncode is not None:
                    raise RuntimeError(f"{command[0]} ended, see {log}")
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def stack(
    options: argparse.Namespace, directory: Path, *, hook: str, secret: str = replay.API_SECRET
) -> AsyncIterator[tuple[replay.Target, Any]]:
    """
    Run the three services; yield them with a function that stops livekit-server early.
    """
    http, sip_port, rtc_port, redis_port = _free_ports(4)
    values = {
        "hook": hook,
        "http": http,
        "sip": sip_port,
        "rtc": rtc_port,
        "redis": redis_port,
        "key": replay.API_KEY,
        "secret": replay.API_SECRET,
        "sip_secret": secret,
    }
    (directory / "server.yaml").write_text(_SERVER_YAML.format(**values))
    (directory / "sip.yaml").write_text(_SIP_YAML.format(**values))
    target = replay.Target(
        f"http://127.0.0.1:{http}",
        ("127.0.0.1", sip_port),
        directory / "server.log",
        directory / "sip.log",
    )
    redis = ("redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", "")
    server = (options.server, "--config", str(directory / "server.yaml"))
    sip = (options.sip, "--config", str(directory / "sip.yaml"))
    async with program(directory / "redis.log", *redis, port=redis_port):
        running = program(target.server_log, *server, port=http)
        await running.__aenter__()
        stopped = False

        async def stop_server() -> None:
            nonlocal stopped
            if not stopped:
                stopped = True
                await running.__aexit__(None, None, None)

        try:
            async with program(target.sip_log, *sip, port=sip_port):
                yield target, stop_server
        finally:
            await stop_server()


async def agent(target: replay.Target) -> None:
    """
    Join every room that livekit-sip logs and play audio there, until cancelled.
    """
    start = target.sip_log.stat().st_size
    joined: dict[str, rtc.Room] = {}
    while True:
        for line in replay.read_log(target.sip_log, start):
            if line["msg"] == "Waiting for track subscription(s)" and line["room"] not in joined:
                joined[line["room"]] = await _speak(target, line["room"])
        await asyncio.sleep(0.02)


async def _speak(target: replay.Target, name: str) -> rtc.Room:
    room = rtc.Room()
    grants = {"video": {"roomJoin": True, "room": name}, "kind": "agent"}
    bearer = replay.make_token(grants=grants, subject="agent")
    await room.connect(target.url.replace("http", "ws"), bearer)
    source = rtc.AudioSource(48000, 1)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    await room.local_participant.publish_track(track)
    await source.capture_frame(rtc.AudioFrame.create(48000, 1, 480))
    return room


async def record(options: argparse.Namespace) -> None:
    """
    Record everything anew.
    """
    played: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        async with replay.receiving() as (hook, events):
            async with stack(options, directory, hook=hook) as (target, _):
                save("http", await replay.ask_all(target, settle=0.1))
                await replay.provide_sip(target.url, rule=False)
                played |= await calls.call_all(target, calls.WITHOUT_RULE, settle=0.2)
            async with stack(options, directory, hook=hook) as (target, stop_server):
                await replay.provide_sip(target.url)
                answered, *others = calls.HEALTHY
                speaking = asyncio.create_task(agent(target))
                events.clear()
                played |= await calls.call_all(target, [answered], settle=0.3)
                async with asyncio.timeout(10):
                    await replay.until_finished(events)
                save("webhooks", {"answered": replay.told(events)})
                speaking.cancel()
                played |= await calls.call_all(target, others, settle=0.3)
                await stop_server()
                played |= await calls.call_all(target, calls.WITHOUT_SERVER, settle=0.2)
            async with stack(options, directory, hook=hook, secret="x" * 36) as (target, _):
                await replay.provide_sip(target.url)
                played |= await calls.call_all(target, calls.WITH_WRONG_SECRET, settle=0.3)
    save("calls", played)


def save(name: str, answers: dict[str, Any]) -> None:
    """
    Write one recording with its date and versions.
    """
    today = dt.datetime.now(dt.UTC).date().isoformat()
    content = {"recorded": today, "versions": VERSIONS, "answers": answers}
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    (RECORDINGS / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default="livekit-server")
    parser.add_argument("--sip", default="livekit-sip")
    asyncio.run(record(parser.parse_args()))
