"""
Timelines of calls in the reports: the calls, their files, and the page that shows them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.evidence_files import timeline_file
from livekit_conformance.reporting.result.model import Run
from livekit_conformance.reporting.writers import write_all
from livekit_conformance.timeline.model import Timeline
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.timeline.witnesses import ended, healthy, sip

RUN = Run(
    id="20261123T000000Z-mock-0000",
    environment="mock",
    kind="mock",
    started="2026-11-23T00:00:00Z",
    suite_version="0",
)


def record(clause, verdict):
    return CheckRecord(clause, "", clause[:3], "sip", "MUST", "", verdict)


def result_of(path, *checks):
    """Return a run of these checks: a clause, its verdict, and the observations."""
    written = journal.Journal(path / journal.NAME)
    written.begin(RUN, [record(clause, verdict) for clause, verdict, _ in checks])
    for clause, verdict, seen in checks:
        written.check(record(clause, verdict), seen, elapsed_s=1.0)
    written.end(duration_s=2.0, interrupted=None)
    return journal.read(written.path)


def call(name, purpose):
    return [sip(9.0, ">INVITE", call=name), ended(9.5, "refused", purpose=purpose, call=name)]


PROBE = ("1.5-call-is-answered", Verdict.PASS, healthy())
KEPT_OUT = ("1.1-trunk-rejects-wrong-password", Verdict.PASS, call("good", "wrong password"))
LET_IN = ("1.1-trunk-rejects-wrong-user", Verdict.FAIL, call("bad/../one", "wrong <user>"))


def test_the_probe_call_and_the_calls_of_unhappy_checks_are_told(tmp_path):
    result = result_of(tmp_path, KEPT_OUT, PROBE, LET_IN)

    assert [told.purpose for told in result.timelines] == ["probe", "wrong <user>"]
    write_all(result, tmp_path)
    assert sorted(path.name for path in (tmp_path / "evidence").iterdir()) == [
        "timeline-bad____one.json",
        "timeline-bad____one.txt",
        "timeline-conformance-0123456789abcdef.json",
        "timeline-conformance-0123456789abcdef.txt",
    ]
    text = (tmp_path / "evidence" / "timeline-conformance-0123456789abcdef.txt").read_text()
    page = (tmp_path / "report.html").read_text()
    assert '"Joining room"' in text
    assert "The call as a ladder: wrong &lt;user&gt;" in page
    summary = (tmp_path / "summary.md").read_text()
    assert r"- wrong \<user\>: refused, [step by step](evidence/timeline-bad____one.txt)" in summary


def test_the_page_of_a_healthy_run_shows_the_probe_call(tmp_path):
    result = result_of(tmp_path, PROBE)
    write_all(result, tmp_path)

    assert result.verdict == "PARTIALLY CONFORMANT"
    page = (tmp_path / "report.html").read_text()
    assert "The call as a ladder: probe" in page
    assert "&quot;Joining room&quot;" in page
    assert "STOPS HERE" not in page
    assert (tmp_path / "evidence").is_dir()


def test_a_run_without_calls_has_no_folder_for_them(tmp_path):
    write_all(result_of(tmp_path, ("1.1-server-answers", Verdict.FAIL, [])), tmp_path)

    assert not (tmp_path / "evidence").exists()
    assert 'id="call"' not in (tmp_path / "report.html").read_text()
    assert "## Calls" not in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "timeline-a-b_c.txt"),
        ({"call": "", "rooms": ("room 1",)}, "timeline-room_1.txt"),
        ({"call": ""}, "timeline-outbound.txt"),
        ({"call": "x" * 500}, f"timeline-{'x' * 100}.txt"),
    ],
)
def test_a_file_is_named_after_the_call_whatever_it_is_called(changes, name):
    told = Timeline("a-b@c", "outbound", "answered", 0.0)

    assert timeline_file(replace(told, **changes)) == name
