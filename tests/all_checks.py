"""
Collect the checks of `suites/` and write their ids, in order, into the catalogue's folder.

`make generated` runs it.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from livekit_conformance.catalogue import checks
from livekit_conformance.reporting.plugin import collection

ROOT = Path(__file__).parents[1]
FILE = Path(checks.__file__).with_suffix(".txt")


class _Collector:
    def __init__(self):
        self.ids = []

    def pytest_collection_finish(self, session):
        self.ids = [collection.check_id(item) for item in session.items]


def collected():
    collector = _Collector()
    arguments = ["suites", "--collect-only", "-q", "-p", "no:cacheprovider"]
    with redirect_stdout(StringIO()) as told:
        status = pytest.main([f"--rootdir={ROOT}", *arguments], plugins=[collector])
    assert status == pytest.ExitCode.OK, told.getvalue()
    return collector.ids


if __name__ == "__main__":
    FILE.write_text("\n".join(collected()) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
