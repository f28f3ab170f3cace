"""
Several modules at a time, each in a worker of pytest-xdist: `pytest -n 3 --dist loadgroup`.

The tests of a module stay together, because they look at the same runs; so do those of a group
(the marker `xdist_group`). What takes longest begins first: at the end nobody waits for it.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

# Each takes a minute or more; all others finish meanwhile.
_LONGEST_FIRST = (
    "tests/mutants/test_mutants.py",
    "tests/scenarios/test_failures.py",
    "whole runs",
    "tests/mutants/test_missing_comforts.py",
    "tests/faults/test_table.py",
)


class ModuleByModule(LoadGroupScheduling):
    """
    Gives a worker the tests of a whole module, or of a whole group.
    """

    def _split_scope(self, nodeid: str) -> str:
        group = super()._split_scope(nodeid)
        return nodeid.partition("::")[0] if group == nodeid else group


def pytest_configure(config: pytest.Config) -> None:
    """
    Take away what readline exported in the controller: 80 columns, and there is no terminal.
    """
    if hasattr(config, "workerinput"):
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ModuleByModule:
    config.option.loadscopereorder = False
    return ModuleByModule(config, log)


# After pytest-randomly.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    marker = item.get_closest_marker("xdist_group")
    name = marker.args[0] if marker else item.nodeid.partition("::")[0]
    return _LONGEST_FIRST.index(name) if name in _LONGEST_FIRST else len(_LONGEST_FIRST)
