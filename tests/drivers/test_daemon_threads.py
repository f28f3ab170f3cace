"""
A resolver that hangs delays neither a probe nor the end of the program.
"""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from fixtures import outages
from livekit_conformance.drivers.daemon_threads import resolve_in_daemon_threads
from livekit_conformance.environments.profile import Sip
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor

HANGS = """
import asyncio, socket, threading
from livekit_conformance.drivers.daemon_threads import resolve_in_daemon_threads

socket.getaddrinfo = lambda *_, **__: threading.Event().wait()

async def ask():
    resolve_in_daemon_threads()
    try:
        async with asyncio.timeout(0.05):
            await asyncio.open_connection("silent.test", 80)
    except TimeoutError:
        print("gave up")

asyncio.run(ask())
"""


def test_a_question_to_a_service_that_stopped_ends_while_the_resolver_hangs(monkeypatch):
    hangs = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hangs.wait())
    sip = Sip(server="silent.test:5060")
    run = SimpleNamespace(profile=SimpleNamespace(sip=sip), recorder=Recorder(Redactor()))
    asking = threading.Thread(target=lambda: asyncio.run(outages._ask("livekit-sip", run)))
    asking.start()
    try:
        asking.join(timeout=10)
        assert not asking.is_alive()
    finally:
        hangs.set()
        asking.join()


async def ask(host):
    resolve_in_daemon_threads()
    return await asyncio.get_running_loop().getaddrinfo(host, 80, type=socket.SOCK_STREAM)


def test_a_program_ends_while_its_resolver_still_hangs():
    done = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.stdout, done.returncode) == ("gave up\n", 0), done.stderr


def test_addresses_and_errors_are_those_of_the_resolver(monkeypatch):
    def refuse(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert asyncio.run(ask("127.0.0.1"))[0][4] == ("127.0.0.1", 80)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(socket.gaierror, match="not known"):
        asyncio.run(ask("nowhere.test"))


def test_a_resolver_without_files_is_no_fault_of_the_dns(monkeypatch):
    former = resource.getrlimit(resource.RLIMIT_NOFILE)

    def fail(*_, **__):
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, former[1]))
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
            asyncio.run(ask("fine.test"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, former)
