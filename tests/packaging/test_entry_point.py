"""
The pytest11 entry point: its effect on projects that merely have the package installed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

from livekit_conformance import pytest_plugin

NAME = pytest_plugin.__name__
# A project with an option and a folder of the same name as ours.
CONFTEST = 'def pytest_addoption(parser):\n    parser.addoption("--env")\n'
TEST = """\
import json
import sys


def test_modules(request):
    ours = [name for name in sys.modules if name.startswith("livekit")]
    plugins = [name for name, _ in request.config.pluginmanager.list_name_plugin()]
    with open("seen.json", "w") as seen:
        json.dump({"modules": ours, "plugins": plugins, "env": request.config.option.env}, seen)
"""


def run(folder, *arguments):
    return subprocess.run(
        # Named as well as installed: an old installation of the checkout has no entry point.
        [sys.executable, "-m", "pytest", "-p", NAME, "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_project_keeps_its_options_and_imports_nothing_of_ours(tmp_path):
    (tmp_path / "suites").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "suites" / "test_modules.py").write_text(TEST)

    done = run(tmp_path, "suites", "--env=theirs")

    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["env"] == "theirs"
    assert sorted(seen["modules"]) == ["livekit_conformance", NAME]
    assert [name for name in seen["plugins"] if name.startswith("livekit")] == [NAME]
    assert not (tmp_path / "reports").exists()


def test_the_switch_loads_the_plugin_with_its_options(tmp_path):
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{pytest_plugin.SWITCH} = true\n")

    done = run(tmp_path, "--help")

    assert done.returncode == 0, done.stderr
    assert "--env=NAME|PATH" in done.stdout


def test_the_entry_point_is_this_module():
    points = metadata.entry_points(group="pytest11", name=NAME)

    assert [point.value for point in points] == [NAME], "make .venv/run installs the entry point"
