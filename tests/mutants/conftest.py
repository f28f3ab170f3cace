"""
Runs the mutants that were selected, several at a time: each spends most of its time waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from tests.mutants.mutant import run_mutant
from tests.scenarios.harness import Run

_AT_ONCE = 7


@pytest_asyncio.fixture(scope="module")
async def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, asyncio.Task[Run]]]:
    """
    The run of each mutant that is selected of this module, begun in the order of the tests.

    No other module runs meanwhile: its tests would hold up the mocks in our event loop.
    """
    slots = asyncio.Semaphore(_AT_ONCE)
    items = (item for item in request.session.items if item.path == request.path)
    calls = (getattr(item, "callspec", None) for item in items)
    params = (call.params["mutant"] for call in calls if call and "mutant" in call.params)
    # Several tests may look at the same run.
    selected = {mutant.id: mutant for mutant in params}

    async def run(mutant):
        async with slots:
            return await run_mutant(mutant, tmp_path_factory.mktemp(mutant.id))

    tasks = {name: asyncio.create_task(run(mutant)) for name, mutant in selected.items()}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
