"""
The output of `config fix` has the intended effect on the real services.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.stack import running_stack
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until

_WITHIN_S = 20.0


async def fixed(file: Path, *options: str) -> tuple[int | None, str]:
    """
    Run the command as a user does; return its status and its output.
    """
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "livekit_conformance.cli",
            "config",
            "fix",
            str(file),
            *options,
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(process.communicate(), _WITHIN_S)
    return process.returncode, told.decode()


def broken(text: str) -> str:
    """
    Return a livekit.yaml with common errors; livekit-server refuses each of these lines.
    """
    return (
        "# written by hand\n"
        + text.replace("departure_timeout: 1\n", "departure_timeout: 1s # one\n")
        .replace("port: 7880\n", "prot: '7880'\n")
        .replace("webhook:\n", "webhooks:\n  timeout: 5s\n")
        + "connection_timeout: 30s\n"
        + "reconnect:\n  attempts: 10\n  delay: 1s\n"
        + "health_check: true # please"
    )


@pytest.mark.usefixtures("real_services")
async def test_livekit_server_takes_a_file_that_it_refused_before(tmp_path):
    async with running_stack(tmp_path, Recorder(Redactor())) as stack:
        file = stack.server_config_file
        await stack.server.stop()
        good = file.read_text()
        file.write_text(broken(good))
        with pytest.raises(Blocked) as refusal:
            await stack.start(stack.server)
        status, told = await fixed(file)

        await stack.start(stack.server)

    assert "could not parse config" in refusal.value.remedy
    assert status == 0, told
    assert stack.keys.secret not in told
    # The result equals the good file, except for the comments.
    assert file.read_text() == "# written by hand\n" + good.replace(
        "departure_timeout: 1\n", "departure_timeout: 1 # one\n"
    ).removesuffix("\n")


@pytest.mark.usefixtures("real_services")
async def test_livekit_sip_answers_on_the_health_port_that_was_wished_for(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with running_stack(tmp_path, Recorder(Redactor())) as stack:
        file = stack.sip_config_file
        await stack.sip.stop()
        with file.open("a") as end:
            end.write(f"health_check: {port}\n")
        await stack.start(stack.sip)
        ignored = await health(port)
        await stack.sip.stop()
        status, told = await fixed(file)
        await stack.start(stack.sip)

        async def why_not_healthy() -> str | None:
            answer = await health(port)
            return None if answer == "200 OK" else answer

        waited = await wait_until(why_not_healthy, within=_WITHIN_S)

    assert status == 0, told
    assert ignored == "refused"
    assert waited.came_true, waited


async def health(port: int) -> str:
    """
    Return the status and body of GET / at the port, or "refused".
    """
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/") as answer,
        ):
            return f"{answer.status} {(await answer.text()).strip()}"
    except aiohttp.ClientConnectorError:
        return "refused"
