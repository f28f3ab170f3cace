"""
Entry point `pytest11`: load the suite's plugin only in projects that ask for it.

pytest imports this module in every run of every environment that has the package installed. So it
declares one ini option, no command-line option, and imports the rest only if that option is on.
"""

from __future__ import annotations

import pytest

# The ini option of a project whose suites/ holds checks.
SWITCH = "livekit_conformance"
_PLUGIN = "livekit_conformance.reporting.plugin.hooks"


def pytest_addoption(parser: pytest.Parser) -> None:
    """
    Declare the ini option.
    """
    parser.addini(SWITCH, "suites/ of this project holds conformance checks", "bool", default=False)


# Runs first, because conftest files may use what the plugin declares.
@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """
    Load the plugin, which then adds its options, if the project asks for it.
    """
    if early_config.getini(SWITCH):
        early_config.pluginmanager.import_plugin(_PLUGIN)
