"""
A project with its own checks, run by an inner pytest.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livekit_conformance.catalogue import checks
from livekit_conformance.reporting.plugin import allure_html

CONFIG = Path(__file__).parents[2] / "config"
HEAD = """\
import asyncio

import pytest

from livekit_conformance.errors import Blocked, Unreachable, Violation
from livekit_conformance.observations import HttpExchange, LogWarning
from livekit_conformance.reporting.run.session import RUN


def see(request, summary, *, url="", status=None, body=""):
    told = {"url": url, "method": "GET", "status": status, "body": body}
    request.config.stash[RUN].recorder.record(HttpExchange(1.0, summary, **told))


def read(request, summary, **fields):
    line = LogWarning(1.0, summary, service="livekit-sip", fields=fields)
    request.config.stash[RUN].recorder.record(line)

"""
# As in pyproject.toml: each inner run would import the plugin of anyio again.
INI = "[pytest]\naddopts = --strict-markers --strict-config -p no:anyio\n"
QUIET = (
    "-p",
    "no:asyncio",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:hypothesispytest",
)


class Project:
    """An inner project: writes checks, runs them, reads the reports."""

    def __init__(self, pytester):
        self.pytester = pytester
        pytester.makeini(INI)
        pytester.makeconftest('pytest_plugins = ["livekit_conformance.reporting.plugin.hooks"]\n')
        self.profile("mock", (CONFIG / "mock.yaml").read_text(encoding="utf-8"))

    def profile(self, name, text):
        folder = self.pytester.path / "config"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def checks(self, source, name="test_checks"):
        folder = self.pytester.path / "suites"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(HEAD + source, encoding="utf-8")

    def check(self, clause, body="pass", arguments="request"):
        name = clause.replace("-", "_").replace(".", "_")
        return f'@pytest.mark.clause("{clause}")\ndef test_{name}({arguments}):\n    {body}\n\n\n'

    def run(self, *arguments):
        return self.pytester.runpytest_inprocess(
            "suites", *QUIET, *arguments, no_reraise_ctrlc=True
        )

    @property
    def latest(self):
        return self.pytester.path / "reports" / "latest"

    @property
    def results(self):
        return json.loads((self.latest / "results.json").read_text(encoding="utf-8"))

    @property
    def verdicts(self):
        return {check["id"]: check["verdict"] for check in self.results["checks"]}

    def one(self, check_id):
        (found,) = [check for check in self.results["checks"] if check["id"] == check_id]
        return found


@pytest.fixture
def project(pytester, monkeypatch):
    for name in (
        "ENV",
        "ENV_FILE",
        "ALLOW",
        "REPORTS",
        "BUDGET",
        "ANNOTATIONS",
        "REQUIRE_COVERAGE",
    ):
        monkeypatch.delenv(f"LIVEKIT_CONFORMANCE_{name}", raising=False)
    # It costs two seconds per run, where it happens to be installed.
    monkeypatch.setattr(allure_html, "program", lambda: None)
    # The project has no other checks.
    monkeypatch.setattr(checks, "CHECKS", ())
    return Project(pytester)


@pytest.fixture(scope="module")
def _kept():
    return {}


@pytest.fixture
def played(request, _kept):
    """
    Return a function that runs a project once for all tests of a module that only look at it.

    It takes a function of a project and the arguments of that, and returns the project.
    """

    def play(run, *arguments):
        if (run, arguments) not in _kept:
            project = request.getfixturevalue("project")
            project.outcome = run(project, *arguments)
            _kept[run, arguments] = project
        return _kept[run, arguments]

    return play
