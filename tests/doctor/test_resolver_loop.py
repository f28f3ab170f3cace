"""
A resolver that hangs delays neither a probe nor the end of the program.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time

import pytest

from livekit_conformance.doctor.resolver_loop import Loop

HANGS = """
import asyncio, socket, threading
from livekit_conformance.doctor.resolver_loop import Loop

socket.getaddrinfo = lambda *_, **__: threading.Event().wait()

async def ask():
    try:
        async with asyncio.timeout(0.05):
            await asyncio.open_connection("silent.test", 80)
    except TimeoutError:
        print("gave up")

with asyncio.Runner(loop_factory=Loop) as runner:
    runner.run(ask())
"""


def test_a_program_ends_while_its_resolver_still_hangs():
    began = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.stdout, done.returncode) == ("gave up\n", 0), done.stderr
    assert time.monotonic() - began < 10


def test_addresses_and_errors_are_those_of_the_resolver(monkeypatch):
    async def ask(host):
        return await asyncio.get_running_loop().getaddrinfo(host, 80, type=socket.SOCK_STREAM)

    def refuse(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with asyncio.Runner(loop_factory=Loop) as runner:
        assert runner.run(ask("127.0.0.1"))[0][4] == ("127.0.0.1", 80)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        with pytest.raises(socket.gaierror, match="not known"):
            runner.run(ask("nowhere.test"))
