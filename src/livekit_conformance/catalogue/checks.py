"""
Ids of all checks in `suites/`, in the order of the catalogue.

They let a run that collects only part of the suites report the checks that it did not look at.
`make generated` writes `checks.txt` from the suites; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

CHECKS: tuple[str, ...] = tuple(
    resources.files(__package__).joinpath("checks.txt").read_text(encoding="utf-8").split()
)


def not_selected(selected: Iterable[str]) -> tuple[str, ...]:
    """
    Return the ids of all checks that are not among `selected`.
    """
    chosen = set(selected)
    return tuple(check for check in CHECKS if check not in chosen)
