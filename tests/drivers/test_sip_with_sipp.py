"""
SIPp, which shares no code with the suite, agrees with the SIP agent on a whole call.
"""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from livekit_conformance.drivers.sip.caller import Credentials, SipAgent
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.ladder import draw
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.prerequisites import SIPP
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.require import require

SCENARIO = Path(__file__).with_name("sipp_uas_digest.xml")
PORT = 5060
MEDIA_PORT = 6000
READY_WITHIN_S = 5.0
DONE_WITHIN_S = 10.0


@dataclass
class Callee:
    """
    A running SIPp and its output.
    """

    process: asyncio.subprocess.Process
    address: tuple[str, int]
    output: Path

    async def exit_status(self) -> int:
        async with asyncio.timeout(DONE_WITHIN_S):
            return await self.process.wait()


def is_taken(host: str) -> bool:
    """
    Return whether the port is bound there; read, not probed, so that SIPp finds it free.
    """
    address = socket.inet_aton(host)[::-1].hex().upper()
    return f" {address}:{PORT:04X} " in Path("/proc/net/udp").read_text()


# The scenario's challenge, and its replacement for a challenge with 401 and qop.
WITH_407: dict[str, str] = {}
WITH_401 = {
    "407 Proxy Authentication Required": "401 Unauthorized",
    "Proxy-Authenticate": "WWW-Authenticate",
    "algorithm=MD5": 'algorithm=MD5, qop="auth"',
}
both_ways = pytest.mark.parametrize("asking", [WITH_407, WITH_401], ids=["407", "401"])


def answer_without_qop(host: str) -> str:
    """
    Return the digest of RFC 2617 section 3.2.2.1 without qop, apart from the code under test.
    """

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    account = md5("alice:sipp.example:wonderland-42")
    question = md5(f"INVITE:sip:+15550123@{host}:{PORT}")
    return md5(f"{account}:8a3f5c1d9b7e2460:{question}")


@asynccontextmanager
async def sipp_callee(folder: Path, asking: Mapping[str, str]) -> AsyncIterator[Callee]:
    with own_loopback_address() as host:
        async with sipp_at(host, folder, asking) as callee:
            yield callee


@asynccontextmanager
async def sipp_at(host: str, folder: Path, asking: Mapping[str, str]) -> AsyncIterator[Callee]:
    program = require(SIPP)
    output = folder / "sipp.log"
    scenario = folder / SCENARIO.name
    text = SCENARIO.read_text()
    for old, new in asking.items():
        assert old in text, f"the scenario has no {old!r} any more"
        text = text.replace(old, new)
    scenario.write_text(text)
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(program, "-sf", str(scenario), "-i", host, "-p", str(PORT)),
            *("-mi", host, "-mp", str(MEDIA_PORT), "-rtp_echo", "-m", "1", "-nostdin"),
            *("-timeout", f"{DONE_WITHIN_S:.0f}s", "-timeout_error"),
            *("-set", "expected", answer_without_qop(host)),
            *("-trace_err", "-error_file", str(folder / "errors.log")),
            stdout=log,
            stderr=log,
            cwd=folder,
        )

    async def why_not_yet() -> str | None:
        log = output.read_text(errors="replace")
        assert process.returncode is None, f"SIPp ended with {process.returncode}: {log}"
        return None if is_taken(host) else f"nobody listens on {host}:{PORT}"

    try:
        ready = await wait_until(why_not_yet, within=READY_WITHIN_S)
        assert ready.came_true, str(ready)
        yield Callee(process, (host, PORT), output)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(Redactor(["wonderland-42"]))


@both_ways
async def test_sipp_answers_our_call_after_digest_and_hears_our_bye(
    tmp_path: Path, recorder: Recorder, asking: Mapping[str, str]
) -> None:
    """
    INVITE, challenge, ACK, INVITE with digest, 180, 200, ACK, echoed RTP, BYE, 200: a success.
    """
    account = Credentials("alice", "wonderland-42")
    async with (
        sipp_callee(tmp_path, asking) as callee,
        SipAgent(callee.address, recorder=recorder, tone_hz=620.0) as agent,
    ):
        call = await agent.call(number="+15550123", caller="+15550100", credentials=account)
        assert call.answered, f"SIPp MUST answer; seen\n{draw(call.ladder)}"
        assert call.media is not None
        echo = await call.media.listen(0.6)
        bye = await call.hang_up()
        exit_status = await callee.exit_status()

    assert exit_status == 0, callee.output.read_text(errors="replace")
    assert bye is not None
    assert bye.status == 200
    assert [step.label for step in call.ladder if step.direction == "sent"] == [
        "INVITE",
        "ACK",
        "INVITE",
        "ACK",
        "BYE",
    ]
    assert echo.dominant_hz == pytest.approx(620.0, abs=5.0)
    assert echo.lost == 0


@both_ways
async def test_sipp_refuses_a_wrong_password(
    tmp_path: Path, recorder: Recorder, asking: Mapping[str, str]
) -> None:
    """
    SIPp rejects the digest of another password with 403 and counts a failed call.
    """
    account = Credentials("alice", "looking-glass-42")
    async with (
        sipp_callee(tmp_path, asking) as callee,
        SipAgent(callee.address, recorder=recorder) as agent,
    ):
        call = await agent.call(number="+15550123", caller="+15550100", credentials=account)
        exit_status = await callee.exit_status()

    assert call.final is not None
    assert call.final.status == 403
    assert exit_status == 1
