"""
Guard against leaks: remove secrets from all that pytest and plugins get, and scan what they wrote.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from livekit_conformance import run_clock
from livekit_conformance.errors import history
from livekit_conformance.reporting.plugin import allure_html
from livekit_conformance.reporting.result.whole_files import write_whole
from livekit_conformance.reporting.run.session import RunState
from livekit_conformance.reporting.terminal import output_streams
from livekit_conformance.reporting.text import phrases
from livekit_conformance.secrets.file_scan import SecretScan, Unfit
from livekit_conformance.secrets.scrubber import without_torn
from livekit_conformance.wording import Language

# File among the reports if one of them holds a secret: an upload script can look for it.
MARK: Final = "unfit-for-a-ticket.txt"
# Time stamps of file systems are coarse.
_COARSE_S: Final = 0.1
# Mask of the permissions that other accounts would have.
_PRIVATE: Final = 0o077


class SecretGuard:
    """
    Hooks of pytest by which a secret could leave.
    """

    def __init__(self, config: pytest.Config, run: RunState) -> None:
        if config.getoption("pastebin", None):
            raise pytest.UsageError("--pastebin is not supported with suites/: it is public")
        self._config = config
        self._run = run
        self._began = time.time()
        self._outlets = ExitStack()
        self._unfit: list[Unfit] = []

    # Runs first, before anything is written.
    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """
        Pass terminal, logs and streams through the scrubber, and keep other accounts from the
        reports, whose last check comes only at the end.
        """
        self._outlets = output_streams.lead_through(self._config, self._run.clean)
        if self._run.profile.report_files == "private":
            self._outlets.callback(os.umask, os.umask(_PRIVATE))

    # Runs last, because the terminal still reports then what interrupted the run.
    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """
        Restore the streams and the file mode mask.
        """
        self._outlets.close()

    # Runs first, before a plugin can keep the ids.
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """
        Refuse parameters whose ids would carry a secret into every report.
        """
        for item in items:
            if (cleaned := self._run.clean(item.nodeid)) != item.nodeid:
                raise pytest.UsageError(f"the id of a check holds a secret: {cleaned}")

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """
        Clean the report on a module that cannot be imported.
        """
        report = yield
        self._clean_report(report)
        return report

    # Last is next to pytest's own hook: all other plugins see the clean report.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """
        Clean the report and the error, which plugins read too.
        """
        if call.excinfo is not None:
            for error in history(call.excinfo.value):
                error.args = tuple(map(self._cleaned, error.args))
                if hasattr(error, "__notes__"):
                    error.__notes__ = [self._cleaned(note) for note in error.__notes__]
        report = yield
        self._clean_report(report)
        return report

    def _clean_report(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        clean = self._clean
        if isinstance(report.longrepr, tuple):
            path, line, reason = report.longrepr
            report.longrepr = (path, line, clean(reason))
        elif report.longrepr is not None:
            report.longrepr = clean(report.longreprtext)
        report.sections = [(clean(title), clean(text)) for title, text in report.sections]
        if isinstance(report, pytest.TestReport):
            report.user_properties = [
                (name, value if (text := str(value)) == clean(text) else clean(text))
                for name, value in report.user_properties
            ]
        for extra in getattr(report, "extras", []):
            extra.update((name, self._cleaned(value)) for name, value in extra.items())

    def _cleaned(self, value: Any) -> Any:
        return self._clean(value) if isinstance(value, str) else value

    def _clean(self, text: str) -> str:
        return without_torn(self._run.clean(text))

    # Runs after all plugins have written, and before the terminal shows the result.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """
        Look for secrets in all files that were written; fail the run if one is found.
        """
        yield
        redact = self._run.recorder.redact
        scan = SecretScan(redact.known, redact.made)
        self._unfit = sorted(scan.unfit(self._written()), key=lambda unfit: unfit.path)
        if not self._unfit:
            return
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._run.directory.is_dir():
            text = "".join(f"{line}\n" for line in self._lines(self._run.language))
            # The terminal shows the same lines if the disk is full.
            with suppress(OSError):
                write_whole(self._run.directory / MARK, text)

    def _written(self) -> Iterator[Path]:
        """
        Yield the reports, and the files that plugins wrote during the run to paths in options.
        """
        yield from _files(self._run.directory)
        # Our own options name files that are read, among them the one with the secrets.
        options = (v for k, v in vars(self._config.option).items() if not k.startswith("livekit_"))
        for value in {*filter(_is_path, options), self._config.getini("log_file") or ""} - {""}:
            path = self._config.invocation_params.dir / Path(value).expanduser()
            yield from filter(self._is_new, [path] if path.is_file() else ())
        folders = [self._run.directory.parent / allure_html.HISTORY]
        if own := self._config.getoption("allure_report_dir", None):
            folders.append(self._config.invocation_params.dir / own)
        for folder in folders:
            yield from filter(self._is_new, _files(folder))

    def _is_new(self, path: Path) -> bool:
        # Files carry the time of a clock that may have been set back.
        began = self._began + min(0.0, run_clock.set_by())
        return path.stat().st_mtime >= began - _COARSE_S

    # Runs last, where the lines are seen.
    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """
        Print the names of the files that must not be passed on.
        """
        if self._unfit:
            for line in self._lines(self._run.terminal_language):
                terminalreporter.write_line(line, red=True, bold=True)

    def _lines(self, language: Language) -> Iterator[str]:
        yield phrases.UNFIT.say(language, count=len(self._unfit))
        for unfit in self._unfit:
            path = unfit.path
            if path.is_relative_to(self._run.directory):
                path = path.relative_to(self._run.directory)
            yield self._run.clean(f"  {path}: {unfit.why}")


def _is_path(value: Any) -> bool:
    return isinstance(value, Path) or (isinstance(value, str) and bool(value) and "\0" not in value)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
