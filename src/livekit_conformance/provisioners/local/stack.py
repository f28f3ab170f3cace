"""
The whole stack: Redis, livekit-server and livekit-sip, configured for one loopback address.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.binaries import REDIS, SERVER, SIP, FoundProgram, find
from livekit_conformance.provisioners.local.process import Process

HTTP_PORT = 7880
SIP_PORT = 5060
# Port of the suite for calls that livekit-sip places.
OUTBOUND_PORT = 5070
REDIS_PORT = 6379
WEBHOOK_PATH = "/webhooks/livekit"
_PORTS = {"redis-server": REDIS_PORT, "livekit-server": HTTP_PORT, "livekit-sip": SIP_PORT}

# The room of a call ends this long after its last participant left; 20 s is LiveKit's default.
DEPARTURE_TIMEOUT_S = 1


@dataclass(frozen=True, slots=True)
class KeyPair:
    """
    API key and its secret, made for one stack.
    """

    key: str = field(default_factory=lambda: f"API{secrets.token_hex(6)}")
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


Overrides = Mapping[str, Any]


@dataclass(slots=True)
class Stack:
    """
    Running stack: its address, its keys, and its processes.

    `webhook_listener` already listens on the address that livekit-server delivers webhooks to.
    """

    address: str
    keys: KeyPair
    folder: Path
    webhook_listener: socket.socket
    redis: Process
    server: Process
    sip: Process
    versions: Mapping[str, str]

    @property
    def server_config_file(self) -> Path:
        """
        Configuration file of livekit-server.
        """
        return self.folder / "livekit.yaml"

    @property
    def sip_config_file(self) -> Path:
        """
        Configuration file of livekit-sip.
        """
        return self.folder / "livekit-sip.yaml"

    async def start(self, process: Process) -> None:
        """
        Start one of the processes and return when it listens; raises Blocked when it does not.
        """
        await process.start(_accepts(self.address, _PORTS[process.name]))

    @property
    def url(self) -> str:
        """
        URL of livekit-server for clients.
        """
        return f"ws://{self.address}:{HTTP_PORT}"

    @property
    def webhook_url(self) -> str:
        """
        URL that livekit-server delivers webhooks to.
        """
        host, port = self.webhook_listener.getsockname()
        return f"http://{host}:{port}{WEBHOOK_PATH}"

    @property
    def redis_url(self) -> str:
        """
        URL of the bus.
        """
        return f"redis://{self.address}:{REDIS_PORT}"


def server_config(address: str, keys: KeyPair, webhook_url: str) -> dict[str, Any]:
    """
    Return livekit-server's configuration on a loopback address; media stays on 127.0.0.1.
    """
    return {
        "port": HTTP_PORT,
        "bind_addresses": [address],
        "redis": {"address": f"{address}:{REDIS_PORT}"},
        "keys": {keys.key: keys.secret},
        "rtc": {
            "node_ip": "127.0.0.1",
            "use_external_ip": False,
            "enable_loopback_candidate": True,
            # Off: the ICE/TCP listener would bind all addresses and collide with another stack.
            "tcp_port": 0,
        },
        "room": {"departure_timeout": DEPARTURE_TIMEOUT_S},
        "webhook": {"api_key": keys.key, "urls": [webhook_url]},
        "logging": {"json": True, "level": "info"},
    }


def sip_config(address: str, keys: KeyPair) -> dict[str, Any]:
    """
    Return livekit-sip's configuration on the same address.
    """
    return {
        "api_key": keys.key,
        "api_secret": keys.secret,
        "ws_url": f"ws://{address}:{HTTP_PORT}",
        "redis": {"address": f"{address}:{REDIS_PORT}"},
        "sip_port": SIP_PORT,
        "listen_ip": address,
        "nat_1_to_1_ip": address,
        "use_external_ip": False,
        # Above it outbound calls get 503 "cpu exhausted"; here the tests themselves load the CPU.
        "max_cpu_utilization": 1.0,
        "logging": {"json": True, "level": "info"},
    }


@asynccontextmanager
async def running_stack(
    folder: Path,
    recorder: Recorder,
    *,
    environ: Mapping[str, str] = os.environ,
    server_overrides: Overrides | None = None,
    sip_overrides: Overrides | None = None,
) -> AsyncIterator[Stack]:
    """
    Start the three services and stop them on exit; logs and configurations go to `folder`.

    The overrides replace top-level keys of a service's configuration, which sets up faults.
    Raises Blocked for a missing program or a service that does not start.
    """
    programs = {program.name: find(program, environ) for program in (REDIS, SERVER, SIP)}
    keys = KeyPair()
    recorder.redact = recorder.redact.with_secrets([keys.secret])
    async with AsyncExitStack() as cleanup:
        address = cleanup.enter_context(own_loopback_address())
        webhooks = cleanup.enter_context(socket.create_server((address, 0)))
        stack = _assemble(address, keys, folder, webhooks, programs, recorder)
        write_private(
            stack.server_config_file,
            server_config(address, keys, stack.webhook_url) | dict(server_overrides or {}),
        )
        write_private(stack.sip_config_file, sip_config(address, keys) | dict(sip_overrides or {}))
        for process in (stack.redis, stack.server, stack.sip):
            await stack.start(process)
            cleanup.push_async_callback(process.stop)
        yield stack


def _assemble(
    address: str,
    keys: KeyPair,
    folder: Path,
    webhooks: socket.socket,
    programs: Mapping[str, FoundProgram],
    recorder: Recorder,
) -> Stack:
    def process(name: str, *arguments: str) -> Process:
        command = (str(programs[name].path), *arguments)
        return Process(name, command, folder / f"{name}.log", recorder)

    return Stack(
        address=address,
        keys=keys,
        folder=folder,
        webhook_listener=webhooks,
        redis=process(
            "redis-server",
            *("--bind", address, "--port", str(REDIS_PORT), "--save", "", "--appendonly", "no"),
            *("--dir", str(folder)),
        ),
        server=process("livekit-server", "--config", str(folder / "livekit.yaml")),
        sip=process("livekit-sip", "--config", str(folder / "livekit-sip.yaml")),
        versions={
            name.replace("-", "_"): found.version
            for name, found in programs.items()
            if found.version is not None
        },
    )


def write_private(path: Path, content: dict[str, Any]) -> None:
    """
    Write a configuration that nobody else may read.
    """
    path.parent.mkdir(exist_ok=True)
    # The file holds the secret, so its mode must be right when it is created.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(content, file, sort_keys=False)


def _accepts(address: str, port: int) -> Callable[[], Awaitable[str | None]]:
    async def why_not_ready() -> str | None:
        try:
            _, writer = await asyncio.open_connection(address, port)
        except OSError as error:
            return f"{address}:{port} does not accept connections ({error.strerror or error})"
        writer.close()
        await writer.wait_closed()
        return None

    return why_not_ready
