"""
Pytest plugin: sets the clock of libfaketime at a check, by the environment.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from livekit_conformance.provisioners.local.prerequisites import FAKETIME
from tests.require import require

_AT, _BY = "CLOCK_JUMPS_AT", "CLOCK_JUMPS_BY"


def environ(folder: Path, *, at: str, by_s: int) -> Mapping[str, str]:
    """
    Return the environment of a run whose clock is set by `by_s` seconds when the check `at` begins.

    `at` is the name of its function. The monotonic clock runs on, as it does on a real machine.
    """
    clock = folder / "clock"
    clock.write_text("+0s", encoding="utf-8")
    return {
        "LD_PRELOAD": require(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTEST_PLUGINS": __name__,
        _AT: at,
        _BY: f"{by_s:+}s",
    }


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Function) -> Generator[None]:
    """
    Set the clock before the first check of the name.
    """
    if item.originalname == os.environ[_AT]:
        Path(os.environ["FAKETIME_TIMESTAMP_FILE"]).write_text(os.environ[_BY], encoding="utf-8")
    yield
