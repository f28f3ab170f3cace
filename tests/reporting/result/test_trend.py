"""
The trend in a report: the earlier runs, found beside it.
"""

from __future__ import annotations

from dataclasses import replace

from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.trend import before, run_folders, trend_of
from tests.comparison.runs import RUN, check, numbered, write

A, B = "1.1-server-answers", "1.1-key-is-accepted"


def test_points_are_in_the_order_of_time_and_say_what_the_reports_say():
    good = numbered(1, check(A), check(B), versions={"livekit_sip": "1.8.0"}, duration_s=4.5)
    bad = numbered(2, check(A, "FAIL"), check(B), interrupted="killed at x")

    first, second = trend_of([bad, good, bad]).points

    assert (first.run_id, first.verdict, first.success_rate) == (good.run.id, "CONFORMANT", 100.0)
    assert (first.livekit_server, first.livekit_sip, first.duration_s) == (None, "1.8.0", 4.5)
    assert (second.verdict, second.success_rate, second.interrupted) == (
        "NOT CONFORMANT",
        50.0,
        True,
    )


def test_a_report_shows_the_last_runs_up_to_its_own(tmp_path):
    told = [numbered(n, check(A)) for n in range(6)]
    for one in told:
        write(one, tmp_path)
    (tmp_path / "latest").symlink_to(told[3].run.id)

    points = before(told[4], tmp_path, last=3).points

    assert [point.run_id for point in points] == [one.run.id for one in told[2:5]]


def test_other_environments_and_what_cannot_be_read_are_passed_over(tmp_path):
    mine = numbered(5, check(A))
    write(numbered(1, check(A)), tmp_path)
    write(numbered(2, check(A), id="20261123T040200Z-prod-01", environment="prod"), tmp_path)
    write(numbered(3, check(A), id="renamed", environment="prod"), tmp_path)
    (write(numbered(4, check(A)), tmp_path) / "results.json").write_text("{")
    (tmp_path / "README.md").write_text("")

    points = before(mine, tmp_path).points

    assert [point.started for point in points] == ["2026-11-23T04:01:00Z", mine.run.started]


def test_a_run_without_a_folder_of_reports_has_itself(tmp_path):
    mine = numbered(1, check(A))

    assert [point.run_id for point in before(mine, tmp_path / "none").points] == [mine.run.id]


def test_runs_whose_journal_is_of_another_environment_are_not_read(tmp_path):
    for name, environment in (("1", "prod"), ("2", "pre-prod"), ("3", None)):
        folder = write(numbered(1, check(A), id=name, environment=environment or "prod"), tmp_path)
        if environment:
            written = journal.Journal(folder / journal.NAME)
            written.begin(replace(RUN, environment=environment), ())
            written.release()
    (tmp_path / "3" / journal.NAME).write_text("{}\n")

    found = [folder.name for folder in run_folders(tmp_path, environment="prod")]

    # Only the result file of the third one shows its environment.
    assert found == ["1", "3"]
