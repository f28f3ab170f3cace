from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from livekit_conformance.mock import Faults, Mock, MockConfig
from tests.mock import replay

StartMock = Callable[..., Awaitable[Mock]]


@pytest.fixture
async def start_mock(tmp_path: Path) -> AsyncIterator[StartMock]:
    """
    Yield a function that starts mocks with the recordings' key pair; keywords of MockConfig.
    """
    async with AsyncExitStack() as stack:

        async def start(*, faults: Faults | None = None, **settings: Any) -> Mock:
            config = MockConfig(
                replay.API_KEY,
                replay.API_SECRET,
                tmp_path,
                faults=faults or Faults(),
                **{"departure_timeout_s": 0.2, "answer_delay_s": 0.05} | settings,
            )
            return await stack.enter_async_context(Mock(config))

        yield start


@pytest.fixture
async def mock(start_mock: StartMock) -> Mock:
    """
    Return a healthy mock.
    """
    return await start_mock()
