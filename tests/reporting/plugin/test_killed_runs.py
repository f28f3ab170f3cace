"""
A killed run gets its reports when the next run starts, wherever it was killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from livekit_conformance.cli.main import main
from livekit_conformance.reporting.plugin import killed_runs
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.model import Run
from livekit_conformance.reporting.writers.results_json import schema
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.reporting.counting import allure_results
from tests.reporting.pty_child import WITHIN_S, command, environment

SERVER = "1.1-server-answers"
KEY = "1.1-key-is-accepted"
OPTIONS = "1.5-sip-answers-options"
KILL = "__import__('os').kill(__import__('os').getpid(), 9)"
CONFTEST = 'pytest_plugins = ["livekit_conformance.reporting.plugin.hooks"]\n'
REPORTS = {"results.json", "report.html", "junit.xml", "ctrf.json", "summary.md", "allure-results"}


# -- real runs, killed by SIGKILL ---------------------------------------------------------------


def checks_that_kill(project, point):
    body = KILL if point == "check" else "pass"
    before = KILL if point == "set-up" else "pass"
    after = KILL if point == "clean-up" else "pass"
    project.checks(
        f"@pytest.fixture\ndef stack():\n    {before}\n    yield\n    {after}\n\n\n"
        + project.check(SERVER, "see(request, 'разговор 电话')")
        + project.check(KEY, body, arguments="stack")
        + project.check(OPTIONS)
    )
    conftest = CONFTEST
    if point == "reports":
        conftest += (
            "from livekit_conformance.reporting.writers import WRITERS\n"
            f"WRITERS['junit.xml'] = lambda result, path: {KILL}\n"
        )
    project.pytester.makeconftest(conftest)


@pytest.mark.parametrize(
    ("point", "where", "verdict", "verdicts"),
    [
        ("set-up", f"killed at {KEY}", "INCOMPLETE", ["PASS", "BLOCKED", "BLOCKED"]),
        ("check", f"killed at {KEY}", "INCOMPLETE", ["PASS", "BLOCKED", "BLOCKED"]),
        ("clean-up", f"killed after {KEY}", "INCOMPLETE", ["PASS", "PASS", "BLOCKED"]),
        ("reports", None, "PARTIALLY CONFORMANT", ["PASS", "PASS", "PASS"]),
    ],
)
def test_the_next_run_writes_the_reports_of_one_that_was_killed(
    project, point, where, verdict, verdicts
):
    checks_that_kill(project, point)
    killed = subprocess.run(
        command(),
        cwd=project.pytester.path,
        env=environment(),
        capture_output=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert killed.returncode == -9
    folder = project.latest.resolve()
    project.pytester.makeconftest(CONFTEST)
    project.checks(project.check(SERVER))

    first, second = project.run().stdout.str(), project.run().stdout.str()

    why = where or "it finished"
    told = f"earlier run {folder.name}: {why}; its report was written now: {verdict}, {folder}"
    assert told in first
    assert "earlier run" not in second
    assert {path.name for path in folder.iterdir()} >= REPORTS
    result = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, schema())
    assert result["run"]["verdict"] == verdict
    assert result["run"]["interrupted"] == where
    assert [check["verdict"] for check in result["checks"]] == verdicts
    if verdicts[1] == "BLOCKED":
        assert result["checks"][1]["message"] == "the run stopped while this check was running"


def test_reports_on_demand_say_the_same_as_those_of_the_next_start(tmp_path, capsys):
    path = write_journal(tmp_path / "a", done=1, begun=KEY)
    os.link(path, (tmp_path / "again").with_suffix(".jsonl"))

    (repaired,) = killed_runs.repair(tmp_path)
    assert main(["report", "--from", str(tmp_path / "again.jsonl"), "--to", str(tmp_path / "b")])

    ours = (repaired.directory / "results.json").read_text(encoding="utf-8")
    assert (tmp_path / "b" / "results.json").read_text(encoding="utf-8") == ours
    assert "INCOMPLETE (coverage 0.5 %): 1 PASS, 2 BLOCKED" in capsys.readouterr().out


# -- journals made for the purpose --------------------------------------------------------------

# Bytes between the cuts that are tried; 1 tries every cut.
STEP = int(os.environ.get("STEP", "23"))
RUN = Run("20261123T000000Z-mock-0000", "mock", "mock", "2026-11-23T00:00:00Z", "0")
PLAN = [
    CheckRecord(clause, "", clause[:3], "connectivity", "MUST", "", Verdict.PASS)
    for clause in (SERVER, KEY, OPTIONS)
]


def begin(folder, *, done=0, begun=None):
    """Return the open journal of a live run."""
    folder.mkdir()
    written = journal.Journal(folder / journal.NAME)
    written.begin(RUN, PLAN)
    for record in PLAN[:done]:
        written.started(record.id)
        written.check(record, [], elapsed_s=1.0)
    if begun:
        written.started(begun)
    return written


def write_journal(folder, **progress):
    """Write the journal of a dead run and return its path."""
    written = begin(folder, **progress)
    written.release()
    return written.path


def test_a_run_that_lives_is_left_alone_until_it_is_dead(tmp_path):
    living = begin(tmp_path / "living", done=1)
    dead = write_journal(tmp_path / "dead", done=1)

    repaired = list(killed_runs.repair(tmp_path))
    assert [found.directory for found in repaired] == [dead.parent]
    assert list((tmp_path / "living").iterdir()) == [living.path]

    living.release()
    assert [found.directory.name for found in killed_runs.repair(tmp_path)] == ["living"]


def test_a_run_that_writes_its_reports_at_this_moment_is_left_alone(tmp_path):
    ending = begin(tmp_path / "ending", done=3)
    ending.end(duration_s=1.0, interrupted=None)

    assert list(killed_runs.repair(tmp_path)) == []

    ending.release()
    ending.release()
    assert len(list(killed_runs.repair(tmp_path))) == 1


def test_a_check_that_was_running_began_when_it_did_and_the_rest_never(tmp_path):
    write_journal(tmp_path / "dead", done=1, begun=KEY)

    (repaired,) = killed_runs.repair(tmp_path)

    _, running, never = repaired.result.checks
    began = datetime.fromisoformat(running.started)
    assert abs(datetime.now(UTC) - began) < timedelta(seconds=60)
    assert never.started is None
    tests = allure_results(repaired.directory / "allure-results")
    assert tests[KEY]["start"] == tests[KEY]["stop"] == round(began.timestamp() * 1000)
    assert "start" not in tests[OPTIONS]


def test_a_journal_that_does_not_say_when_a_check_began_is_read(tmp_path):
    path = write_journal(tmp_path / "dead", done=1, begun=KEY)
    text = path.read_text(encoding="utf-8")
    old = re.sub(r', "at": "[^"]*"|, "started": null', "", text)
    assert old != text
    path.write_text(old, encoding="utf-8")

    (repaired,) = killed_runs.repair(tmp_path)

    assert [check.started for check in repaired.result.checks] == [None, None, None]


def test_a_report_of_a_living_run_does_not_say_that_it_was_killed(tmp_path, capsys):
    living = begin(tmp_path / "living", done=1, begun=KEY)

    main(["report", "--from", str(living.path), "--to", str(tmp_path / "now")])

    living.release()
    result = json.loads((tmp_path / "now" / "results.json").read_text(encoding="utf-8"))
    assert result["run"]["interrupted"] == f"still running at {KEY}"
    assert result["checks"][1]["message"] == "still running"


def test_of_many_that_start_at_once_one_writes_the_reports(tmp_path):
    write_journal(tmp_path / "dead", done=1, begun=KEY)
    together = threading.Barrier(8)

    def start():
        together.wait()
        return list(killed_runs.repair(tmp_path))

    with ThreadPoolExecutor(8) as pool:
        repaired = [
            found for run in [pool.submit(start) for _ in range(8)] for found in run.result()
        ]

    assert len(repaired) == 1
    assert repaired[0].result.run.interrupted == f"killed at {KEY}"


@pytest.mark.parametrize("number", [killed_runs.NEWEST + 3])
def test_only_the_newest_runs_are_looked_at(tmp_path, number):
    for index in range(number):
        write_journal(tmp_path / f"run-{index:02}")

    repaired = [found.directory.name for found in killed_runs.repair(tmp_path, at_most=60.0)]

    newest = range(number - killed_runs.NEWEST, number)
    assert sorted(repaired) == [f"run-{index:02}" for index in newest]


def test_when_its_time_is_up_the_next_start_goes_on(tmp_path):
    write_journal(tmp_path / "dead")

    assert list(killed_runs.repair(tmp_path, at_most=0.0)) == []
    assert len(list(killed_runs.repair(tmp_path))) == 1


def test_a_journal_cut_anywhere_is_read_as_far_as_it_goes(tmp_path):
    path = write_journal(tmp_path / "dead", done=2, begun=OPTIONS)
    whole = path.read_bytes().replace(b'"statement": ""', '"statement": "电话"'.encode())
    first = whole.index(b"\n") + 1
    lines = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    # Around the end of each line and within each character of two bytes or more, and some more.
    near = {at + by for at in lines for by in (-1, 0, 1)}
    torn = {at for at, byte in enumerate(whole) if byte >= 0x80}
    seen = set()

    for end in sorted({*near, *torn, *range(first, len(whole), STEP)} - set(range(first))):
        path.write_bytes(whole[:end])
        result = journal.read(path)
        assert result.verdict == "INCOMPLETE"
        seen.add(result.run.interrupted)

    assert seen == {
        "killed before the first check",
        *(f"killed at {record.id}" for record in PLAN),
        *(f"killed after {record.id}" for record in PLAN[:2]),
    }


@pytest.mark.parametrize("content", [b"", b'{"type": "run", "run": {"id'])
def test_of_a_run_that_was_killed_before_its_plan_nothing_is_told(tmp_path, content):
    (tmp_path / "dead").mkdir()
    (tmp_path / "dead" / journal.NAME).write_bytes(content)

    assert list(killed_runs.repair(tmp_path)) == []


@pytest.mark.parametrize("broken", [b"\x00\xff\n", b"[]\n", b'{"type": "check", "check": {}}\n'])
def test_a_journal_that_cannot_be_read_is_told_and_stops_nothing(project, broken):
    reports = project.latest.parent
    reports.mkdir()
    path = write_journal(reports / "20200101T000000Z-mock-00000000", done=1)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1], broken, *lines[2:]]))
    project.checks(project.check(SERVER))

    outcome = project.run()

    outcome.stdout.fnmatch_lines(["earlier run 2020* has no report, and none can be written: *"])
    assert outcome.ret == 0


def test_the_journal_of_a_run_is_locked_while_it_lives_and_free_afterwards(project):
    project.checks(
        project.check(
            SERVER,
            "from livekit_conformance.reporting.result import journal\n"
            "    assert journal.is_held(request.config.stash[RUN].journal.path)",
        )
    )

    outcome = project.run()

    assert outcome.ret == 0
    assert not journal.is_held(project.latest / journal.NAME)


def test_the_lock_is_that_of_the_kernel(tmp_path):
    living = begin(tmp_path / "living")

    with living.path.open("rb") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)

    living.release()


@pytest.mark.parametrize("killed", [True, False])
def test_a_run_that_did_not_come_to_its_end_is_never_conformant(tmp_path, killed):
    written = begin(tmp_path / "a", done=3)
    if not killed:
        written.end(duration_s=1.0, interrupted=None)
    written.release()

    result = journal.read(written.path)

    assert result.verdict == ("INCOMPLETE" if killed else "PARTIALLY CONFORMANT")
