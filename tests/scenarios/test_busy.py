"""
Strangers' traffic: it stays on this machine.
"""

from __future__ import annotations

import pytest

from livekit_conformance.environments.loader import load
from tests.scenarios.harness import ROOT
from tests.scenarios.strangers.target import target_of


@pytest.mark.parametrize("url", ["wss://livekit.example.com", "ws://192.0.2.1:7880"])
async def test_strangers_call_only_this_machine(url):
    profile = load("local", environ={}, env_file=None, config_dir=ROOT / "config").profile
    livekit = profile.livekit.model_copy(update={"url": url})

    with pytest.raises(ValueError, match="loopback only"):
        async with target_of(profile.model_copy(update={"livekit": livekit})):
            pass
