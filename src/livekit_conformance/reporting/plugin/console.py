"""
Terminal output while checks run.

A terminal shows a status line and each finding as it comes; any other output gets a line now and
then if the run takes long.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Mapping
from itertools import islice
from typing import Final

import pytest

from livekit_conformance import waiting
from livekit_conformance.reporting.plugin import collection, killed_runs
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.trend import run_folders
from livekit_conformance.reporting.run.session import RunState
from livekit_conformance.reporting.terminal import progress, screen, status_line
from livekit_conformance.reporting.terminal.status_line import (
    OccasionalLine,
    Shown,
    StatusLine,
    Terminal,
    Ticker,
)
from livekit_conformance.reporting.text import phrases, words
from livekit_conformance.verdict import CheckRecord

# Runs of the same environment that are tried for former durations, the newest first.
_FORMER_RUNS: Final = 5
# Variables by which pytest recognises CI servers.
_CI = ("CI", "BUILD_NUMBER")


class Console:
    """
    Hooks that write to the terminal before the run is over; created while nothing is captured.
    """

    def __init__(self, config: pytest.Config, run: RunState, environ: Mapping[str, str]) -> None:
        self._run = run
        self._config = config
        self._redraws = can_redraw(config, environ)
        self._terminal = _terminal()
        self._ticker: Ticker | None = None
        # Whether all tests are checks, so that pytest's dots may be left out.
        self._is_active = False
        self._checks: dict[str, CheckRecord] = {}
        self._left: list[str] = []
        self._former: Mapping[str, float] = {}
        # The running check, its start, and the number of observations at that time.
        self._current: tuple[CheckRecord, float, int] | None = None

    @property
    def _reporter(self) -> pytest.TerminalReporter | None:
        found = self._config.pluginmanager.get_plugin("terminalreporter")
        return found if isinstance(found, pytest.TerminalReporter) else None

    @property
    def _is_verbose(self) -> bool:
        return bool(self._config.option.verbose > 0)

    # -- the run ------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """
        Report former runs that were killed, and begin to show the progress of this one.
        """
        checks = [item for item in session.items if collection.is_check(item)]
        if not checks or (reporter := self._reporter) is None:
            return
        option = self._config.option
        self._report_killed_runs(reporter)
        if len(checks) < len(session.items):
            return
        self._is_active = True
        self._checks = {item.nodeid: collection.planned(item) for item in checks}
        self._left = [record.id for record in self._checks.values()]
        reporter.showfspath = False
        if option.verbose < 0:
            # pytest's counts would repeat ours.
            option.verbose = min(option.verbose, -2)
            return
        reporter.flush()
        if self._terminal is not None:
            self._former = self._former_durations()
            self._ticker = Ticker(self._shown(self._terminal))

    def _shown(self, to: Terminal) -> Shown:
        if self._redraws:
            return StatusLine(to, self._line, self._column)
        return OccasionalLine(to, self._line, self._column, every=status_line.SAY_EVERY_S)

    def _report_killed_runs(self, reporter: pytest.TerminalReporter) -> None:
        language = self._run.terminal_language
        reports = self._run.directory.parent
        for found in killed_runs.repair(reports, language=self._run.language):
            if (result := found.result) is None:
                text = phrases.NO_REPORT_FOR.say(
                    language, run=found.directory.name, why=found.problem
                )
            else:
                text = phrases.KILLED_RUN.say(
                    language,
                    run=result.run.id,
                    why=result.run.interrupted or phrases.FINISHED.say(language),
                    verdict=result.verdict,
                    path=found.directory / "report.html",
                )
            if self._config.option.verbose >= 0:
                reporter.write_line(text, yellow=True)

    def _former_durations(self) -> Mapping[str, float]:
        run = self._run
        folders = run_folders(run.directory.parent, environment=run.environment)
        before = (folder for folder in reversed(folders) if folder != run.directory)
        for folder in islice(before, _FORMER_RUNS):
            if found := journal.durations(folder / journal.NAME):
                return found
        return {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """
        Make way for the final screen.
        """
        self._end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """
        Make way for pytest's message about the interrupt.
        """
        self._end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self) -> None:
        """
        Make way for pytest's message about the error.
        """
        self._end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_enter_pdb(self) -> None:
        """
        Leave the terminal to the debugger.
        """
        self._end()

    def pytest_unconfigure(self) -> None:
        """
        End the display and close the terminal.
        """
        self._end()
        if self._terminal is not None:
            self._terminal.close()
            self._terminal = None

    def _end(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    # -- one check ----------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logstart(self, nodeid: str) -> Generator[None, object, object]:
        """
        Remember which check begins.
        """
        self._pause(self._is_verbose)
        outcome = yield
        if (check := self._checks.get(nodeid)) is not None:
            seen = len(self._run.recorder.observations)
            self._current = (check, time.monotonic(), seen)
        self._go_on()
        return outcome

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(
        self, report: pytest.TestReport
    ) -> Generator[None, object, object]:
        """
        Print a finding at once, unless the output goes into a log.
        """
        finding = self._finding(report)
        self._pause(self._is_verbose or finding is not None)
        outcome = yield
        if finding is not None and (reporter := self._reporter) is not None:
            text, markup = finding
            reporter.write_line(text, **markup)
            reporter.flush()
        self._go_on()
        return outcome

    def _finding(self, report: pytest.TestReport) -> tuple[str, dict[str, bool]] | None:
        record: CheckRecord | None = getattr(report, "check", None)
        if record is None or not self._redraws or self._ticker is None or self._is_verbose:
            return None
        return screen.finding(
            record,
            self._config.get_terminal_writer().fullwidth - 1,
            self._run.terminal_language,
        )

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """
        Remember that a check is done.
        """
        if (check := self._checks.get(nodeid)) is not None:
            self._current = None
            self._left = [left for left in self._left if left != check.id]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> screen.Status | tuple[str, str, str] | None:
        """
        Return the verdict in place of pytest's outcome: without dots, with -v with the duration.
        """
        record: CheckRecord | None = getattr(report, "check", None)
        status = screen.status(report)
        if record is None or status is None or not self._is_active:
            return status
        category, letter, (word, markup) = status
        if not self._is_verbose:
            return category, "", ""
        return category, letter, (f"{word} {record.duration_s:.2f} s", markup)

    def _pause(self, writes: bool) -> None:  # noqa: FBT001 - whether it does anything
        if writes and self._ticker is not None:
            self._ticker.pause()

    def _go_on(self) -> None:
        if self._ticker is not None:
            self._ticker.go_on()

    # -- called by the ticker's thread ----------------------------------------------------------

    def _column(self) -> int:
        return self._config.get_terminal_writer().width_of_current_line

    def _line(self, width: int | None) -> str | None:
        current, left, run = self._current, self._left, self._run
        if current is None or not left:
            return None
        check, began, seen_before = current
        now = time.monotonic()
        observations = run.recorder.observations
        moment = progress.Moment(
            done=len(self._checks) - len(left),
            check=check.id,
            statement=words.statement(check, run.terminal_language),
            running=now - began,
            elapsed=run.elapsed,
            budget=run.time_left,
            left=left,
            former=self._former,
            wait=self._wait(now),
            seen=observations[-1].summary if len(observations) > seen_before else None,
        )
        return progress.line(moment, run.terminal_language, width=width)

    def _wait(self, now: float) -> progress.OngoingWait | None:
        if not (waits := waiting.under_way()):
            return None
        last = waits[-1]
        return progress.OngoingWait(self._run.clean(last.reason), now - last.since, last.within)


def can_redraw(config: pytest.Config, environ: Mapping[str, str]) -> bool:
    """
    Return whether a line may be redrawn: on a capable terminal that shows pytest's output only.
    """
    is_terminal = sys.stdout.isatty() and environ.get("TERM", "dumb") != "dumb"
    is_wanted = not environ.get("NO_COLOR") and not any(environ.get(name) for name in _CI)
    is_alone = config.option.capture != "no" and not (
        config.getini("log_cli") or config.getoption("log_cli_level", None)
    )
    return is_terminal and is_wanted and is_alone


def _terminal() -> Terminal | None:
    try:
        return Terminal(sys.stdout)
    except OSError:
        return None  # a stream without a descriptor, in a program that runs pytest inside
