"""
Annotations that a CI system shows beside a run: `--annotations github` or `--annotations gitlab`.
"""

from __future__ import annotations

import json
import os
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from hashlib import md5
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.text import words
from livekit_conformance.reporting.writers import summary_md
from livekit_conformance.verdict import CheckRecord, Verdict
from livekit_conformance.wording import Language

Service = Literal["github", "gitlab"]
SERVICES: tuple[Service, ...] = get_args(Service)
Kind = Literal["error", "warning", "notice"]

CODE_QUALITY = "gl-code-quality.json"
LINKS = "gl-annotations.json"
# GitHub shows ten of each kind for one step and drops the others.
_SHOWN = 10
# Longer messages fill the page; the report has the whole message.
_LONGEST = 2_000
_KINDS: Mapping[Verdict, Kind] = {
    Verdict.FAIL: "error",
    Verdict.BLOCKED: "error",
    Verdict.ERROR: "error",
    Verdict.WARN: "warning",
    Verdict.KNOWN: "notice",
}
_SEVERITIES: Mapping[Verdict, str] = {
    Verdict.FAIL: "critical",
    Verdict.BLOCKED: "major",
    Verdict.ERROR: "major",
    Verdict.WARN: "minor",
    Verdict.KNOWN: "info",
}


class Annotations:
    """
    Annotations of one service; the hooks keep GitHub from taking commands that are not ours.
    """

    def __init__(self, service: Service, directory: Path) -> None:
        self.service = service
        self._directory = directory
        self._result: Result | None = None
        # Answers of a server go into the log too, and must not become commands.
        self._resume = secrets.token_hex(16)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """
        Stop GitHub from taking commands from the log until ours come.
        """
        out = session.config.pluginmanager.get_plugin("terminalreporter")
        if self.service == "github" and out is not None:
            out.write_line(f"::stop-commands::{self._resume}")

    def write(self, result: Result) -> None:
        """
        Write the files: the job's summary for GitHub, two artifacts for GitLab.
        """
        self._result = result
        if self.service == "gitlab":
            write_for_gitlab(result, self._directory, os.environ)
        elif page := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(page).open("a", encoding="utf-8", errors="replace") as file:
                file.write(summary_md.text(result))

    # Last: GitHub takes the lines out of the log, and the figures stay together.
    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """
        Print the commands for GitHub.
        """
        if self.service == "github":
            terminalreporter.write_line(f"::{self._resume}::")
            for line in github_commands(self._result) if self._result else ():
                terminalreporter.write_line(line)


def github_commands(result: Result) -> Iterator[str]:
    """
    Yield workflow commands, causes first, at most ten of a kind; the tenth names the rest.
    """
    found: defaultdict[Kind, list[tuple[str, str]]] = defaultdict(list)
    for diagnosis in result.diagnoses:
        title, parts = words.cause_parts(result, diagnosis)
        found["error"].append((title, "\n".join(f"{label}: {text}" for label, text in parts)))
    for check in _reported(result):
        title = f"{check.verdict} {check.id}"
        found[_KINDS[check.verdict]].append((title, words.message(check, result.language)))
    for kind, entries in found.items():
        shown = entries if len(entries) <= _SHOWN else entries[: _SHOWN - 1]
        for title, message in shown:
            yield _command(kind, title, message)
        if left := entries[len(shown) :]:
            names = ", ".join(title for title, _ in left)
            yield _command(kind, f"{len(left)} more", names)


def write_for_gitlab(result: Result, directory: Path, environ: Mapping[str, str]) -> None:
    """
    Write the code quality report and the links of the job into `directory`.

    They are for `artifacts:reports:codequality` and `artifacts:reports:annotations`.
    """
    findings = [_finding(check, result.language) for check in _reported(result)]
    _write_json(directory / CODE_QUALITY, findings)
    links = []
    project = environ.get("CI_PROJECT_DIR")
    if (job := environ.get("CI_JOB_URL")) and project and directory.is_relative_to(project):
        path = (directory / "report.html").relative_to(project).as_posix()
        link = {"label": words.verdict_line(result), "url": f"{job}/artifacts/file/{path}"}
        links.append({"external_link": link})
    _write_json(directory / LINKS, {"LiveKit conformance": links})


def _reported(result: Result) -> Iterator[CheckRecord]:
    """
    Yield the checks that need attention and the known issues, not checks blocked by another one.
    """
    yield from result.roots()
    yield from (check for check in result.checks if check.verdict is Verdict.KNOWN)


def _command(kind: Kind, title: str, message: str) -> str:
    message = message if len(message) <= _LONGEST else f"{message[: _LONGEST - 3]}..."
    named = _data(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={named}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _finding(check: CheckRecord, language: Language) -> dict[str, Any]:
    path = check.node_id.partition("::")[0] or "suites"
    return {
        "description": f"{check.verdict} {check.id}: {words.message(check, language)}",
        "check_name": check.id,
        # A finding keeps its identity in the next run, whatever was seen this time.
        "fingerprint": md5(check.id.encode(), usedforsecurity=False).hexdigest(),
        "severity": _SEVERITIES[check.verdict],
        "location": {"path": path, "lines": {"begin": 1}},
    }


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
