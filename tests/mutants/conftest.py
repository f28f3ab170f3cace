"""
Runs the mutants that were selected, several at a time: each spends most of its time waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from tests.mutants.mutant import run_on_mock
from tests.scenarios.harness import Run

_AT_ONCE = 3


@pytest_asyncio.fixture(scope="session")
async def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, asyncio.Task[Run]]]:
    """
    The run of each selected mutant, begun in the order in which the tests ask for them.
    """
    slots = asyncio.Semaphore(_AT_ONCE)
    calls = (getattr(item, "callspec", None) for item in request.session.items)
    selected = [call.params["mutant"] for call in calls if call and "mutant" in call.params]

    async def run(mutant):
        async with slots:
            return await run_on_mock(mutant, tmp_path_factory.mktemp(mutant.id))

    tasks = {mutant.id: asyncio.create_task(run(mutant)) for mutant in selected}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
