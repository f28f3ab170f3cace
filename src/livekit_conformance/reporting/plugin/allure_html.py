"""
allure-report.html, made by the Node program `allure` if that is installed.

Allure 3 puts a tag of Google Analytics into each page and has no switch for it, so we cut it out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from livekit_conformance.reporting.result.model import Judge, Result
from livekit_conformance.reporting.run.session import RunState

NAME = "allure-report.html"
HISTORY = "allure-history"
# Runs whose outcomes the page compares; the file grows by some 300 bytes per check and run.
_KEPT = 30
# It takes 2 s for 200 checks; a report is not worth a stuck run.
_DEADLINE = 60.0
_ANALYTICS = re.compile(
    r"<script\b[^>]*\bsrc=\"https?://[^\"]*\"[^>]*>\s*</script>"
    r"|<script>(?:(?!</script>).)*?\bgtag\((?:(?!</script>).)*?</script>",
    re.DOTALL,
)
_LOUD = re.compile(r"googletagmanager|google-analytics|<script\b[^>]*\bsrc=\"https?:")


class AllureError(Exception):
    """
    Failure to make the page, or to make it without analytics.
    """


class AllureHtml:
    """
    Hooks that make the page when a run has come to its end.
    """

    def __init__(self, allure: str, run: RunState, judge: Judge) -> None:
        self.allure = allure
        self.run = run
        self.judge = judge
        self._message: str | None = None

    def pytest_sessionfinish(self) -> None:
        """
        Make the page, but not after an interrupt, because the user should not have to wait for it.

        If the page cannot be made, a message is printed. The exit status stays the same, because
        our own reports have all that the page shows.
        """
        result = self.judge.result
        if result is None or result.run.interrupted:
            return
        history = self.run.directory.parent / HISTORY
        try:
            page = write(result, self.run.directory, allure=self.allure, history=history)
        except (OSError, AllureError) as error:
            self._message = f"no page of allure: {self.run.clean(str(error))}"
        else:
            self._message = f"allure: {page}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """
        Print the path of the page, or why there is none.
        """
        if self._message is not None and terminalreporter.verbosity >= 0:
            terminalreporter.write_line(self._message)


def program() -> str | None:
    """
    Return the path of Node's `allure`; None if it is not installed.
    """
    return shutil.which("allure")


def write(result: Result, directory: Path, *, allure: str, history: Path) -> Path:
    """
    Make the page from `directory`/allure-results, and add the run to the history.

    `history` is the folder with one file for each environment. Raises AllureError if the program
    fails or takes longer than a minute, or if any of its analytics would be left.
    """
    history.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="allure-") as scratch:
        config = Path(scratch) / "allurerc.json"
        config.write_text(json.dumps(_config(result, Path(scratch), history)), encoding="utf-8")
        results = str((directory / "allure-results").resolve())
        _run([allure, "generate", "--config", str(config), "--cwd", scratch, results])
        page = next(Path(scratch).glob("report/**/index.html"), None)
        if page is None:
            raise AllureError(f"{allure} wrote no page")
        text = without_analytics(page.read_text(encoding="utf-8"))
    target = directory / NAME
    target.write_text(text, encoding="utf-8")
    return target


def without_analytics(page: str) -> str:
    """
    Return the page without scripts from elsewhere; raise AllureError if one is left.
    """
    # The tags are in the frame of the page. Its program, a megabyte of script followed by the
    # results, is left as it is.
    clean = _ANALYTICS.sub("", page)
    if left := _LOUD.search(clean):
        raise AllureError(f"the page of allure would still load {left.group()} from elsewhere")
    return clean


def _config(result: Result, scratch: Path, history: Path) -> dict[str, object]:
    look = {
        "singleFile": True,
        "reportLanguage": result.language,
        "groupBy": ["requirement", "area"],
    }
    return {
        "name": f"LiveKit conformance: {result.run.environment}",
        "output": str(scratch / "report"),
        "historyPath": str((history / f"{result.run.environment}.jsonl").resolve()),
        "historyLimit": _KEPT,
        "plugins": {"awesome": {"options": look}},
    }


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_DEADLINE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AllureError(f"allure: {error}") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise AllureError(f"allure ended with {done.returncode}: {' '.join(last)}")
