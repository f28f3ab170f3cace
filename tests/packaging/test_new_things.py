"""
CONTRIBUTING.md says where a new thing goes: each is added to a copy, in those files and no others.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.packaging.conftest import CHECKOUT

COPIED = ("src", "suites", "fixtures", "config", "stack", "conftest.py", "pyproject.toml")
CLAUSE = """
    Clause(
        id="1.1-server-says-hello",
        level="MUST",
        area="connectivity",
        effect=Effect.READ,
        link=Link.SERVER,
        statement="the server MUST say hello",
    ),"""
CHECK = '''"""
Does the server say hello?
"""

import pytest

from livekit_conformance.environments.profile import Profile


@pytest.mark.clause("1.1-server-says-hello")
def test_the_server_says_hello(profile: Profile) -> None:
    """
    It greets as the profile says.
    """
    assert profile.greeting == "hello", f"it says {profile.greeting!r}"
'''
CAUSE = """
    Cause(
        "server-takes-its-leave",
        Link.SERVER,
        Text(en="The server takes its leave", ru="Сервер прощается"),
        Text(en="It says good bye.", ru="Он говорит «до свидания»."),
        Text(en="Teach it to say hello.", ru="Научите его здороваться."),
        shows=(
            Sign("check", {"id": "1.1-server-says-hello", "verdict": "FAIL"}),
            Sign("log", {"service": "livekit-server", "message": "good bye"}),
        ),
        source="a test",
    ),"""
WRITER = '''from pathlib import Path

from livekit_conformance.reporting.result.model import Result


def write(result: Result, path: Path) -> None:
    """
    Write how many checks there were.
    """
    path.write_text(f"{len(result.checks)} said hello\\n", encoding="utf-8")
'''
COMMAND = """import argparse
import sys
from typing import Any


def add_parser(commands: Any, summary: str) -> None:
    commands.add_parser("greet", help=summary).set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    sys.stdout.write("hello\\n")
    return 0
"""
PACKAGE = "src/livekit_conformance/"
# Table row -> what is put where: before a text of a file, or with None as a new file.
ADDED = {
    "clause": {
        PACKAGE + "catalogue/clauses/server.py": ("CLAUSES: tuple[Clause, ...] = (", CLAUSE)
    },
    "check": {"suites/connectivity/test_hello.py": (None, CHECK)},
    "cause": {PACKAGE + "catalogue/causes/bus.py": ("CAUSES: tuple[Cause, ...] = (", CAUSE)},
    "profile key": {
        PACKAGE + "environments/profile.py": (
            "limits: Limits = Limits()",
            '\n    greeting: str = ""',
        )
    },
    "report format": {
        PACKAGE + "reporting/writers/hello.py": (None, WRITER),
        PACKAGE + "reporting/writers/__init__.py": (
            "WRITERS: dict[str, Callable[[Result, Path], None]] = {",
            '\n    "hello.txt": hello.write,',
        ),
    },
    "command": {
        PACKAGE + "cli/greet.py": (None, COMMAND),
        PACKAGE + "cli/main.py": (
            "Mapping[str, str] = MappingProxyType(\n    {",
            '\n        "greet": "say hello",',
        ),
    },
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """
    A copy of the checkout with one new thing of each kind.
    """
    copy = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        source = CHECKOUT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
    for files in ADDED.values():
        for name, (after, text) in files.items():
            file = copy / name
            if after is None:
                file.write_text(text, encoding="utf-8")
                continue
            before, found, rest = file.read_text(encoding="utf-8").partition(after)
            assert found, f"{name} has no {after!r}"
            file.write_text(f"{before}{found}{text}{rest}", encoding="utf-8")
    writers = copy / PACKAGE / "reporting/writers/__init__.py"
    imports = writers.read_text(encoding="utf-8")
    writers.write_text(imports.replace("    ctrf,\n", "    ctrf,\n    hello,\n"), encoding="utf-8")
    profile = "kind: mock\nallow: [read]\ngreeting: good bye\n"
    (copy / "config" / "hello.yaml").write_text(profile, encoding="utf-8")
    return copy


def ran(copy, *arguments):
    environ = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=copy,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_check_fails_with_its_cause_and_is_in_a_new_report(copy):
    done = ran(copy, "pytest", "suites/", "--env=hello", "-k", "hello")

    (results,) = copy.glob("reports/2*/results.json")
    told = json.loads(results.read_text(encoding="utf-8"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert [(check["id"], check["verdict"]) for check in told["checks"]] == [
        ("1.1-server-says-hello", "FAIL")
    ]
    assert "it says 'good bye'" in told["checks"][0]["message"]
    assert [cause["id"] for cause in told["diagnoses"]] == ["server-takes-its-leave"]
    assert results.with_name("hello.txt").read_text(encoding="utf-8") == "1 said hello\n"


def test_a_new_cause_is_found_in_a_log(copy, tmp_path):
    log = tmp_path / "livekit-server.log"
    line = {"level": "error", "ts": 1.0, "logger": "livekit", "msg": "good bye"}
    log.write_text(json.dumps(line) + "\n", encoding="utf-8")

    done = ran(copy, "livekit_conformance.cli", "diagnose", "--json", str(log))

    assert "server-takes-its-leave" in done.stdout


def test_a_new_command_runs_and_is_in_the_help(copy):
    assert ran(copy, "livekit_conformance.cli", "greet").stdout == "hello\n"
    assert "say hello" in ran(copy, "livekit_conformance.cli", "--help").stdout


def test_the_table_names_the_files_of_each_new_thing():
    table = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([a-z ]+?)(?::[^|]*)? \| ([^|]*\|[^|]*) \|$", table, re.MULTILINE))

    for thing, files in ADDED.items():
        named = re.findall(r"`([^`]+)`", rows[thing])
        for file in files:
            assert any(
                re.sub(r"<\w+>", "", name).rstrip("/") in file or "__init__" in name
                for name in named
            ), f"{thing}: {file}"
