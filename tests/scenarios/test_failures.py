"""
Each failure of the real services: its cause is named first, its link is right, nobody else is
blamed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from tests.scenarios.failures import SCENARIOS
from tests.scenarios.failures.scenario import Scenario, Told, play, wrong_blame

# Most of the time of a run is waiting.
_AT_ONCE = 5


@pytest_asyncio.fixture(scope="module")
async def runs(
    request: pytest.FixtureRequest,
    real_services: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Mapping[str, asyncio.Task[Told]]]:
    """
    The run of each selected scenario, begun in the order of the tests, several at a time.
    """
    slots = asyncio.Semaphore(_AT_ONCE)
    items = (item for item in request.session.items if item.path == request.path)
    calls = (getattr(item, "callspec", None) for item in items)
    params = (call.params["scenario"] for call in calls if call and "scenario" in call.params)
    selected = {scenario.name: scenario for scenario in params}

    async def run(scenario: Scenario) -> Told:
        async with slots:
            return await play(scenario, tmp_path_factory.mktemp(scenario.name))

    tasks = {name: asyncio.create_task(run(scenario)) for name, scenario in selected.items()}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
async def test_the_cause_is_named_first_and_nothing_else_is_blamed(
    scenario: Scenario, runs: Mapping[str, asyncio.Task[Told]]
) -> None:
    told = await runs[scenario.name]

    assert told.exit_status == 1, told.output
    assert told.causes[:1] == (scenario.cause,), told.output
    assert wrong_blame(scenario, told) == set(), told.output
    assert told.first_broken == scenario.link, told.output
