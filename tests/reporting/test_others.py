"""
Reports show what the logs say of other users of the deployment, apart from all verdicts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from livekit_conformance.reporting.page.report import report_page
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.model import OthersTraffic
from livekit_conformance.reporting.terminal import summary_layout
from livekit_conformance.reporting.writers import summary_md
from tests.observed import observed
from tests.reporting import runs

OTHERS = OthersTraffic("livekit-sip", "SIP invite failed (sip status: 486)", lines=428, calls=214)
EN = "not ours: 428 lines about 214 calls of others in the log of livekit-sip: SIP invite failed"
RU = "не наше: 428 строк о чужих вызовах (их 214) в журнале livekit-sip: SIP invite failed"


@pytest.mark.parametrize(("language", "line"), [("en", EN), ("ru", RU)])
def test_every_report_for_people_counts_the_calls_of_others(language, line):
    result = replace(runs.healthy(), language=language, others=(OTHERS,))

    page = next(part for part in report_page(result).sections if part.name == "others")
    assert any(line in str(part) for part in page.parts)
    assert line in summary_md.text(result)
    for lines in (
        summary_layout.whole(result, Path("reports")),
        summary_layout.fitted(result, Path("reports"), height=80, width=None),
    ):
        assert any(line in each.text for each in lines)


def test_without_other_users_the_reports_have_no_word_about_them():
    result = runs.healthy()

    assert "others" not in [section.name for section in report_page(result).sections]
    assert "not ours" not in summary_md.text(result)


def test_others_come_from_the_journal_and_change_no_verdict(tmp_path):
    written = journal.Journal(tmp_path / journal.NAME)
    written.begin(runs.RUN, [])
    details = {name: getattr(OTHERS, name) for name in ("service", "message", "lines", "calls")}
    written.seen([observed(1.0, "others", "not ours", details)])
    written.end(duration_s=1.0, interrupted=None)

    result = journal.read(written.path)

    assert result.others == (OTHERS,)
    assert result.diagnoses == ()
