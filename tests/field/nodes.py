"""
Two livekit-server and two livekit-sip on one Redis, with a load balancer in front of livekit-sip.

Each pair writes one log, as `kubectl logs --selector` and `docker compose logs` show it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.binaries import SERVER, SIP, find
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.provisioners.local.stack import HTTP_PORT, SIP_PORT, write_private
from livekit_conformance.secrets.patterns import Redactor
from tests.field.balancer import balanced
from tests.scenarios.real_stack import Scene, scene

# Ports of the second nodes on the same address.
_SECOND_HTTP, _SECOND_SIP = HTTP_PORT + 10, SIP_PORT + 2

Changes = Mapping[str, Any]
NONE: Changes = {}
SICK_SIP: Changes = {"api_secret": "the-secret-of-another-deployment-1"}
# It offers no address for media, so that livekit-sip cannot join its rooms.
SICK_SERVER: Changes = {
    "rtc": {
        "node_ip": "127.0.0.1",
        "use_external_ip": False,
        "enable_loopback_candidate": True,
        "tcp_port": 0,
        "ips": {"includes": ["198.51.100.0/24"]},
    }
}


@asynccontextmanager
async def pairs(
    folder: Path, *, second_server: Changes = NONE, second_sip: Changes = NONE
) -> AsyncIterator[Scene]:
    """
    Run both pairs; the changes replace keys at the top of the second nodes' configurations.
    """
    async with scene(folder) as both:
        stack = both.stack
        address = stack.address
        server = yaml.safe_load(stack.server_config_file.read_text())
        sip = yaml.safe_load(stack.sip_config_file.read_text())
        server |= {"port": _SECOND_HTTP, **second_server}
        sip |= {"ws_url": f"ws://{address}:{_SECOND_HTTP}", "sip_port": _SECOND_SIP, **second_sip}
        for program, config, log, port in (
            (SERVER, server, stack.server.log, _SECOND_HTTP),
            (SIP, sip, stack.sip.log, _SECOND_SIP),
        ):
            path = stack.folder / f"{program.name}-2.yaml"
            write_private(path, config)
            command = (str(find(program, os.environ).path), "--config", str(path))
            second = Process(program.name, command, log, Recorder(Redactor()))
            await second.start(lambda port=port: _why_not(address, port))  # type: ignore[misc]
            both.beside.push_async_callback(second.stop)
        nodes = (address, SIP_PORT), (address, _SECOND_SIP)
        front = await both.beside.enter_async_context(balanced(nodes))
        server_of = {"server": ":".join(map(str, front))}
        both.profile = both.profile.model_copy(
            update={"sip": both.profile.sip.model_copy(update=server_of)}
        )
        yield both


async def _why_not(address: str, port: int) -> str | None:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError as error:
        return str(error)
    writer.close()
    return None
