"""
A clock of this machine that is set in the middle of a run is named as that, with the time.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from livekit_conformance.environments.loader import load
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.deployment import fill_mock
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.stack import OUTBOUND_PORT, KeyPair
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios import clock_jump
from tests.scenarios.harness import ROOT, run_suites, write_profile

KEYS = KeyPair()


@pytest.fixture
async def deployment(tmp_path):
    """
    Yield the profile of a mock, whose clock is that of this process.
    """
    loaded = load("mock", environ={}, env_file=None, config_dir=ROOT / "config")
    with own_loopback_address() as address:
        webhook = f"http://{address}:8080/webhooks/livekit"
        config = MockConfig(KEYS.key, KEYS.secret, tmp_path, webhook_url=webhook)
        async with Mock(config) as mock:
            profile = await fill_mock(
                loaded.profile,
                mock,
                KEYS,
                webhook,
                Recorder(Redactor()),
                outbound_listen=f"{address}:{OUTBOUND_PORT}",
            )
            yield write_profile(profile, tmp_path / "profile.yaml")


@pytest.mark.parametrize("by_s", [3600, -3600])
async def test_a_clock_that_is_set_during_a_run_is_the_cause(deployment, tmp_path, by_s):
    environ = clock_jump.environ(
        tmp_path, at="test_a_created_room_is_listed_with_its_sid", by_s=by_s
    )

    run = await run_suites(
        deployment, tmp_path / "reports", "-m", "chain or rooms", environ=dict(environ)
    )

    assert run.exit_status == 1, run.output
    assert "ERROR" not in run.verdicts.values()
    assert run.verdicts["1.1-key-is-accepted"] == "PASS"
    (found,) = run.results["diagnoses"]
    assert found["id"] == "clock-of-this-machine-set-during-the-run"
    assert f"set {'forward' if by_s > 0 else 'back'} by 3600 s between" in found["evidence"][0]
    failed = {check["id"] for check in run.checks if check["verdict"] in {"FAIL", "BLOCKED"}}
    # A clean-up that is refused is the same fault once more.
    assert {name for name in failed if "#" not in name} == set(found["checks"])
    began = [check["started"] for check in run.checks if check["started"]]
    last = datetime.fromisoformat(max(began)) - datetime.fromisoformat(min(began))
    assert 0 <= last.total_seconds() <= run.seconds
    assert all(check["duration_s"] >= 0 for check in run.checks)
