"""
recipes/check.sh, with stand-ins for pytest and livekit-conformance.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from pathlib import Path

import pytest

from livekit_conformance.reporting.plugin.secret_guard import MARK
from livekit_conformance.waiting import wait_until
from tests.recipes.conftest import COMMAND, PYTEST, Workspace, ended, program
from tests.recipes.recipes import CHECKS, TARGETS, all_recipes, documented_commands

FILES = {"journal.jsonl", "results.json", "report.html", "junit.xml", "summary.md"}
NIGHTLY = "exec recipes/check.sh nightly"
FINISH = "exec recipes/check.sh finish nightly"
SWEEP = "sweep --env=staging --reports=reports"
OLD = "20260101T000000Z-staging-0000aaaa"


@pytest.fixture
def history(bare: Workspace) -> Path:
    """
    Create what a cache restores: a run of yesterday, and the link to it.
    """
    reports = bare.root / "reports"
    (reports / OLD).mkdir(parents=True)
    (reports / OLD / "report.html").write_text("of yesterday")
    (reports / "latest").symlink_to(OLD)
    return reports


@pytest.mark.parametrize("recipe", all_recipes(), ids=str)
async def test_each_recipe_checks_and_then_sweeps_its_own_deployment(bare, recipe):
    environment = TARGETS[recipe.kind]
    bare.environ |= dict(recipe.environ)

    check = await bare.run(recipe.check)
    always = [await bare.run(step) for step in recipe.always]

    sweep = f"sweep --env={environment} --reports=reports"
    assert [check.status, *(step.status for step in always)] == [0] * (1 + len(always))
    assert bare.calls[0].startswith("pytest suites/ ")
    assert f"--env={environment}" in bare.calls[0]
    assert bare.calls[1:] == [sweep] * (1 + len(always))
    assert bare.job_reports == FILES


@pytest.mark.parametrize(
    ("when", "kind"), [("nightly, staging", "nightly"), ("after a release, prod", "release")]
)
async def test_a_check_is_the_command_that_the_readme_names(bare, when, kind):
    await bare.run(f"recipes/check.sh {kind}")

    called = shlex.split(bare.calls[0])
    for own in ("-p", "no:cacheprovider", "--reports=reports"):
        called.remove(own)
    assert called[1:] == dict(documented_commands())[when]


@pytest.mark.parametrize(
    ("ends", "status", "meaning"),
    [
        ("0", 0, "conformant or partially conformant, and nothing is left"),
        ("1", 1, "not conformant, incomplete, too little coverage"),
        ("2", 2, "interrupted"),
        ("3", 3, "internal error"),
        ("4", 4, "unusable environment, profile, variable or option"),
        ("5", 5, "nothing was selected"),
        ("killed", 128 + 9, "ended by signal 9"),
    ],
)
async def test_the_exit_status_of_the_checks_is_kept_and_told(bare, ends, status, meaning):
    done = await bare.run(NIGHTLY, ENDS=ends)

    assert done.status == status
    assert f"exit status {status}, {meaning}" in done.output.splitlines()[-1]
    assert SWEEP in bare.calls


async def test_a_suite_that_is_not_there_is_told(bare):
    done = await bare.run(NIGHTLY, LIVEKIT_CONFORMANCE_BIN="/nonexistent")

    assert done.status == 127
    assert "/nonexistent/pytest could not be started" in done.output


async def test_what_a_sweep_could_not_remove_fails_a_conformant_run(bare):
    done = await bare.run(NIGHTLY, SWEEP_ENDS="1")

    assert done.status == 1
    assert bare.job_reports == FILES


async def test_a_sweep_that_fails_hides_no_other_status(bare):
    assert (await bare.run(NIGHTLY, ENDS="4", SWEEP_ENDS="1")).status == 4


async def test_a_step_that_only_finishes_fails_when_something_is_left(bare):
    assert (await bare.run(FINISH, SWEEP_ENDS="1")).status == 1


async def test_a_run_that_was_killed_gets_its_reports_and_is_swept(bare):
    await bare.run(NIGHTLY, ENDS="killed")

    assert bare.calls[1:] == [SWEEP, "report --from reports/latest/journal.jsonl"]
    assert bare.job_reports == FILES


async def test_reports_that_show_a_secret_are_neither_uploaded_nor_kept(bare):
    done = await bare.run(NIGHTLY, ENDS="leaks")

    assert done.status == 1
    assert "report.html: shows one" in done.output
    assert bare.calls[1:] == [SWEEP]
    assert bare.job_reports == {MARK, "ledger.jsonl"}
    left = {path.name for path in (bare.root / "reports").rglob("*") if path.is_file()}
    assert left == bare.job_reports
    # The next job replaces what is left of it.
    shutil.rmtree(bare.root / "reports")
    await bare.run(NIGHTLY)
    assert bare.job_reports == FILES


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_job_that_is_cancelled_ends_the_checks_in_order_and_sweeps(bare, number):
    process = await bare.start(NIGHTLY, ENDS="hangs")
    assert (came := await wait_until(lambda: no_line(bare, "started"), within=10)).came_true, came

    os.kill(process.pid, number)
    done = await ended(process)

    assert done.status == 2, done.output
    assert bare.calls[1:4] == ["started", "terminated", SWEEP]
    assert bare.job_reports == FILES


async def test_what_a_job_that_was_killed_did_not_come_to_is_done_by_the_last_step(bare):
    process = await bare.start(NIGHTLY, ENDS="hangs")
    assert (came := await wait_until(lambda: no_line(bare, "started"), within=10)).came_true, came
    os.killpg(process.pid, signal.SIGKILL)
    await ended(process)
    assert (bare.calls[-1], bare.job_reports) == ("started", set())

    done = await bare.run(FINISH)

    assert done.status == 0, done.output
    assert SWEEP in bare.calls
    assert bare.job_reports == FILES


async def test_the_history_stays_and_the_reports_of_the_job_are_its_own(bare, history):
    await bare.run(NIGHTLY)

    assert (history / OLD / "report.html").read_text() == "of yesterday"
    assert (bare.root / "job-reports" / "report.html").read_text() == "x\n"
    assert sorted(path.name for path in history.iterdir()) == [
        OLD,
        "20260102T030405Z-staging-0000beef",
    ]


async def test_a_job_without_a_run_has_no_reports_of_an_earlier_one(bare, history):
    await bare.run(NIGHTLY, ENDS="4")
    await bare.run(FINISH)

    assert bare.job_reports == set()
    assert (history / OLD / "report.html").exists()


@pytest.mark.parametrize(("swept", "kept"), [("0", 30), ("1", 36)])
async def test_thirty_runs_are_kept_and_all_of_them_while_something_is_left(bare, swept, kept):
    for day in range(1, 36):
        (bare.root / "reports" / f"2025{day:04}T000000Z-staging-0000aaaa").mkdir(parents=True)
    (bare.root / "reports" / "allure-history").mkdir()

    await bare.run(NIGHTLY, SWEEP_ENDS=swept)

    left = sorted(path.name for path in (bare.root / "reports").iterdir())
    assert left[-1] == "allure-history"
    assert left[-2] == "20260102T030405Z-staging-0000beef"
    assert len(left) - 1 == kept


async def test_a_folder_that_holds_no_reports_is_not_replaced(bare):
    (bare.root / "precious").mkdir()

    done = await bare.run(NIGHTLY, LIVEKIT_CONFORMANCE_JOB_REPORTS="precious")

    assert done.status == 4
    assert "precious is not a folder of reports" in done.output
    assert (bare.root / "precious").is_dir()
    assert bare.calls == []


@pytest.mark.parametrize("makes", [True, False])
async def test_the_suite_is_installed_from_the_lock_unless_it_is_there(bare, tmp_path, makes):
    programs = tmp_path / "path"
    programs.mkdir()
    (programs / "template").mkdir()
    program(programs / "template" / "pytest", PYTEST)
    program(programs / "template" / "livekit-conformance", COMMAND)
    install = f'mkdir .venv && cp -R "{programs}/template" .venv/bin' if makes else "exit 2"
    program(programs / "make", f'#!/bin/sh\necho "make $*" >>"$CALLS"\n{install}\n')
    del bare.environ["LIVEKIT_CONFORMANCE_BIN"]

    done = await bare.run(NIGHTLY, PATH=f"{programs}:{bare.environ['PATH']}")

    assert bare.calls[0] == "make --silent .venv/run"
    assert done.status == (0 if makes else 3), done.output
    assert (SWEEP in bare.calls) == makes
    assert makes or "could not be installed" in done.output


async def test_another_environment_and_arguments_for_pytest_are_passed_on(bare):
    await bare.run(
        'exec recipes/check.sh release -k "call or bus"', LIVEKIT_CONFORMANCE_ENV="canary"
    )

    check, sweep = bare.calls
    assert check.endswith("--env=canary --reports=reports --allow place-calls -k call or bus")
    assert sweep == "sweep --env=canary --reports=reports"


@pytest.mark.parametrize("arguments", ["", "weekly", "finish", "finish weekly", "--help"])
async def test_anything_else_is_a_usage_error(bare, arguments):
    done = await bare.run(f"exec recipes/check.sh {arguments}")

    assert done.status == 4
    assert all(kind in done.output for kind in CHECKS)
    assert bare.calls == []


async def no_line(workspace: Workspace, line: str) -> str | None:
    calls = workspace.calls
    return None if line in calls else f"calls so far: {calls}"
