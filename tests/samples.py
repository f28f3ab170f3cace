"""
How much of what needs minutes is played: a sample, or with FAILURES=whole all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

PLAYS_ALL: Final = os.environ.get("FAILURES") == "whole"

T = TypeVar("T")


def sample(all_of_them: Iterable[T], kind: Callable[[T], object]) -> list[T]:
    """
    Return all of them, or the first of each kind.
    """
    kinds: dict[object, T] = {}
    everything = [*all_of_them]
    for one in everything:
        kinds.setdefault(kind(one), one)
    return everything if PLAYS_ALL else [*kinds.values()]
