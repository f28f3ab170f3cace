"""
The wheel, built from this checkout and installed where the checkout is not importable.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Installed:
    """
    An environment with the wheel installed, and a working folder.
    """

    prefix: Path
    home: Path

    @property
    def packages(self):
        (found,) = self.prefix.glob("lib/python*/site-packages")
        return found

    def run(self, *arguments, **environ):
        """
        Run the command in the folder, with no variable of ours but `environ`.
        """
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [self.prefix / "bin" / "livekit-conformance", *arguments],
            cwd=self.home,
            env=kept | environ,
            capture_output=True,
            text=True,
            check=False,
        )


def build(target, source, folder):
    """
    Build a wheel or an sdist of the folder `source`, offline, and return its file.
    """
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder],
        cwd=source,
        capture_output=True,
        check=True,
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    return build("wheel", CHECKOUT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installation(wheel, tmp_path_factory):
    """
    Return an environment whose only package is the wheel; its dependencies come from ours by a
    path, on which editable installations have no effect.
    """
    prefix = tmp_path_factory.mktemp("installed")
    venv.create(prefix, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", prefix / "bin" / "python", "install"]
    subprocess.run(
        [*pip, "--no-index", "--no-deps", "--quiet", wheel], capture_output=True, check=True
    )
    installed = Installed(prefix, prefix)
    (installed.packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return installed


@pytest.fixture
def installed(installation, tmp_path):
    """
    Return the environment with an empty working folder that has a blank in its name.
    """
    home = tmp_path / "some where"
    home.mkdir()
    return Installed(installation.prefix, home)
