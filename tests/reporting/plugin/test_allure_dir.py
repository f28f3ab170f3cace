"""
--alluredir: the results of allure-pytest, which judges by exceptions, agree with results.json.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime

import pytest

from livekit_conformance.reporting.result.model import OUTCOMES
from livekit_conformance.verdict import Verdict
from tests.reporting.counting import allure_results
from tests.reporting.test_reports import OPTIONS, SERVER, run_mixed

KEY = "1.1-key-is-accepted"
CLIENT = "1.5-client-retries-as-configured"
OWN = """
import pytest


@pytest.fixture(autouse=True)
def shared(request):
    yield


def test_own_passes():
    print("said by my own")


def test_own_breaks():
    {}["key"]
"""


@pytest.fixture
def allure_dir(project):
    return project.pytester.path / "out"


def labels(test):
    return {label["name"]: label["value"] for label in test["labels"]}


def assert_says_the_same(folder, project):
    """Check that the folder has the checks of results.json and no others."""
    tests = allure_results(folder)
    for check in project.results["checks"]:
        test = tests.pop(check["id"])
        told = labels(test)
        assert {name: told[name] for name in ("verdict", "requirement", "area", "level")} == {
            name: check[name] for name in ("verdict", "requirement", "area", "level")
        }
        assert test["status"] == OUTCOMES[Verdict(check["verdict"])]
        attached = [(folder / one["source"]).read_text() for one in test.get("attachments", ())]
        assert attached == [(project.latest / path).read_text() for path in check["evidence"]]
        if check["started"] is None:
            assert "start" not in test
            assert "stop" not in test
        else:
            assert test["start"] == round(
                datetime.fromisoformat(check["started"]).timestamp() * 1000
            )
            assert test["stop"] - test["start"] == round(check["duration_s"] * 1000)
    assert not tests
    referred = {
        one["source"]
        for test in allure_results(folder).values()
        for one in test.get("attachments", ())
    }
    assert {path.name for path in folder.glob("*-attachment.*")} == referred
    assert not list(folder.glob("*-container.json"))


def test_the_folder_says_what_the_result_file_says(project, allure_dir):
    run_mixed(project, "--alluredir=out")

    assert_says_the_same(allure_dir, project)
    assert_says_the_same(project.latest / "allure-results", project)
    for name in ("categories.json", "executor.json", "environment.properties"):
        ours = project.latest / "allure-results" / name
        assert (allure_dir / name).read_text() == ours.read_text()


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("raise KeyboardInterrupt", ()),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", ()),
        ("raise Violation('no')", ("-x",)),
        ("raise pytest.exit('enough')", ()),
    ],
    ids=["interrupted", "terminated", "first-failure", "exit"],
)
def test_a_run_that_stopped_says_it_too(project, allure_dir, body, options):
    project.checks(project.check(SERVER) + project.check(KEY, body) + project.check(OPTIONS))

    project.run("--alluredir=out", *options)

    assert_says_the_same(allure_dir, project)
    assert project.verdicts[OPTIONS] == "BLOCKED"
    assert project.one(OPTIONS)["started"] is None


def test_a_rerun_check_is_one_result(project, allure_dir):
    body = "seen = request.config; seen.n = getattr(seen, 'n', 0) + 1; assert seen.n > 1, 'MUST'"
    project.checks(project.check(SERVER, body))

    project.run("--alluredir=out", "--reruns=2")

    assert_says_the_same(allure_dir, project)


def test_times_are_those_of_the_clock(project, allure_dir):
    project.checks(
        "@pytest.fixture\ndef slow():\n    __import__('time').sleep(0.2)\n\n\n"
        + project.check(SERVER, "__import__('time').sleep(0.1)", arguments="slow")
        + project.check(KEY)
    )
    before = time.time() * 1000

    project.run("--alluredir=out")

    tests = allure_results(allure_dir)
    first, second = tests[SERVER], tests[KEY]
    # The duration excludes the fixture.
    assert first["start"] >= before + 199
    assert 100 <= first["stop"] - first["start"] < 200
    assert first["stop"] <= second["start"] <= second["stop"] <= time.time() * 1000 + 1


def test_a_test_of_the_user_is_reported_by_allure_itself(project, allure_dir):
    project.pytester.makepyfile(test_own=OWN)
    project.checks(project.check(SERVER, "raise Violation('no')") + project.check(KEY))

    project.run("test_own.py", "--alluredir=out")

    tests = allure_results(allure_dir)
    statuses = {name: test["status"] for name, test in tests.items()}
    assert statuses == {
        SERVER: "failed",
        KEY: OUTCOMES[Verdict(project.verdicts[KEY])],
        "test_own_passes": "passed",
        "test_own_breaks": "broken",
    }
    (said,) = tests["test_own_passes"]["attachments"]
    assert (allure_dir / said["source"]).read_text() == "said by my own\n"
    containers = [json.loads(path.read_text()) for path in allure_dir.glob("*-container.json")]
    known = {test["uuid"] for test in tests.values()}
    assert containers
    assert all(set(container["children"]) <= known for container in containers)


def test_a_run_without_checks_is_allures_own(project, allure_dir):
    project.pytester.makepyfile(test_own=OWN)
    project.checks(project.check(SERVER))

    project.run("test_own.py", "-k", "own", "--alluredir=out")

    assert Counter(test["status"] for test in allure_results(allure_dir).values()) == {
        "passed": 1,
        "broken": 1,
    }


def test_what_is_attached_to_every_test_is_not_attached_to_checks(project, allure_dir):
    conftest = project.pytester.path / "conftest.py"
    attach = """
import allure
import pytest


@pytest.fixture(autouse=True)
def attached():
    allure.dynamic.label("mine", "x")
    allure.attach("for every test", "note")
    with allure.step("step"):
        yield
"""
    conftest.write_text(conftest.read_text() + attach)
    project.pytester.makepyfile(test_own="def test_own():\n    pass\n")
    project.checks(project.check(SERVER))

    assert project.run("test_own.py", "--alluredir=out").ret == 0

    tests = allure_results(allure_dir)
    assert labels(tests["test_own"])["mine"] == "x"
    assert "attachments" not in tests[SERVER]
    assert project.verdicts == {SERVER: "PASS"}


def test_a_former_run_stays_unless_it_is_cleaned_away(project, allure_dir):
    project.checks(project.check(SERVER))
    project.run("--alluredir=out")
    project.run("--alluredir=out")
    assert len(list(allure_dir.glob("*-result.json"))) == 2

    project.run("--alluredir=out", "--clean-alluredir")

    assert_says_the_same(allure_dir, project)


@pytest.mark.parametrize(
    ("option", "selected"),
    [
        ("--allure-severities=critical", {SERVER, OPTIONS, CLIENT}),
        ("--allure-severities=minor", {"1.4-logs-hold-no-tokens"}),
        ("--allure-label=requirement=1.5", {OPTIONS, CLIENT}),
        ("--allure-label=area=sip,webhooks", {OPTIONS}),
        (f"--allure-stories={SERVER}", {SERVER}),
        ("--allure-features=sip", {OPTIONS}),
        ("--allure-epics=1.1 Authentication succeeds", {SERVER}),
        ("--allure-epics=Our own client", {CLIENT}),
    ],
)
def test_checks_are_selected_by_the_labels_of_their_results(project, allure_dir, option, selected):
    clauses = (SERVER, OPTIONS, "1.4-logs-hold-no-tokens", CLIENT)
    project.checks("".join(map(project.check, clauses)))

    project.run("--alluredir=out", option)

    assert allure_results(allure_dir).keys() == selected
    assert set(project.verdicts) == selected


def test_a_label_that_no_check_has_selects_nothing(project):
    project.checks(project.check(SERVER))

    assert project.run("--allure-ids=7").ret == 5


def test_labels_are_no_words_for_selecting_by_name(project):
    project.checks(project.check(SERVER))

    assert project.run("-k", "allure").ret == 5


def test_a_folder_that_cannot_be_made_is_told_before_anything_runs(project, allure_dir):
    allure_dir.write_text("")
    project.checks(project.check(SERVER))

    outcome = project.run("--alluredir=out/deep")

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["ERROR: --alluredir out/deep: Not a directory"])


def test_a_report_that_cannot_be_written_does_not_keep_the_results_from_others(project, allure_dir):
    stash = "(request.config.stash[RUN].directory / 'results.json').mkdir()"
    project.checks(project.check(SERVER, stash))

    assert project.run("--alluredir=out").ret == 3
    assert len(list(allure_dir.glob("*-result.json"))) == 1


def test_results_that_cannot_be_written_at_the_end_fail_the_run(project):
    body = "import shutil; shutil.rmtree('out'); open('out', 'w').close()"
    project.checks(project.check(SERVER, body))

    outcome = project.run("--alluredir=out")

    assert outcome.ret == 3
    outcome.stdout.fnmatch_lines(["--alluredir could not be written: *out*"])
    assert project.verdicts == {SERVER: "PASS"}


def test_without_allure_pytest_the_suite_runs_and_writes_its_own(project):
    project.checks(project.check(SERVER))

    assert project.run("-p", "no:allure_pytest").ret == 0
    assert_says_the_same(project.latest / "allure-results", project)
