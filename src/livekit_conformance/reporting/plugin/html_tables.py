"""
Verdicts, figures and columns for the page of pytest-html (`--html=FILE`).

The page for people is our own report.html; this one is for tools that expect pytest-html's page.
"""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from livekit_conformance.reporting.page import report
from livekit_conformance.reporting.result.model import OUTCOMES, Judge
from livekit_conformance.reporting.run.session import RunState
from livekit_conformance.reporting.terminal.screen import is_superseded
from livekit_conformance.reporting.text import phrases, words
from livekit_conformance.reporting.writers import html
from livekit_conformance.verdict import CheckRecord

_COLUMNS = {
    "result": phrases.OUTCOME,
    "requirement": phrases.REQUIREMENT,
    "check": phrases.CHECK,
    "verdict": phrases.VERDICT,
    "seen": phrases.SEEN_OR_CLAIM,
}

# "9 tests took 2 s": this leaves out tests that were skipped or could not be made.
_NO_COUNT = "<style>.run-count{display:none}</style>"


class HtmlTables:
    """
    Hooks of pytest-html and pytest-metadata.
    """

    def __init__(self, config: pytest.Config, run: RunState, judge: Judge) -> None:
        self.run = run
        self.judge = judge
        self._metadata: dict[str, Any] = {}
        if config.getoption("htmlpath", None):
            # Side files get lost on the way to a ticket.
            config.option.self_contained_html = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_metadata(self, metadata: dict[str, Any]) -> None:
        """
        Keep the environment table, to fill it with values that may be shown.
        """
        self._metadata = metadata

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """
        Empty the environment table, because the values of others were not scanned for secrets.
        """
        self._metadata.clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """
        Let BLOCKED and ERROR count as errors: pytest-html looks at the phase alone.
        """
        record: CheckRecord | None = getattr(report, "check", None)
        if record is not None and report.when == "call" and OUTCOMES[record.verdict] == "broken":
            report.when = "setup"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """
        Set a title that names the environment.
        """
        report.title = phrases.TITLE.say(self.run.language, environment=self.run.environment)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """
        Put the summary, which needs no script, at the top, and fill in the environment table.
        """
        if self.judge.result is not None:
            prefix += [html.summary(self.judge.result), _NO_COUNT]
            self._metadata.update(report.facts(self.judge.result))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """
        Replace the columns by our own; pytest-html still needs its outcome, hidden, to build rows.
        """
        _, _, duration, links = cells
        say = {name: text.say(self.run.language) for name, text in _COLUMNS.items()}
        cells[:] = [
            f'<th class="sortable" data-column-type="result" hidden>{say["result"]}</th>',
            f'<th class="sortable" data-column-type="requirement">{say["requirement"]}</th>',
            f'<th class="sortable" data-column-type="check">{say["check"]}</th>',
            f'<th class="sortable" data-column-type="verdict">{say["verdict"]}</th>',
            f"<th>{say['seen']}</th>",
            duration,
            links,
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """
        Fill one row for each check, and none for an attempt that was repeated.

        Any other report, for instance of a module that cannot be imported, has its node id.
        """
        if is_superseded(report):
            cells.clear()
            return
        outcome, _, duration, links = cells
        record: CheckRecord | None = getattr(report, "check", None)
        hidden = outcome.replace("<td ", "<td hidden ", 1)
        if record is None:
            name = escape(self.run.clean(report.nodeid))
            verdict = '<td class="col-verdict"></td><td class="col-seen"></td>'
            number = ""
        else:
            name, number = escape(record.id), record.requirement
            seen = escape(words.message(record, self.run.language))
            verdict = (
                f'<td class="col-verdict lkc-word lkc-{record.verdict}">{record.verdict}</td>'
                f'<td class="col-seen">{seen}</td>'
            )
        cells[:] = [
            hidden,
            f'<td class="col-requirement">{number}</td>',
            f'<td class="col-check">{name}</td>',
            verdict,
            duration,
            links,
        ]
