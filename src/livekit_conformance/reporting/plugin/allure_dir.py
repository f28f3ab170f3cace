"""
--alluredir: allure-pytest reports the user's own tests, and our writer adds the checks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from livekit_conformance.errors import in_system_words
from livekit_conformance.reporting.plugin import collection
from livekit_conformance.reporting.result.model import Judge
from livekit_conformance.reporting.run.session import RunState
from livekit_conformance.reporting.writers import allure

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
    # Only then, because -k matches the names of all markers.
    if any(item.config.getoption(option, None) for option in _SELECTING):
        for name, value in allure.labels(collection.planned(item)).items():
            item.add_marker(pytest.mark.allure_label(value, label_type=name))


class AllureDir:
    """
    Hooks that add the checks to the folder of --alluredir.
    """

    def __init__(self, folder: Path, run: RunState, judge: Judge) -> None:
        self._folder = folder
        self._run = run
        self._judge = judge
        self._failure: str | None = None

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
        Print why the results could not be written.
        """
        if self._failure is not None:
            terminalreporter.write_line(self._failure, red=True)
