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
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem
from livekit_conformance.doctor.probe_runner import ProbeStep, Strand
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.binaries import REDIS, SERVER, SIP, Program, find
from livekit_conformance.provisioners.local.stack import HTTP_PORT, REDIS_PORT, SIP_PORT

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
    return not_checked(
        Link.CONFIGURATION,
        Text(
            en=f"each run of the suite starts and stops its own deployment of kind {profile.kind}: "
            "only this machine can be checked",
            ru=f"окружение вида {profile.kind} запускается при каждом прогоне тестов и "
            "останавливается вместе с ним: проверить можно только эту машину",
        ),
    )


def _python() -> ProbeStep:
    async def probe() -> Sequence[LinkFinding]:
        return [
            ok(
                Link.CONFIGURATION,
                Text(
                    en=f"Python {platform.python_version()}",
                    ru=f"Python {platform.python_version()}",
                ),
            )
        ]

    return ProbeStep(Link.CONFIGURATION, Text(en="Python", ru="Python"), probe)


def _program(program: Program, environ: Mapping[str, str]) -> ProbeStep:
    link = _LINKS[program.name]

    async def probe() -> Sequence[LinkFinding]:
        try:
            found = find(program, environ)
        except Blocked as missing:
            return [_missing(link, missing)]
        version = found.version or await _version_of(str(found.path))
        return [
            ok(
                link,
                Text(
                    en=f"{program.name} is there: `{found.path}`, {version}",
                    ru=f"{program.name} есть: `{found.path}`, {version}",
                ),
            )
        ]

    what = Text(en=f"the program {program.name}", ru=f"программа {program.name}")
    return ProbeStep(link, what, probe)


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


def _missing(link: Link, missing: Blocked) -> LinkFinding:
    return problem(
        link,
        Text(en=missing.reason, ru=f"`{missing.reason}`"),
        Text(en=missing.remedy, ru=f"`{missing.remedy}`"),
    )


def _supervision(environ: Mapping[str, str]) -> ProbeStep:
    async def probe() -> Sequence[LinkFinding]:
        if shutil.which("setpriv", path=environ.get("PATH")):
            return [
                ok(
                    Link.CONFIGURATION,
                    Text(
                        en="setpriv is there: services end with the run",
                        ru="setpriv есть: сервисы завершатся вместе с прогоном",
                    ),
                )
            ]
        return [
            problem(
                Link.CONFIGURATION,
                Text(
                    en="setpriv is missing, so services could outlive a run",
                    ru="нет setpriv, поэтому сервисы могли бы пережить прогон",
                ),
                Text(
                    en="Install it: `apt-get install util-linux`",
                    ru="Установите: `apt-get install util-linux`",
                ),
            )
        ]

    return ProbeStep(Link.CONFIGURATION, Text(en="setpriv", ru="setpriv"), probe)


def _address() -> ProbeStep:
    """
    Return the probe for a 127.0.0.0/8 address with the well-known ports free.
    """
    ports = (HTTP_PORT, REDIS_PORT, SIP_PORT)

    async def probe() -> Sequence[LinkFinding]:
        try:
            with own_loopback_address() as address:
                for port in ports:
                    socket.create_server((address, port)).close()
        except OSError as error:
            return [
                problem(
                    Link.CONFIGURATION,
                    Text(
                        en=f"the ports {', '.join(map(str, ports))} are not free on loopback "
                        f"addresses: `{error.strerror or error}`",
                        ru=f"порты {', '.join(map(str, ports))} заняты на адресах loopback: "
                        f"`{error.strerror or error}`",
                    ),
                    Text(
                        en="Stop the process that listens there on all addresses: `ss -ltnp`",
                        ru="Остановите процесс, который слушает их на всех адресах: `ss -ltnp`",
                    ),
                )
            ]
        return [
            ok(
                Link.CONFIGURATION,
                Text(
                    en=f"the ports {', '.join(map(str, ports))} are free on loopback addresses",
                    ru=f"порты {', '.join(map(str, ports))} на адресах loopback свободны",
                ),
            )
        ]

    return ProbeStep(Link.CONFIGURATION, Text(en="free ports", ru="свободные порты"), probe)


def _agent() -> ProbeStep:
    async def probe() -> Sequence[LinkFinding]:
        if find_spec("livekit.rtc") is not None:
            return [
                ok(
                    Link.AGENT,
                    Text(
                        en="the agent stand-in can join rooms (livekit rtc is installed)",
                        ru="заместитель агента может входить в комнаты (livekit rtc установлен)",
                    ),
                )
            ]
        return [
            problem(
                Link.AGENT,
                Text(
                    en="the agent stand-in needs livekit rtc, which is not installed",
                    ru="заместителю агента нужен livekit rtc, а он не установлен",
                ),
                Text(
                    en="Install the suite again: `make run`",
                    ru="Установите тесты заново: `make run`",
                ),
            )
        ]

    return ProbeStep(Link.AGENT, Text(en="the agent stand-in", ru="заместитель агента"), probe)
