"""
Failures on demand of the embedded mock.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from livekit_conformance.mock import MockConfig
from livekit_conformance.provisioners.failures import Failure, MockFailures


@pytest.mark.parametrize("failure", Failure)
async def test_a_mock_is_as_before_when_its_failure_is_over(failure, tmp_path):
    config = MockConfig(api_key="APItest", api_secret="secret", log_dir=tmp_path)
    healthy = replace(config)

    async with MockFailures(config).during(failure):
        during = replace(config)

    assert during.faults != healthy.faults
    assert config == healthy
