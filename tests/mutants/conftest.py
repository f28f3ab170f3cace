"""
Run the selected mutants, several at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial

import pytest
import pytest_asyncio

from tests.concurrency import begun, selected
from tests.mutants.mutant import run_mutant
from tests.scenarios.harness import Run

_AT_ONCE = 3


@pytest_asyncio.fixture(scope="module")
async def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[str, asyncio.Task[Run]]]:
    """
    Yield the run of each selected mutant of this module, started in the order of the tests.

    No other module runs meanwhile: its tests would delay the mocks in our event loop.
    """
    runs = {
        mutant.id: partial(run_mutant, mutant, tmp_path_factory.mktemp(mutant.id))
        for (mutant,) in selected(request, "mutant")
    }
    async with begun(runs, at_once=_AT_ONCE) as tasks:
        yield tasks
