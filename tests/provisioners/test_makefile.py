"""
The virtual environment of `make`, in a path with blanks: complete, in place, or made anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.provisioners.test_local import script

ROOT = Path(__file__).parents[2]
# Python, except for the module venv: it creates a Python and a pip that install nothing.
PYTHON = f"""
[ "$1 $2" = "-m venv" ] || exec "{sys.executable}" "$@"
echo made >> "$JOURNAL"
for folder; do :; done
[ "$3" != --clear ] || rm -rf "$folder"
mkdir -p "$folder/bin"
ln -sf /bin/true "$folder/bin/python"
[ -z "$NO_ENSUREPIP" ] || exit 1
ln -sf /bin/true "$folder/bin/pip"
"""


class Checkout:
    def __init__(self, folder):
        self.folder = folder / "a check out"
        self.folder.mkdir()
        for name in ("Makefile", "pyproject.toml", "requirements-build.lock", "requirements.lock"):
            shutil.copy(ROOT / name, self.folder)
        self.python = script(folder / "python", PYTHON)
        self.journal = folder / "journal"
        self.journal.touch()

    def make(self, **environ):
        """
        Install the checks' packages; return the status, and the count of environments made.
        """
        done = subprocess.run(
            ("make", ".venv/run", f"PYTHON={self.python}"),
            cwd=self.folder,
            env=os.environ | {"JOURNAL": str(self.journal), **environ},
            check=False,
            capture_output=True,
        )
        return done.returncode, self.journal.read_text().count("made")


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_it_is_made_once(checkout):
    assert [checkout.make(), checkout.make()] == [(0, 1), (0, 1)]


def test_one_that_was_left_half_made_is_made_anew(checkout):
    assert checkout.make(NO_ENSUREPIP="1") == (2, 1)
    assert checkout.make() == (0, 2)


def test_a_checkout_that_was_moved_gets_one_of_its_own(checkout):
    checkout.make()
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved"))

    assert checkout.make() == (0, 2)
    assert checkout.make() == (0, 2)


def test_one_whose_python_is_gone_is_made_anew(checkout):
    checkout.make()
    (checkout.folder / ".venv" / "bin" / "python").unlink()

    assert checkout.make() == (0, 2)


def locked(name):
    """
    Return the packages of a lock, each as `name==version`.
    """
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^(\S+==\S+)", text, re.MULTILINE))


def test_the_project_is_built_with_the_locked_backend():
    """
    Without build isolation, pip does not look at the version.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert set(project["build-system"]["requires"]) <= locked("requirements-build.lock")


def test_no_lock_replaces_what_another_one_installed():
    locks = ("requirements-build.lock", "requirements.lock", "requirements-dev.lock")
    packages = set().union(*map(locked, locks))

    assert len(packages) == len({package.partition("==")[0] for package in packages})


def test_every_path_of_the_quick_tests_is_there():
    lines = (ROOT / "tests" / "quick.txt").read_text(encoding="utf-8").split()
    paths = [line.removeprefix("--ignore=") for line in lines]

    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
