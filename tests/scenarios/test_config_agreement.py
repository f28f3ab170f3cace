"""
The real services start with a file, or refuse it, exactly as the linter predicts.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import trustme

from livekit_conformance.config_doctor import ConfigFinding, check_server, check_sip
from livekit_conformance.config_doctor.reading import Unreadable, decode
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Reaction, Recorder
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.binaries import REDIS, SERVER, SIP, find
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.config_files import CASES, Case

# Starting takes CPU only; two for each core keep both busy.
_AT_ONCE = 4
_PROGRAMS = {program.name: program for program in (SERVER, SIP)}
_READY = {"livekit-server": "starting LiveKit server", "livekit-sip": "\tservice ready"}
# Below the kernel's range of ephemeral ports, above the ports of the services.
_FREE_PORTS = range(21000, 29000)


@dataclass(frozen=True, slots=True)
class Start:
    """
    Outcome of a start: whether the service was ready, and otherwise the end of its log.
    """

    is_ready: bool
    words: str = ""


class Trials:
    """
    The starts of all requested cases, a few at a time.
    """

    def __init__(self, folder: Path, redis: str) -> None:
        self._values = {"REDIS": redis} | _certificate(folder)
        self._folder = folder
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._free = iter(random.sample(_FREE_PORTS, len(_FREE_PORTS)))
        self.starts: dict[str, asyncio.Task[tuple[Start, list[ConfigFinding]]]] = {}

    async def try_out(self, case: Case) -> tuple[Start, list[ConfigFinding]]:
        async with self._room:
            with own_loopback_address() as address:
                free = {f"FREE{index}": str(self._free_port()) for index in (1, 2, 3)}
                content = case.content(self._values | {"ADDRESS": address} | free)
                return await self._start(case, content), findings(case, content)

    async def _start(self, case: Case, content: bytes) -> Start:
        folder = self._folder / re.sub(r"\W", "-", str(case))
        folder.mkdir()
        path, log = folder / "config.yaml", folder / "log"
        path.write_bytes(content)
        program = find(_PROGRAMS[case.service], os.environ).path
        settings = (f"{name}={value}" for name, value in case.environ.items())
        command = ("env", *settings, str(program), "--config", str(path))
        process = Process(case.service, command, log, Recorder(Redactor()))

        async def why_not_ready() -> str | None:
            ready = _READY[case.service]
            return None if ready in log.read_text() else f"its log does not say {ready!r}"

        try:
            await process.start(why_not_ready)
        except Blocked as blocked:
            if "ended with status" not in str(blocked):
                raise
            return Start(is_ready=False, words=log.read_text().strip()[-300:])
        await process.kill()
        return Start(is_ready=True)

    def _free_port(self) -> int:
        for port in self._free:
            with socket.socket() as trial:
                try:
                    trial.bind(("", port))
                except OSError:
                    continue
            return port
        raise OSError("no port is free")


def findings(case: Case, content: bytes) -> list[ConfigFinding]:
    try:
        text = decode(content)
    except Unreadable:
        # For such a file `config check` reports that the service refuses it.
        return check_server("a: [") if case.service == SERVER.name else check_sip("a: [")
    return check_server(text) if case.service == SERVER.name else check_sip(text)


def refusals(found: Iterable[ConfigFinding], environ: Mapping[str, str]) -> Iterator[str]:
    """
    Yield the findings which say that the service does not start.
    """
    for finding in found:
        if finding.reaction is Reaction.REFUSES and finding.unless not in environ:
            yield str(finding)


def _certificate(folder: Path) -> dict[str, str]:
    issued = trustme.CA().issue_cert("sip.test")
    certificate, private = folder / "certificate.pem", folder / "private.pem"
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(private))
    return {"CERTIFICATE": str(certificate), "PRIVATE": str(private)}


@pytest_asyncio.fixture(scope="module")
async def trials(
    request: pytest.FixtureRequest, real_services: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Trials]:
    """
    Yield the trials of the selected cases, already started.
    """
    folder = tmp_path_factory.mktemp("agreement")
    cases = [
        item.callspec.params["case"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and "trials" in item.fixturenames
    ]
    async with AsyncExitStack() as cleanup:
        address = cleanup.enter_context(own_loopback_address())
        command = (str(find(REDIS, os.environ).path), "--bind", address, "--save", "")
        redis = Process("redis-server", command, folder / "redis.log", Recorder(Redactor()))

        async def why_not_ready() -> str | None:
            said = "Ready to accept connections"
            return None if said in redis.log.read_text() else f"its log does not say {said!r}"

        await redis.start(why_not_ready)
        cleanup.push_async_callback(redis.stop)
        trials = Trials(folder, f"{address}:6379")
        for case in cases:
            assert isinstance(case, Case)
            trials.starts[str(case)] = asyncio.create_task(trials.try_out(case))
        yield trials
        for start in trials.starts.values():
            start.cancel()
        await asyncio.gather(*trials.starts.values(), return_exceptions=True)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_the_service_does_with_the_file_what_the_linter_says(
    trials: Trials, case: Case
) -> None:
    start, found = await trials.starts[str(case)]

    says = list(refusals(found, case.environ))
    if start.is_ready:
        assert says == [], "it starts"
    else:
        assert says, f"it refuses: {start.words}"


def test_there_are_enough_files_for_each_service():
    services = [case.service for case in CASES]

    assert min(services.count(name) for name in _PROGRAMS) >= 30
    assert len(services) >= 60
