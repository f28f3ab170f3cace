"""
Prerequisites of a deployment that the suite starts itself (kind mock or local), on this machine.

Starts only programs that print their version.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import socket
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem
from livekit_conformance.doctor.probe_runner import ProbeStep, Strand
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.binaries import (
    REDIS,
    SERVER,
    SIP,
    Program,
    ProgramMissing,
    find,
)
from livekit_conformance.provisioners.local.stack import HTTP_PORT, REDIS_PORT, SIP_PORT
from livekit_conformance.wording import phrase

_LINKS = {SERVER.name: Link.SERVER, SIP.name: Link.SIP_SOCKET, REDIS.name: Link.BUS}


def strands_of_own(profile: Profile, environ: Mapping[str, str]) -> list[Strand]:
    """
    Return the probes of this machine for a deployment of the profile's kind.
    """
    steps = [_python()]
    if profile.kind == "local":
        steps += [_program(program, environ) for program in (SERVER, SIP, REDIS)]
        steps += [_supervision(environ), _address()]
    if profile.agent == "stand-in":
        steps.append(_agent())
    return [Strand([step]) for step in steps]


def judge_kind(profile: Profile) -> LinkFinding:
    """
    Return the finding that the deployment is not examined, because it does not run yet.
    """
    return not_checked(Link.CONFIGURATION, phrase("profile.own-deployment", kind=profile.kind))


def _python() -> ProbeStep:
    async def probe() -> Sequence[LinkFinding]:
        version = platform.python_version()
        return [ok(Link.CONFIGURATION, phrase("python.version", version=version))]

    return ProbeStep(Link.CONFIGURATION, phrase("subject.python"), probe)


def _program(program: Program, environ: Mapping[str, str]) -> ProbeStep:
    link = _LINKS[program.name]

    async def probe() -> Sequence[LinkFinding]:
        try:
            found = find(program, environ)
        except ProgramMissing as missing:
            lacking = phrase("program.missing", name=program.name, command=missing.command)
            return [problem(link, lacking)]
        except Blocked as blocked:
            reasons = {"reason": blocked.reason, "remedy": blocked.remedy}
            return [problem(link, phrase("program.unusable", name=program.name, **reasons))]
        version = found.version or await _version_of(str(found.path))
        there = phrase("program.there", name=program.name, path=str(found.path), version=version)
        return [ok(link, there)]

    return ProbeStep(link, phrase("subject.program", name=program.name), probe)


async def _version_of(program: str) -> str:
    """
    Return the output of `--version`. A program that hangs is killed with the probe.
    """
    process = await asyncio.create_subprocess_exec(
        program,
        "--version",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return printed.decode("utf-8", "replace").partition("\n")[0].strip()[:80]


def _supervision(environ: Mapping[str, str]) -> ProbeStep:
    async def probe() -> Sequence[LinkFinding]:
        if shutil.which("setpriv", path=environ.get("PATH")):
            return [ok(Link.CONFIGURATION, phrase("setpriv.there"))]
        return [problem(Link.CONFIGURATION, phrase("setpriv.missing"))]

    return ProbeStep(Link.CONFIGURATION, phrase("subject.setpriv"), probe)


def _address() -> ProbeStep:
    """
    Return the probe for a 127.0.0.0/8 address with the well-known ports free.
    """
    ports = (HTTP_PORT, REDIS_PORT, SIP_PORT)
    listed = ", ".join(map(str, ports))

    async def probe() -> Sequence[LinkFinding]:
        try:
            with own_loopback_address() as address:
                for port in ports:
                    socket.create_server((address, port)).close()
        except OSError as error:
            taken = phrase("ports.taken", ports=listed, reason=str(error.strerror or error))
            return [problem(Link.CONFIGURATION, taken)]
        return [ok(Link.CONFIGURATION, phrase("ports.free", ports=listed))]

    return ProbeStep(Link.CONFIGURATION, phrase("subject.ports"), probe)


def _agent() -> ProbeStep:
    async def probe() -> Sequence[LinkFinding]:
        if find_spec("livekit.rtc") is not None:
            return [ok(Link.AGENT, phrase("stand-in.ready"))]
        return [problem(Link.AGENT, phrase("stand-in.no-rtc"))]

    return ProbeStep(Link.AGENT, phrase("subject.stand-in"), probe)
