"""
The wheel in an environment without a checkout: the commands work in any folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from livekit_conformance import __version__
from tests.packaging.conftest import CHECKOUT, build

PACKAGED = Path("livekit_conformance/_packaged")
ANSWERS = "suites/connectivity/test_server.py::test_server_answers_a_plain_get"
# A pytest plugin that records where our modules were imported from.
SPY = """\
import sys


def pytest_unconfigure():
    files = {
        module.__file__
        for name, module in [*sys.modules.items()]
        if name.split(".")[0] in ("livekit_conformance", "fixtures", "suites", "conftest")
        and getattr(module, "__file__", None)
    }
    with open("files.txt", "w") as out:
        out.write("\\n".join(files))
"""
LIVEKIT_SIP = "redis: {address: '127.0.0.1:6379'}\napi_key: APIkey12345\n"


def names(wheel):
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def results(home):
    return json.loads((home / "reports" / "latest" / "results.json").read_text(encoding="utf-8"))


def test_the_wheel_holds_what_a_run_needs(wheel):
    sources = [
        path
        for folder in ("suites", "fixtures", "config", "stack")
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    expected = {str(PACKAGED / path.relative_to(CHECKOUT)) for path in sources}
    expected |= {str(PACKAGED / name) for name in ("conftest.py", "pyproject.toml")}
    expected |= {
        "livekit_conformance/py.typed",
        "livekit_conformance/reporting/results.schema.json",
        "livekit_conformance/config_doctor/keys/livekit-server.yaml",
    }

    assert expected - names(wheel) == set()


def test_the_wheel_of_the_sdist_is_the_same(wheel, tmp_path):
    sdist = build("sdist", CHECKOUT, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        # Python before 3.11.4 has no argument `filter`.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path)  # noqa: S202 - we have packed it ourselves

    rebuilt = build("wheel", tmp_path / f"livekit_conformance-{__version__}", tmp_path / "wheel")

    assert names(rebuilt) == names(wheel)


def test_the_mock_is_checked_by_the_installed_files_alone(installed):
    (installed.home / "spy.py").write_text(SPY)

    done = installed.run("run", "-p", "spy", "-m", "smoke", PYTHONPATH=str(installed.home))

    assert done.returncode == 0, done.stdout + done.stderr
    assert results(installed.home)["run"]["verdict"] in ("CONFORMANT", "PARTIALLY CONFORMANT")
    nodes = {check["node_id"] for check in results(installed.home)["checks"]}
    assert ANSWERS in nodes
    assert {node.partition("/")[0] for node in nodes} == {"suites"}
    files = (installed.home / "files.txt").read_text().splitlines()
    ours = installed.packages / "livekit_conformance"
    assert [file for file in files if ours not in Path(file).parents] == []
    assert len(files) > len([*CHECKOUT.glob("fixtures/*.py")])
    assert {path.name for path in installed.home.iterdir()} <= {
        *("reports", ".pytest_cache"),
        *("spy.py", "files.txt", "__pycache__"),
    }


@pytest.mark.parametrize("env", ["./profiles/mine.yaml", "mine"])
def test_a_profile_of_the_folder_and_one_check_by_its_node_id(installed, env):
    folder = installed.home / ("profiles" if "/" in env else "config")
    folder.mkdir()
    text = (CHECKOUT / "config" / "mock.yaml").read_text(encoding="utf-8")
    (folder / "mine.yaml").write_text(text, encoding="utf-8")

    done = installed.run("run", ANSWERS, f"--env={env}", "--reports=kept")

    assert done.returncode == 0, done.stdout + done.stderr
    latest = installed.home / "kept" / "latest" / "results.json"
    found = json.loads(latest.read_text(encoding="utf-8"))
    assert found["run"]["environment"] == "mine"
    passed = [check["node_id"] for check in found["checks"] if check["verdict"] == "PASS"]
    assert passed == [ANSWERS]
    page = (latest.parent / "report.html").read_text(encoding="utf-8")
    command = os.path.relpath(installed.prefix / "bin" / "livekit-conformance", installed.home)
    assert f"{command} run {ANSWERS} --env={env} --reports=kept<" in page


def test_the_command_on_path_is_called_by_its_name_when_run_again(installed):
    path = f"{installed.prefix / 'bin'}{os.pathsep}{os.environ['PATH']}"

    installed.run("run", "--env=mock", ANSWERS, PATH=path)

    page = (installed.home / "reports" / "latest" / "report.html").read_text(encoding="utf-8")
    assert f">livekit-conformance run {ANSWERS} --env=mock<" in page


def test_an_unknown_environment_names_those_of_the_folder_and_of_the_package(installed):
    (installed.home / "config").mkdir()
    (installed.home / "config" / "ours.yaml").write_text("kind: mock\nallow: [read]\n")

    done = installed.run("run", "--env=prodd")

    assert done.returncode == 4
    assert f"there is no file {installed.home}/config/prodd.yaml" in done.stderr
    assert "known environments: local, mock, ours, prod, staging" in done.stderr


def test_the_other_commands_work_there(installed):
    (installed.home / "sip.log").write_text(
        '{"level":"warn","ts":1.0,"logger":"sip","msg":"Rejecting inbound, auth check failed"}\n'
    )
    (installed.home / "livekit-sip.yaml").write_text(LIVEKIT_SIP)
    expected = {
        ("--version",): (0, f"livekit-conformance {__version__}"),
        ("list",): (0, "1.1-key-is-accepted"),
        ("doctor", "--env=mock"): (0, "nothing was changed"),
        ("diagnose", "sip.log"): (0, "sip.log: livekit-sip"),
        ("config", "check", "livekit-sip.yaml"): (0, "api_secret"),
        ("compare", "nowhere", "nowhere"): (4, "nowhere"),
    }

    for arguments, (status, words) in expected.items():
        done = installed.run(*arguments)
        assert (done.returncode, words in done.stdout + done.stderr) == (status, True), (
            arguments,
            done.stdout + done.stderr,
        )


def test_the_services_are_built_from_the_modules_of_the_package(installed):
    """
    Without Go nothing is built; the message names a command that works without the Makefile.
    """
    program = (
        "from livekit_conformance.errors import Blocked\n"
        "from livekit_conformance.provisioners.local import binaries\n"
        "for program in (binaries.SERVER, binaries.SIP):\n"
        "    for version in program.versions:\n"
        "        assert (program.module(version) / 'go.mod').is_file(), version\n"
        "try:\n"
        "    binaries.find(binaries.SERVER, {'PATH': '', 'XDG_CACHE_HOME': '/nowhere'})\n"
        "except Blocked as missing:\n"
        "    print(missing.remedy)\n"
    )

    done = subprocess.run(
        [installed.prefix / "bin" / "python", "-c", program],
        cwd=installed.home,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m livekit_conformance.provisioners.local.binaries" in done.stdout
