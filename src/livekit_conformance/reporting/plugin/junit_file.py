"""
--junitxml: pytest writes the user's own tests, and our writer adds the checks.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from _pytest.junitxml import xml_key

from livekit_conformance.reporting.result.model import Judge
from livekit_conformance.reporting.writers import junit


class JunitFile:
    """
    Hook that completes the file of --junitxml.
    """

    def __init__(self, config: pytest.Config, judge: Judge) -> None:
        self._config = config
        self._judge = judge

    # Runs last, after pytest has written its part.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """
        Put the suites of the checks first, in place of an empty one.
        """
        if (result := self._judge.result) is None:
            return
        path = Path(self._config.stash[xml_key].logfile)
        root = ET.parse(path).getroot()  # noqa: S314 - pytest has just written it
        for suite in root.findall("testsuite[@tests='0']"):
            root.remove(suite)
        root[:0] = junit.suites(result)
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
