from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.recipes.recipes import FOLDER, ROOT
from tests.scenarios.fork_server import ForkedRun

# Programs that record their arguments, and end with a given status.
PYTEST = """#!/usr/bin/env bash
echo "pytest $*" >>"$CALLS"
for argument; do
    case $argument in --reports=*) reports=${argument#*=} ;; esac
done
case $ENDS in 3 | 4 | 5) exit "$ENDS" ;; esac
run=20260102T030405Z-staging-0000beef
mkdir -p "$reports/$run"
echo '{}' >"$reports/$run/journal.jsonl"
ln -sfn "$run" "$reports/latest"
case $ENDS in
killed) kill -KILL $$ ;;
hangs)
    trap 'echo "terminated" >>"$CALLS"; kill $!; exit 2' TERM
    ignored=$(sed -n 's/^SigIgn:[[:space:]]*/0x/p' /proc/$$/status)
    ((ignored & 2)) && echo "ignores SIGINT" >>"$CALLS"
    sleep 60 &
    echo "started" >>"$CALLS"
    wait
    ;;
esac
for name in results.json report.html junit.xml summary.md; do echo x >"$reports/$run/$name"; done
case $ENDS in
leaks)
    mkdir "$reports/$run/evidence" "$reports/allure-history"
    touch "$reports/$run/evidence/a" "$reports/allure-history/a" "$reports/$run/ledger.jsonl"
    echo "report.html: shows one" >"$reports/$run/unfit-for-a-ticket.txt"
    exit 1
    ;;
esac
exit "$ENDS"
"""
COMMAND = """#!/usr/bin/env bash
echo "$*" >>"$CALLS"
case $1 in
report)
    for name in results.json report.html junit.xml summary.md; do
        echo x >"$(dirname "$3")/$name"
    done
    exit 1
    ;;
sweep) exit "${SWEEP_ENDS:-0}" ;;
esac
"""


@dataclass
class Ended:
    """
    Exit status and output of a shell step.
    """

    status: int
    output: str


@dataclass
class Workspace:
    """
    A copy of the checkout in which shell steps run as a CI system runs them.
    """

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    async def start(self, script: str, **environ: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *("bash", "-e", "-c", script),
            cwd=self.root,
            env=self.environ | environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    async def run(self, script: str, **environ: str) -> Ended:
        return await ended(await self.start(script, **environ))

    @property
    def calls(self) -> list[str]:
        """
        Arguments with which the programs were called.
        """
        path = Path(self.environ["CALLS"])
        return path.read_text().splitlines() if path.exists() else []

    @property
    def job_reports(self) -> set[str]:
        return {path.name for path in (self.root / "job-reports").glob("*")}


async def ended(process: asyncio.subprocess.Process | ForkedRun) -> Ended:
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return Ended(process.returncode, output.decode())


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Workspace:
    """
    Return a workspace with the real script, but stand-ins for pytest and livekit-conformance.
    """
    root = tmp_path / "checkout"
    (root / "recipes").mkdir(parents=True)
    shutil.copy(FOLDER / "check.sh", root / "recipes")
    programs = tmp_path / "programs"
    programs.mkdir()
    program(programs / "pytest", PYTEST)
    program(programs / "livekit-conformance", COMMAND)
    return Workspace(
        root,
        {
            "PATH": os.environ["PATH"],
            "LIVEKIT_CONFORMANCE_BIN": str(programs),
            "CALLS": str(tmp_path / "calls"),
            "ENDS": "0",
        },
    )


@pytest.fixture(scope="session")
def fresh_copy(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """
    Return the suite as a fresh clone has it, with the programs that run these tests.
    """
    folder = tmp_path_factory.mktemp("recipes")
    root = folder / "checkout"
    root.mkdir()
    for name in ("config", "fixtures", "recipes", "suites"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    return Workspace(
        root,
        {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT / "src"),
            "LIVEKIT_CONFORMANCE_BIN": str(Path(sys.executable).parent),
            # A job does not install the plugins of these tests.
            "PYTEST_ADDOPTS": "-p no:randomly -p no:hypothesispytest",
        },
    )


@pytest.fixture
def checkout(fresh_copy: Workspace) -> Iterator[Workspace]:
    """
    Yield the fresh copy, and remove the reports of the test.
    """
    yield Workspace(fresh_copy.root, dict(fresh_copy.environ))
    for name in ("reports", "job-reports"):
        shutil.rmtree(fresh_copy.root / name, ignore_errors=True)
