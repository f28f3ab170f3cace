"""
An application whose own agent does everything right.
"""

from __future__ import annotations

from pathlib import Path

from tests.scenarios import failing_agent
from tests.scenarios.harness import Run
from tests.scenarios.real_stack import scene
from tests.scenarios.whole_runs import looks_at


async def good_agent(folder: Path) -> Run:
    """
    Run the suites beside an agent that speaks and leaves with its caller.
    """
    async with scene(folder) as healthy:
        healthy.profile = healthy.profile.model_copy(update={"agent": "deployed"})
        async with failing_agent.beside(healthy, "good"):
            return await healthy.peaceful().run("-m", "chain")


@looks_at(good_agent, takes_s=8)
def test_an_agent_that_speaks_and_leaves_with_its_caller_is_blamed_for_nothing(played):
    assert played.diagnoses == [], played.output
    assert played.exit_status == 0, played.output
