"""
Beside strangers' traffic a healthy deployment is conformant, and a broken one is not.

The most telling kinds at once; `make busy` plays each kind by itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from livekit_conformance.environments.loader import load
from tests.scenarios.busy import Busy, beside, deployment
from tests.scenarios.harness import ROOT
from tests.scenarios.real_stack import scene
from tests.scenarios.strangers.kinds import KINDS
from tests.scenarios.strangers.target import target_of
from tests.scenarios.whole_runs import looks_at

# Their errors are in the logs of the run, and they take little processor time from other tests.
FAILING = ("codecs", "no-egress", "wrong-passwords", "yesterday")


async def in_use(folder: Path) -> Busy:
    """
    Run the suites on a healthy deployment beside calls and requests of others that fail.
    """
    async with deployment(folder) as healthy:
        return await beside(healthy, (KINDS[name] for name in FAILING))


async def broken_and_in_use(folder: Path) -> Busy:
    """
    Run them where livekit-sip has a wrong secret, so that the calls of all fail alike.
    """
    overrides = {"api_secret": "not-the-secret-of-this-deployment"}
    async with scene(folder, sip_overrides=overrides) as broken:
        return await beside(broken.peaceful(), [KINDS["codecs"]])


@looks_at(in_use, takes_s=20)
def test_a_healthy_deployment_that_others_use_is_conformant(played):
    assert played.blamed == []
    summary = (played.run.folder / "summary.md").read_text()
    assert "calls of others in the log of livekit-sip: Cannot start media" in summary


@looks_at(broken_and_in_use, takes_s=20)
def test_failures_of_ours_are_found_among_those_of_others(played):
    assert played.run.verdicts["1.5-logs-are-clean"] == "FAIL"
    assert played.run.diagnoses[:1] == ["sip-service-key-refused"]
    assert "## Not ours" in (played.run.folder / "summary.md").read_text()


@pytest.mark.parametrize("url", ["wss://livekit.example.com", "ws://192.0.2.1:7880"])
async def test_strangers_call_only_this_machine(url):
    profile = load("local", environ={}, env_file=None, config_dir=ROOT / "config").profile
    livekit = profile.livekit.model_copy(update={"url": url})

    with pytest.raises(ValueError, match="loopback only"):
        async with target_of(profile.model_copy(update={"livekit": livekit})):
            pass
