"""
Judge every check while pytest runs it, and report the result when pytest ends.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from livekit_conformance import run_clock
from livekit_conformance.observations import Connection, Observation
from livekit_conformance.reporting.plugin import collection
from livekit_conformance.reporting.plugin.interrupts import Interrupts
from livekit_conformance.reporting.result.model import Result, clause_of, timestamp
from livekit_conformance.reporting.run.library_errors import blocked_by_library
from livekit_conformance.reporting.run.report_folder import problem_of
from livekit_conformance.reporting.run.session import RunState
from livekit_conformance.reporting.run.verdict_rules import (
    Decision,
    Withheld,
    after_attempts,
    clean_up_record,
    deciding,
    judged,
    repeated,
    withheld,
)
from livekit_conformance.reporting.terminal import screen
from livekit_conformance.verdict import CheckRecord, Verdict

Writer = Callable[[Result], None]
_PASSED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.KNOWN})


class Examiner:
    """
    Hooks of a run of checks. `writers` get its result at the end, by the name of what they write.
    """

    def __init__(
        self,
        config: pytest.Config,
        run: RunState,
        interrupts: Interrupts,
        writers: Mapping[str, Writer],
    ) -> None:
        self.run = run
        self._interrupts = interrupts
        self._writers = writers
        self.result: Result | None = None
        self._failures: list[str] = []
        # Set-up errors already reported; kept alive so that no other error gets their identity.
        self._reported: list[tuple[BaseException, str]] = []
        self._scope = ExitStack()
        self._seen: list[Observation] = []
        # Checks that ended with ERROR; their reports hold the traceback.
        self._errors: list[tuple[str, pytest.TestReport]] = []
        if config.pluginmanager.hasplugin("rerunfailures"):
            # A check that is not run, or shares a failed set-up, would end the same way again.
            excepted = config.getoption("rerun_except") or config.getini("rerun_except")
            config.option.rerun_except = [*excepted, f"^{Withheld.__name__}: "]
        # Local variables hold secrets, and pytest shortens them so that a scrubber misses them.
        config.option.showlocals = False

    # -- the run ------------------------------------------------------------------------------

    def pytest_unconfigure(self) -> None:
        """
        Release the journal, which shows other runs that this one is over.
        """
        self.run.release()

    def pytest_report_header(self) -> list[str]:
        """
        Return the lines that name the target and the folder of the reports.
        """
        return screen.header(self.run)

    # Not earlier, because pytest also finishes a session whose collection was refused.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """
        Begin the journal with the plan.
        """
        checks = [item for item in session.items if collection.is_check(item)]
        if checks:
            self.run.begin([collection.planned(item) for item in checks])

    # -- one check ----------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """
        Withhold a check that needs no run: not permitted, not configured, blocked.
        """
        if not collection.is_check(item):
            return
        self._scope.close()
        self._seen = self._scope.enter_context(self.run.recorder.scope())
        check_id = collection.check_id(item)
        self._reported = [(error, root) for error, root in self._reported if root != check_id]
        self.run.started(check_id)
        decision = withheld(
            collection.clause_of(item),
            self.run.profile,
            self.run.broken,
            time_left=self.run.time_left,
            left_out=self.run.loaded.left_out,
        )
        if decision is not None:
            raise Withheld(decision)

    # Last is next to pytest's own hook: plugins that repeat, count or show tests see our outcome.
    # Only the secret guard is around this one: it cleans the error before, and the report after it.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """
        Turn the end of a phase into a verdict.
        """
        if not collection.is_check(item):
            return (yield)
        if call.when == "setup" and call.excinfo is not None:
            call.excinfo = self._once(item, call.excinfo)
        excinfo = call.excinfo
        error = excinfo.value if excinfo else None
        self._record_lost(error)
        decision = None
        if call.when == "call" or (call.when == "setup" and error is not None):
            decision = self._judge(item, error)
            if decision.verdict is not Verdict.ERROR:
                # The report shows a message. Formatting a traceback first takes 20 ms of CPU.
                call.excinfo = None
        report = yield
        call.excinfo = excinfo
        if decision is not None:
            self._settle(item, report, decision, call)
        elif error is not None:
            self._clean_up_failed(item, report, error, call)
        if self.run.unwritable is not None:
            item.session.shouldstop = self.run.unwritable
        return report

    def _judge(self, item: pytest.Item, error: BaseException | None) -> Decision:
        clause, today = collection.clause_of(item), datetime.now(UTC).date()
        return judged(error, clause, self.run.profile, today=today)

    def _record_lost(self, error: BaseException | None) -> None:
        """
        Record what a library reported and no driver has recorded.
        """
        if (blocked := blocked_by_library(deciding(error))) is not None:
            lost = Connection(run_clock.now(), blocked.reason, problem=blocked.reason)
            self.run.recorder.record(lost)

    def _once(
        self, item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> pytest.ExceptionInfo[BaseException]:
        """
        Return the error of a set-up, or a Withheld if another check already reported that error.
        """
        cause = deciding(excinfo.value)
        if cause is None or isinstance(cause, Withheld):
            return excinfo
        root = next((name for error, name in self._reported if error is cause), None)
        if root is None:
            self._reported.append((cause, collection.check_id(item)))
            return excinfo
        withholding = Withheld(repeated(root, collection.clause_of(item)))
        return pytest.ExceptionInfo.from_exception(withholding.with_traceback(excinfo.tb))

    def _settle(
        self,
        item: pytest.Item,
        report: pytest.TestReport,
        decision: Decision,
        call: pytest.CallInfo[None],
    ) -> None:
        self._scope.close()
        plan = collection.planned(item)
        decision = after_attempts(decision, self.run.former_attempts(plan.id))
        record = replace(
            plan,
            verdict=decision.verdict,
            reason=decision.reason,
            message=decision.message and self.run.clean(decision.message),
            seen=decision.beside_statement and self.run.clean(decision.beside_statement),
            issues=tuple(map(self.run.clean, decision.links)),
            blocked_by=decision.blocked_by,
            started=timestamp(run_clock.now() - call.duration),
            duration_s=round(call.duration, 3),
            evidence=(
                *self.run.write_evidence(plan.id, self._seen),
                *self._shared_evidence(item),
            ),
            broken_link=decision.broken_link,
            findings=tuple(found.redacted(self.run.clean) for found in decision.findings),
        )
        self.run.settle(record, decision)
        self._fill(report, record)

    def _shared_evidence(self, item: pytest.Item) -> Iterator[str]:
        for fixture in getattr(item, "fixturenames", ()):
            yield from self.run.shared.get(fixture, ())

    def _clean_up_failed(
        self,
        item: pytest.Item,
        report: pytest.TestReport,
        error: BaseException,
        call: pytest.CallInfo[None],
    ) -> None:
        record = clean_up_record(collection.planned(item), error)
        record = replace(
            record,
            message=self.run.clean(record.message or ""),
            started=timestamp(run_clock.now() - call.duration),
            duration_s=round(call.duration, 3),
        )
        self.run.settle(record, Decision(record.verdict))
        self._fill(report, record)

    def _fill(self, report: pytest.TestReport, record: CheckRecord) -> None:
        """
        Put the verdict into the report of pytest: WARN does not fail, ERROR keeps its traceback.
        """
        report.check = record  # type: ignore[attr-defined]  # reports take attributes
        report.user_properties += [
            ("clause", clause_of(record.id)),
            ("verdict", record.verdict.value),
        ]
        message = record.message or record.statement
        if record.verdict in _PASSED and report.when == "call":
            report.outcome, report.longrepr = "passed", None
        elif record.verdict is Verdict.SKIPPED or record.verdict in _PASSED:
            # After a set-up that is reported as passed, pytest would run the check itself.
            path, line, _ = report.location
            report.outcome, report.longrepr = "skipped", (path, line or 0, message)
        else:
            report.outcome = "failed"
            if record.verdict is Verdict.ERROR:
                self._errors.append((record.id, report))
            else:
                report.longrepr = message

    # -- the end ------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """
        Give the result in the journal to all writers, and set the exit status.
        """
        stopped = session.shouldfail or session.shouldstop
        interrupted = self._interrupts.reason or (str(stopped) if stopped else None)
        self.result = self.run.finish(interrupted)
        if self.result is None:
            return
        if self.run.unwritable is not None and interrupted is None:
            self._failures.append(self.run.unwritable)
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        if session.exitstatus == pytest.ExitCode.OK and not self.result.is_accepted:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        for what, write in self._writers.items():
            try:
                write(self.result)
            except OSError as error:
                self._failures.append(problem_of(what, error))
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """
        Print causes first, then failures, then figures.
        """
        if self.result is not None:
            shown = replace(self.result, language=self.run.terminal_language)
            tracebacks = [(check, report.longreprtext) for check, report in self._errors]
            screen.write_summary(terminalreporter, shown, self.run.directory, tracebacks)
        for failure in self._failures:
            terminalreporter.write_line(self.run.clean(failure), red=True)
