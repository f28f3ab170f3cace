"""
One version: in the package, in its metadata and in the changelog.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from livekit_conformance import __version__
from livekit_conformance.cli.main import main

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


def test_the_newest_section_of_the_changelog_is_this_version():
    sections = re.findall(r"^## (\d\S*)", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)

    assert sections[0] == __version__


def test_the_metadata_has_this_version():
    assert metadata.version("livekit-conformance") == __version__, "make .venv/run installs it"


def test_the_command_prints_it(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"livekit-conformance {__version__}\n"
