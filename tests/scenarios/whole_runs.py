"""
Tests that look at a whole run, which is played together with those of all other such tests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

Play = Callable[[Path], Awaitable[Any]]
Test = TypeVar("Test", bound=Callable[..., Any])
# The first test that needs its run waits for all of them.
_ALL_WITHIN_S = 600


@dataclass(frozen=True)
class Recipe:
    """
    A coroutine function that plays a run in the given folder, and its approximate duration.
    """

    play: Play
    takes_s: float


def looks_at(*plays: Play, takes_s: float) -> Callable[[Test], Test]:
    """
    Parametrize a test with these plays; its fixture `played` has the result of one.

    A play waits most of its time, and must tolerate the timing of a busy machine.
    `takes_s` is its approximate duration when run alone: the longest start first.
    """
    recipes = [pytest.param(Recipe(play, takes_s), id=play.__name__) for play in plays]
    each = pytest.mark.parametrize("played", recipes, indirect=True)
    in_time = pytest.mark.timeout(_ALL_WITHIN_S)
    together = pytest.mark.xdist_group("whole runs")
    return lambda test: together(in_time(each(test)))
