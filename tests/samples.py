"""
Choose what is played of what needs minutes: a sample, or with FAILURES=whole all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

PLAYS_ALL: Final = os.environ.get("FAILURES") == "whole"
T = TypeVar("T")


def sample(all_of_them: Iterable[T], kinds: Callable[[T], Iterable[object]]) -> list[T]:
    """
    Return all of them, or those that are the first of one of their kinds.
    """
    seen: set[object] = set()
    chosen: list[T] = []
    for one in all_of_them:
        fresh = {*kinds(one)} - seen
        seen |= fresh
        if fresh or PLAYS_ALL:
            chosen.append(one)
    return chosen
