"""
A real livekit-sip that does not come back as it was.
"""

from __future__ import annotations

import os

from livekit_conformance.provisioners.local.binaries import SIP, find
from tests.scenarios.harness import run_suites

# From its second start on it has another secret, as after a restart with a stale configuration.
_FORGETFUL = """#!/bin/sh
if [ -e "{marker}" ]; then
    sed -i 's/^api_secret: .*/api_secret: not-the-secret-any-more-not-at-all/' "$2"
fi
touch "{marker}"
exec {program} "$@"
"""


async def test_calls_that_do_not_succeed_again_fail_the_check(real_services, tmp_path):
    forgetful = tmp_path / "livekit-sip"
    program = find(SIP, os.environ).path
    forgetful.write_text(_FORGETFUL.format(marker=tmp_path / "started", program=program))
    forgetful.chmod(0o755)

    run = await run_suites(
        "local",
        tmp_path / "reports",
        *("-k", "sip-restart"),
        environ={"LIVEKIT_SIP_BIN": str(forgetful)},
    )

    check = run.check("1.5-recovers-from[sip-restart]")
    assert check["verdict"] == "FAIL", run.output
    assert "486" in check["message"]
