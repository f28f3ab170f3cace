"""
Prerequisites of a machine on which the suite starts the services itself.
"""

from __future__ import annotations

import os
import socket
from contextlib import nullcontext
from pathlib import Path

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor import local_prerequisites
from livekit_conformance.doctor.examination import examine
from livekit_conformance.doctor.findings import LinkMark
from livekit_conformance.environments.profile import Profile
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.doctor.conftest import complete, wrong


async def look(kind, environ, *, agent="deployed"):
    profile = Profile.model_validate({"kind": kind, "allow": ["read"], "agent": agent})
    return complete(await examine(profile, Recorder(Redactor()), environ=environ, whole=9))


def program(folder: Path, name: str, body: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return str(path)


async def test_a_mock_needs_python_alone():
    found = await look("mock", {})

    assert [f.mark for f in found] == [LinkMark.NOT_CHECKED, LinkMark.OK]
    assert (
        "each run of the suite starts and stops its own deployment of kind mock" in found[0].text.en
    )


async def test_programs_are_found_and_say_their_version(tmp_path):
    environ = {
        "LIVEKIT_SERVER_BIN": program(tmp_path, "server", "echo livekit-server version 1.13.5"),
        "LIVEKIT_SIP_BIN": program(tmp_path, "sip", "echo SIP version 1.8.0; echo more"),
        "REDIS_SERVER_BIN": program(tmp_path, "redis", "echo Redis server v=7.0.15"),
        "PATH": str(tmp_path),
    }
    program(tmp_path, "setpriv", "exit 1")

    found = await look("local", environ, agent="stand-in")

    assert wrong(found) == []
    told = {f.link: f.text.en for f in found}
    assert told[Link.SERVER].endswith("/server`, `livekit-server version 1.13.5`")
    assert told[Link.SIP_SOCKET].endswith("/sip`, `SIP version 1.8.0`")
    assert told[Link.BUS].endswith("/redis`, `Redis server v=7.0.15`")


async def test_what_is_missing_is_told_with_how_to_get_it(tmp_path):
    found = wrong(await look("local", {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}))

    remedies = {f.link: f.remedy.en for f in found}
    assert "make stack" in remedies[Link.SERVER]
    assert "make stack" in remedies[Link.SIP_SOCKET]
    assert "apt-get install redis-server" in remedies[Link.BUS]
    assert "apt-get install util-linux" in remedies[Link.CONFIGURATION]


async def test_a_program_that_hangs_is_a_problem_and_is_ended(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    hangs = program(tmp_path, "server", f"echo $$ > {pid}; exec tail -f /dev/null")
    monkeypatch.setattr("livekit_conformance.doctor.examination.EACH_S", 0.5)

    found = await look("local", {"LIVEKIT_SERVER_BIN": hangs, "PATH": "/usr/bin:/bin"})

    (told,) = [f for f in found if f.link is Link.SERVER]
    assert told.mark is LinkMark.PROBLEM
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_ports_that_somebody_holds_are_told(monkeypatch):
    monkeypatch.setattr(
        local_prerequisites, "own_loopback_address", lambda: nullcontext("127.0.0.1")
    )
    with socket.create_server(("127.0.0.1", 0)) as held:
        monkeypatch.setattr(local_prerequisites, "HTTP_PORT", held.getsockname()[1])
        found = wrong(await look("local", {"PATH": "/usr/bin:/bin"}))

    (told,) = [f for f in found if "are not free" in f.text.en]
    assert "Address already in use" in told.text.en
