"""
What the tests of the suite need, and its own runs do not; one browser for all who look at a page.
"""

from __future__ import annotations

import shutil

import pytest

from tests.missing import missing
from tests.reporting.browser import browser

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    program = shutil.which("chromium")
    if program is None:
        missing("Chromium is missing; install it: apt-get install chromium")
    with browser(program, tmp_path_factory.mktemp("browser")) as opened:
        yield opened
