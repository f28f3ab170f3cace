"""
allure-pytest beside our checks: it reports the tests that are none, and our writer the checks.

By itself it judges a test by its exception, where the suite has verdicts.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import allure_commons
import pytest

from livekit_conformance.errors import in_system_words
from livekit_conformance.reporting import collection
from livekit_conformance.reporting.model import Judge
from livekit_conformance.reporting.session import RunState
from livekit_conformance.reporting.writers import allure

_LISTENER = "allure_listener"
_SELECTING = tuple(
    f"allure_{labels}" for labels in ("epics", "features", "stories", "ids", "severities", "labels")
)


def folder_of(config: pytest.Config) -> Path | None:
    """
    Return the folder of --alluredir, None without the option.

    Raises UsageError if it cannot be made: allure-pytest would end in an internal error.
    """
    if (given := config.getoption("allure_report_dir", None)) is None:
        return None
    folder = Path(given).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"--alluredir {given}: {in_system_words(error)}") from error
    return folder


def label(item: pytest.Item) -> None:
    """
    Give a check the labels of its result if options of allure-pytest select by labels.
    """
    # Not otherwise: -k looks at the names of all markers.
    if any(item.config.getoption(option, None) for option in _SELECTING):
        for name, value in allure.labels(collection.planned(item)).items():
            item.add_marker(pytest.mark.allure_label(value, label_type=name))


class AllureDir:
    """
    Fills the folder of --alluredir.
    """

    def __init__(self, config: pytest.Config, folder: Path, run: RunState, judge: Judge) -> None:
        self._plugins = config.pluginmanager
        self._folder = folder
        self._run = run
        self._judge = judge
        # That of allure-pytest, while it is kept from seeing checks.
        self._listener: object | None = None
        self._failure: str | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """
        Let allure-pytest see the first test unless it is a check, and what follows the last one.
        """
        self._show_or_hide(next(iter(session.items), None))
        try:
            return (yield)
        finally:
            self._show_or_hide(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """
        Let allure-pytest see the next test unless it is a check.
        """
        # The hooks of one test are called with those who listen when it begins.
        outcome = yield
        self._show_or_hide(nextitem)
        return outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """
        Write the results of the checks.
        """
        if (result := self._judge.result) is None:
            return
        try:
            allure.add(result, self._folder, self._run.directory)
        except OSError as error:
            self._failure = f"--alluredir: {self._run.clean(str(error))}"
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """
        Say why the results are not there.
        """
        if self._failure is not None:
            terminalreporter.write_line(self._failure, red=True)

    def _show_or_hide(self, item: pytest.Item | None) -> None:
        """
        Hide `item` from allure-pytest if it is a check; None stands for the end of the tests.
        """
        hides = item is not None and collection.is_check(item)
        if hides and self._listener is None:
            self._listener = self._plugins.get_plugin(_LISTENER)
            self._plugins.unregister(self._listener)
            allure_commons.plugin_manager.unregister(self._listener)
        elif not hides and self._listener is not None:
            self._plugins.register(self._listener, _LISTENER)
            allure_commons.plugin_manager.register(self._listener)
            self._listener = None
