"""
Fixtures of the scenarios: the real services, and a stack of them for each.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.binaries import REDIS, SERVER, SIP, find
from tests.concurrency import begun
from tests.require import missing
from tests.scenarios import real_stack
from tests.scenarios.whole_runs import Recipe

# Most of the time of a run is waiting.
_AT_ONCE = 4


@pytest.fixture(scope="session")
def real_services() -> None:
    """
    Require the real services: without them the test is BLOCKED, and in CI it fails.
    """
    try:
        for program in (REDIS, SERVER, SIP):
            find(program, os.environ)
    except Blocked as blocked:
        missing(str(blocked))


@pytest.fixture
def scene(real_services: None, tmp_path: Path) -> Callable[..., Any]:
    """
    Return a factory of scenes; its arguments override the services' configurations.
    """
    return partial(real_stack.scene, tmp_path)


@pytest_asyncio.fixture(scope="session")
async def whole_runs(
    request: pytest.FixtureRequest,
    real_services: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[Recipe, asyncio.Task[Any]]:
    """
    Play everything that the selected tests look at, before the first of them: no other test runs
    meanwhile.
    """
    calls = (getattr(item, "callspec", None) for item in request.session.items)
    values = (value for call in calls if call is not None for value in call.params.values())
    recipes = {value for value in values if isinstance(value, Recipe)}
    plays = {
        recipe: partial(recipe.play, tmp_path_factory.mktemp(recipe.play.__name__))
        for recipe in sorted(recipes, key=lambda recipe: recipe.takes_s, reverse=True)
    }
    async with begun(plays, at_once=_AT_ONCE) as tasks:
        await asyncio.wait(tasks.values())
        return tasks


@pytest_asyncio.fixture
async def played(
    request: pytest.FixtureRequest, whole_runs: Mapping[Recipe, asyncio.Task[Any]]
) -> Any:
    """
    Return the result of a test's recipe.
    """
    return await whole_runs[request.param]
