"""
Run pytest hundreds of times but import its modules once: a server that forks for each run.

Each fork is a separate process and begins where `python -m pytest` begins. A quarter of the
CPU time of a short run would otherwise go into imports.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import livekit_conformance
from livekit_conformance.config_doctor.services import SERVER, SIP
from livekit_conformance.reporting.page import rendering

# Plugins are imported before pytest could rewrite their assertions; no check needs that.
_NOT_REWRITTEN = "-Wignore:Module already imported:pytest.PytestAssertRewriteWarning"
_HEAVY = (
    *("aiohttp.web", "allure_commons.types", "httpx", "jinja2", "livekit.api", "pydantic"),
    *("hypothesis", "redis.asyncio", "stamina", "yaml"),
)
# A run that changes one of these is not forked, because they take effect at start: the dynamic
# loader reads the first, and aiohttp loads the authorities of the second when it is imported.
READ_AT_START = frozenset({"LD_PRELOAD", "SSL_CERT_FILE"})
_LONGEST_REQUEST = 2**18
_ENDS_WITHIN_S = 5


class ForkedRun:
    """
    One run of pytest, with the part of asyncio.subprocess.Process that our tests need.
    """

    def __init__(self, pid: int, output: Pipe, state: Pipe) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._output = output
        self._state = state

    async def communicate(self) -> tuple[bytes, None]:
        """
        Return the full output of the run when it has ended; kill the run when this is cancelled.
        """
        try:
            output = await self._output.reader.read()
            # Not up to the end of the pipe: a fork that began later has it open too.
            self.returncode = int(await self._state.reader.readline())
        finally:
            if self.returncode is None:
                os.kill(self.pid, signal.SIGKILL)
            self._output.close()
            self._state.close()
        return output, None


@dataclass(frozen=True)
class Pipe:
    """
    The read end of a pipe.
    """

    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport

    @classmethod
    async def of(cls, descriptor: int) -> Pipe:
        """
        Read from `descriptor`, which is closed with the pipe.
        """
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
        )
        return cls(reader, transport)

    def close(self) -> None:
        """
        Close the pipe; unread data is lost.
        """
        self.transport.close()


async def start_pytest(arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> ForkedRun:
    """
    Start `python -m pytest ARGUMENTS` in `cwd` with the environment `env`.

    Variables that are read during imports must have the same values as in this process.
    """
    output, output_end = os.pipe()
    state, state_end = os.pipe()
    request = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
    try:
        socket.send_fds(_server(), [json.dumps(request).encode()], [output_end, state_end])
    finally:
        os.close(output_end)
        os.close(state_end)
    states = await Pipe.of(state)
    return ForkedRun(int(await states.reader.readline()), await Pipe.of(output), states)


@cache
def _server() -> socket.socket:
    """
    Start the server; it ends when its socket is closed, at the latest with this process.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        server.wait(_ENDS_WITHIN_S)

    atexit.register(end)
    return ours


def serve(requests: socket.socket) -> Any:
    """
    Fork for each request, and write the pid and then the exit status of the fork to its pipe.

    Returns pytest's result in the fork, and None in the server when the requests end.
    """
    with selectors.DefaultSelector() as ready:
        ready.register(requests, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.data is not None:
                    pid, state = key.data
                    ready.unregister(key.fileobj)
                    os.close(key.fd)
                    _, status = os.waitpid(pid, 0)
                    with suppress(BrokenPipeError):  # the run was cancelled: nobody waits for it
                        os.write(state, b"%d\n" % os.waitstatus_to_exitcode(status))
                    os.close(state)
                    continue
                content, descriptors, *_ = socket.recv_fds(requests, _LONGEST_REQUEST, 2)
                if not content:
                    return None
                output, state = descriptors
                if (pid := os.fork()) == 0:
                    ready.close()
                    requests.close()
                    os.close(state)
                    return _run(output, **json.loads(content))
                os.close(output)
                os.write(state, b"%d\n" % pid)
                ready.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, state))


def _run(output: int, *, arguments: list[str], cwd: str, env: dict[str, str]) -> Any:
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.close(output)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[0] = cwd
    sys.argv = [str(pytest.__file__), _NOT_REWRITTEN, *arguments]
    random.seed()
    return pytest.main(sys.argv[1:])


def _import_all() -> None:
    for name in _HEAVY:
        importlib.import_module(name)
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    prefix = f"{livekit_conformance.__name__}."
    for module in pkgutil.walk_packages(livekit_conformance.__path__, prefix):
        importlib.import_module(module.name)
    # Every run would do this again: compile the templates of the page, read the services' keys.
    for template in ("page.html.j2", "parts.html.j2"):
        rendering.templates().get_template(template)
    for service in (SERVER, SIP):
        assert service.keys


if __name__ == "__main__":
    _import_all()
    gc.freeze()
    sys.exit(serve(socket.socket(fileno=int(sys.argv[1]))))
