"""
--alluredir: allure-pytest reports the user's own tests, and our writer adds the checks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from livekit_conformance.errors import in_system_words
from livekit_conformance.reporting.plugin import collection
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
