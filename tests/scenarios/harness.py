"""
Run the suites as an operator would: a command line, a profile file, an exit status, a result file.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from livekit_conformance.environments.profile import Profile
from tests.scenarios.fork_server import READ_AT_START, ForkedRun, start_pytest

ROOT = Path(__file__).parents[2]
# Plugins of our tests and of pytest that a run of an operator does not need.
_NOT_NEEDED = ("randomly", "cacheprovider", "hypothesispytest")


@dataclass(frozen=True)
class Run:
    """
    One finished run of the suites.
    """

    exit_status: int
    output: str
    seconds: float
    folder: Path
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def checks(self) -> list[dict[str, Any]]:
        assert self.results, f"the run wrote no results; it said:\n{self.output}"
        checks: list[dict[str, Any]] = self.results["checks"]
        return checks

    @property
    def verdicts(self) -> dict[str, str]:
        return {check["id"]: check["verdict"] for check in self.checks}

    def check(self, clause: str) -> dict[str, Any]:
        return next(check for check in self.checks if check["id"] == clause)

    @property
    def diagnoses(self) -> list[str]:
        return [diagnosis["id"] for diagnosis in self.results["diagnoses"]]


async def run_suites(
    env: str, reports: Path, *arguments: str, environ: dict[str, str] | None = None
) -> Run:
    """
    Run `pytest suites/ --env=...` in a separate process, forked from one with its imports done.
    """
    started = time.perf_counter()
    process: ForkedRun | asyncio.subprocess.Process
    if not READ_AT_START.isdisjoint(environ or {}):
        process = await start_suites(env, reports, *arguments, environ=environ)
    else:
        process = await fork_suites(env, reports, *arguments, environ=environ)
    output, _ = await process.communicate()
    seconds = time.perf_counter() - started
    results = reports / "latest" / "results.json"
    return Run(
        process.returncode if process.returncode is not None else -1,
        output.decode(),
        seconds,
        (reports / "latest").resolve(),
        json.loads(results.read_text()) if results.is_file() else {},
    )


async def fork_suites(
    env: str, reports: Path, *arguments: str, environ: dict[str, str] | None = None
) -> ForkedRun:
    """
    Start the same in a process forked from one with its imports done.
    """
    arguments = tuple(_arguments(env, reports, *arguments))
    return await start_pytest(arguments, cwd=ROOT, env=_environment(environ))


async def start_suites(
    env: str, reports: Path, *arguments: str, environ: dict[str, str] | None = None
) -> asyncio.subprocess.Process:
    """
    Start the same in a child of this process, for tests that send signals to it.
    """
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", *_arguments(env, reports, *arguments)),
        cwd=ROOT,
        env=_environment(environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


def _arguments(env: str, reports: Path, *arguments: str) -> list[str]:
    without = (f"-pno:{plugin}" for plugin in _NOT_NEEDED)
    return ["suites/", f"--env={env}", f"--reports={reports}", *without, *arguments]


def _environment(changes: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(changes or {})}


def write_profile(profile: Profile, path: Path) -> str:
    """
    Write the profile as a file of kind live, secrets included, and return its path for --env.
    """
    content = profile.model_dump(mode="json", exclude_none=True)
    content["kind"] = "live"
    content["livekit"]["api_secret"] = reveal(profile.livekit.api_secret)
    content["sip"]["password"] = reveal(profile.sip.password)
    content["sip"]["outbound"]["password"] = reveal(profile.sip.outbound.password)
    content["webhook"]["timeout"] = f"{profile.webhook.timeout:g}s"
    content["limits"]["run"] = f"{profile.limits.run:g}s"
    content["quality"]["jitter"] = f"{profile.quality.jitter:g}s"
    content["logs"] = [
        {"service": source.service, "path": str(source.path)} for source in profile.logs
    ]
    path.touch(0o600)
    path.write_text(yaml.safe_dump(content))
    return str(path)


def reveal(secret: SecretStr) -> str:
    return secret.get_secret_value()
