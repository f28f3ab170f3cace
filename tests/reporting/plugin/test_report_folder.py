"""
A folder that takes no reports ends the run with a sentence, and with the verdict so far.
"""

from __future__ import annotations

import errno
import json
import resource

import pytest

from livekit_conformance.reporting.plugin import killed_runs
from livekit_conformance.reporting.result.journal import Journal
from tests.processes import limited

# In the order of the catalogue.
FIRST, SECOND, THIRD = "1.1-server-answers", "1.1-no-token-is-refused", "1.5-sip-answers-options"
LIMIT = """
import resource


def fill(request, more):
    \"""Let no file grow beyond the journal and `more` bytes, as a disk that is full.\"""
    size = request.config.stash[RUN].journal.path.stat().st_size + more
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


"""


@pytest.fixture
def filled(project):
    """Return a function that fills the disk in the second of three checks, and runs them."""

    def run(body, *arguments):
        second = project.check(SECOND, body)
        project.checks(LIMIT + project.check(FIRST) + second + project.check(THIRD))
        # Restored before pytest writes the outcome of this test, perhaps into a file.
        with limited(resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)[1]):
            return project.run(*arguments)

    return run


@pytest.mark.parametrize("verbosity", ["-q", "-v"])
def test_a_disk_that_fills_up_ends_the_run_with_a_verdict(project, filled, verbosity):
    outcome = filled("fill(request, more=10)", verbosity)

    shown = outcome.stdout.str()
    assert outcome.ret == 3, shown
    assert "INTERNALERROR" not in shown + outcome.stderr.str()
    assert "Traceback" not in shown + outcome.stderr.str()
    reports = project.latest.resolve().parent
    sentence = f"--reports {reports}: File too large. Allow larger files: ulimit -f unlimited"
    assert sentence in " ".join(shown.split())
    assert "INCOMPLETE" in shown
    assert "2 PASS, 1 BLOCKED" in shown
    assert "report.html" not in shown


def test_no_half_written_file_is_left(project, filled):
    filled("fill(request, more=10)")

    left = {path.name: path for path in project.latest.rglob("*") if path.is_file()}
    # The report of the run that a later `report` makes of its journal.
    assert left.pop("journal.unwritable").stat().st_size == 0
    lines = left.pop("journal.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert [json.loads(line)["type"] for line in lines][-1] == "start"
    assert lines[-1].endswith("\n")
    assert not left, left


def test_a_run_that_a_full_disk_stopped_was_not_killed(project, filled):
    filled("fill(request, more=10)")

    (stopped,) = killed_runs.repair(project.latest.resolve().parent)

    assert stopped.result.run.interrupted == (
        f"stopped by a folder that took no more reports at {SECOND}"
    )
    assert (stopped.directory / "report.html").is_file()


def test_evidence_that_cannot_be_written_ends_the_run_too(project, filled):
    in_the_way = "(request.config.stash[RUN].directory / 'evidence').touch()"

    outcome = filled(f"{in_the_way}; see(request, 'GET / 200')")

    assert outcome.ret == 2
    assert "2 PASS, 1 BLOCKED" in outcome.stdout.str()
    assert "INTERNALERROR" not in outcome.stdout.str()


def test_a_journal_that_takes_no_end_is_told_although_the_reports_are_written(project, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "end", refuse)
    project.checks(project.check(FIRST))

    outcome = project.run()

    assert outcome.ret == 3
    assert "No space left on device. Free space there" in outcome.stdout.str()
    assert project.verdicts == {FIRST: "PASS"}


@pytest.mark.parametrize("entry", ["folder", "file"])
def test_an_entry_latest_that_is_no_link_is_not_replaced(project, entry):
    project.checks(project.check(FIRST))
    reports = project.pytester.path / "reports"
    reports.mkdir()
    if entry == "folder":
        (reports / "latest").mkdir()
    else:
        (reports / "latest").write_text("mine")

    outcome = project.run()

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines([f"ERROR: {reports}/latest is a {entry}, not the link to *"])
    assert [path.name for path in reports.iterdir()] == ["latest"]


@pytest.mark.parametrize("target", ["elsewhere", "a-file", "nowhere"])
def test_a_link_latest_to_anything_is_replaced(project, target):
    project.checks(project.check(FIRST))
    reports = project.pytester.path / "reports"
    (reports / "elsewhere").mkdir(parents=True)
    (reports / "a-file").write_text("mine")
    (reports / "latest").symlink_to(target)

    assert project.run().ret == 0

    assert project.verdicts == {FIRST: "PASS"}
    assert list((reports / "elsewhere").iterdir()) == []
    assert (reports / "a-file").read_text() == "mine"


def test_a_folder_of_reports_may_be_a_link(project):
    project.checks(project.check(FIRST))
    (project.pytester.path / "real").mkdir()
    (project.pytester.path / "reports").symlink_to("real")

    assert project.run().ret == 0

    assert project.verdicts == {FIRST: "PASS"}


def test_a_broken_link_for_reports_is_refused(project):
    project.checks(project.check(FIRST))
    (project.pytester.path / "reports").symlink_to("nowhere")

    outcome = project.run()

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["ERROR: --reports *reports: File exists. Name a folder that *"])


def test_a_disk_that_is_full_at_the_start_leaves_nothing(project):
    project.checks(project.check(FIRST))

    with limited(resource.RLIMIT_FSIZE, 10):
        outcome = project.run()

    assert outcome.ret == 4
    reports = project.pytester.path / "reports"
    outcome.stderr.fnmatch_lines([f"ERROR: --reports {reports}: File too large. Allow *"])
    assert list(reports.iterdir()) == []
