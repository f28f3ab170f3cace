"""
Run several long runs at a time: each spends most of its time waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


def selected(request: pytest.FixtureRequest, *parameters: str) -> list[tuple[Any, ...]]:
    """
    Return the values of these parameters in the selected tests of a module, in test order.

    Several tests may look at the same run.
    """
    items = (item for item in request.session.items if item.path == request.path)
    calls = (getattr(item, "callspec", None) for item in items)
    return [
        tuple(call.params[name] for name in parameters)
        for call in calls
        if call is not None and call.params.keys() >= set(parameters)
    ]


@asynccontextmanager
async def begun(
    runs: Mapping[Key, Callable[[], Awaitable[Result]]], *, at_once: int
) -> AsyncIterator[Mapping[Key, asyncio.Task[Result]]]:
    """
    Start the runs in order, at most `at_once` at a time, and yield their tasks; cancel the rest.
    """
    slots = asyncio.Semaphore(at_once)

    async def in_turn(run: Callable[[], Awaitable[Result]]) -> Result:
        async with slots:
            return await run()

    tasks = {key: asyncio.create_task(in_turn(run)) for key, run in runs.items()}
    try:
        yield tasks
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
