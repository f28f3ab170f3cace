"""
A real livekit-sip that is not the same after a restart.
"""

from __future__ import annotations

import os
from pathlib import Path

from livekit_conformance.provisioners.local.binaries import SIP, find
from tests.scenarios.harness import Run, run_suites
from tests.scenarios.whole_runs import looks_at

# From its second start on it has another secret, as after a restart with a stale configuration.
_FORGETFUL = """#!/bin/sh
if [ -e "{marker}" ]; then
    sed -i 's/^api_secret: .*/api_secret: not-the-secret-any-more-not-at-all/' "$2"
fi
touch "{marker}"
exec {program} "$@"
"""


async def forgetful_sip_service(folder: Path) -> Run:
    """
    Run with a livekit-sip whose calls fail after its restart.
    """
    forgetful = folder / "livekit-sip"
    program = find(SIP, os.environ).path
    forgetful.write_text(_FORGETFUL.format(marker=folder / "started", program=program))
    forgetful.chmod(0o755)

    return await run_suites(
        "local",
        folder / "reports",
        *("-k", "sip-restart"),
        environ={"LIVEKIT_SIP_BIN": str(forgetful)},
    )


@looks_at(forgetful_sip_service, takes_s=34)
def test_calls_that_do_not_succeed_again_fail_the_check(played):
    check = played.check("1.5-recovers-from[sip-restart]")
    assert check["verdict"] == "FAIL", played.output
    assert "486" in check["message"]
