"""
SIPp, which shares no code with the suite, calls the mock.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from livekit_conformance.provisioners.local.prerequisites import SIPP
from tests.mock import replay
from tests.mock.conftest import StartMock
from tests.require import require

SCENARIO = Path(__file__).parent / "sipp_uac_digest.xml"


async def test_sipp_completes_a_call_with_credentials(
    start_mock: StartMock, tmp_path: Path
) -> None:
    """
    SIPp's INVITE is challenged, authenticated, rung, answered, acknowledged and hung up.
    """
    sipp = require(SIPP)
    mock = await start_mock()
    await replay.provide_sip(mock.url)
    host, port = mock.sip_address

    caller = await asyncio.create_subprocess_exec(
        *(sipp, f"{host}:{port}", "-sf", str(SCENARIO), "-i", host, "-m", "1"),
        *("-s", replay.NUMBER, "-au", replay.USERNAME, "-ap", replay.PASSWORD),
        *("-timeout", "15", "-nostdin", "-trace_err", "-error_file", "errors.log"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            status = await caller.wait()
    finally:
        if caller.returncode is None:
            caller.kill()
            await caller.wait()

    errors = tmp_path / "errors.log"
    assert status == 0, errors.read_text() if errors.exists() else "SIPp says nothing"
