"""
SIPp, which shares no code with us, agrees with the SIP agent on a whole call.
"""

import asyncio
import errno
import hashlib
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from livekit_conformance.drivers.sip import Credentials, SipAgent
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.ladder import draw
from livekit_conformance.redaction import Redactor
from livekit_conformance.waiting import wait_until

SCENARIO = Path(__file__).with_name("sipp_uas_digest.xml")
HOST = "127.0.0.1"
READY_WITHIN_S = 5.0
DONE_WITHIN_S = 10.0


@dataclass
class Callee:
    """
    A running SIPp and what it wrote.
    """

    process: asyncio.subprocess.Process
    port: int
    output: Path

    async def exit_status(self) -> int:
        async with asyncio.timeout(DONE_WITHIN_S):
            return await self.process.wait()


def free_even_port() -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as candidate:
            candidate.bind((HOST, 0))
            port: int = candidate.getsockname()[1]
            if port % 2 == 0:
                return port


def is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as candidate:
        try:
            candidate.bind((HOST, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
        return False


# How the scenario asks, and what to write instead so that it asks with 401 and qop.
WITH_407: dict[str, str] = {}
WITH_401 = {
    "407 Proxy Authentication Required": "401 Unauthorized",
    "Proxy-Authenticate": "WWW-Authenticate",
    "algorithm=MD5": 'algorithm=MD5, qop="auth"',
}
both_ways = pytest.mark.parametrize("asking", [WITH_407, WITH_401], ids=["407", "401"])


def answer_without_qop(port: int) -> str:
    """
    RFC 2617 section 3.2.2.1 without qop, written down once more, apart from the code under test.
    """

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    account = md5("alice:sipp.example:wonderland-42")
    question = md5(f"INVITE:sip:+15550123@{HOST}:{port}")
    return md5(f"{account}:8a3f5c1d9b7e2460:{question}")


@asynccontextmanager
async def sipp_callee(folder: Path, asking: Mapping[str, str]) -> AsyncIterator[Callee]:
    program = shutil.which("sipp")
    assert program, "SIPp is missing; install it: apt-get install sip-tester"
    port, media_port, output = free_even_port(), free_even_port(), folder / "sipp.log"
    scenario = folder / SCENARIO.name
    text = SCENARIO.read_text()
    for old, new in asking.items():
        assert old in text, f"the scenario has no {old!r} any more"
        text = text.replace(old, new)
    scenario.write_text(text)
    with output.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(program, "-sf", str(scenario), "-i", HOST, "-p", str(port)),
            *("-mi", HOST, "-mp", str(media_port), "-rtp_echo", "-m", "1", "-nostdin"),
            *("-timeout", f"{DONE_WITHIN_S:.0f}s", "-timeout_error"),
            *("-set", "expected", answer_without_qop(port)),
            *("-trace_err", "-error_file", str(folder / "errors.log")),
            stdout=log,
            stderr=log,
            cwd=folder,
        )

    async def why_not_yet() -> str | None:
        log = output.read_text(errors="replace")
        assert process.returncode is None, f"SIPp ended with {process.returncode}: {log}"
        return None if is_taken(port) else f"nobody listens on UDP port {port}"

    try:
        ready = await wait_until(why_not_yet, within=READY_WITHIN_S)
        assert ready.came_true, str(ready)
        yield Callee(process, port, output)
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
        SipAgent((HOST, callee.port), recorder=recorder, tone_hz=620.0) as agent,
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
    SIPp finds the digest of another password wrong: 403, and SIPp counts a failed call.
    """
    account = Credentials("alice", "looking-glass-42")
    async with (
        sipp_callee(tmp_path, asking) as callee,
        SipAgent((HOST, callee.port), recorder=recorder) as agent,
    ):
        call = await agent.call(number="+15550123", caller="+15550100", credentials=account)
        exit_status = await callee.exit_status()

    assert call.final is not None
    assert call.final.status == 403
    assert exit_status == 1
