"""
An application with an agent of its own that does everything right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.scenarios import failing_agent


@pytest.mark.timeout(120)
async def test_an_agent_that_speaks_and_leaves_with_its_caller_is_blamed_for_nothing(
    scene: Callable[..., Any],
) -> None:
    async with scene() as healthy:
        healthy.profile = healthy.profile.model_copy(update={"agent": "deployed"})
        async with failing_agent.beside(healthy, "good"):
            run = await healthy.peaceful().run("-m", "chain")

    assert run.diagnoses == [], run.output
    assert run.exit_status == 0, run.output
