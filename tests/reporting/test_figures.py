"""
A partial run says so in verdict, coverage and exit status, however the part was selected.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from livekit_conformance.catalogue import checks
from livekit_conformance.cli.main import main
from livekit_conformance.reporting.result.model import is_about_client
from livekit_conformance.reporting.result.results_file import load, result_of
from tests.reporting.conftest import QUIET
from tests.scenarios.fork_server import start_pytest

SERVER, KEY, ROOM, SIP = (
    "1.1-server-answers",
    "1.1-key-is-accepted",
    "1.2-created-room-is-listed",
    "1.5-sip-answers-options",
)
CLIENT = "1.5-client-breaker-as-configured"
ALL = (SERVER, KEY, ROOM, SIP, CLIENT)


@pytest.fixture
def deployment(project, monkeypatch):
    """Return a project in which these five checks are the whole catalogue."""
    monkeypatch.setattr(checks, "CHECKS", ALL)
    project.checks("".join(map(project.check, (SERVER, KEY))), name="test_server")
    project.checks("".join(map(project.check, (ROOM, SIP, CLIENT))), name="test_rest")
    return project


def figures(project):
    run, summary = project.results["run"], project.results["summary"]
    return run["verdict"], summary["success_rate"], summary["coverage"]


def test_a_whole_run_is_conformant(deployment):
    assert deployment.run().ret == 0

    assert figures(deployment) == ("CONFORMANT", 100.0, 100.0)
    assert deployment.results["run"]["not_selected"] == []


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["-k", "server_answers"], {KEY, ROOM, SIP, CLIENT}),
        (["-m", "authentication"], {SERVER, ROOM, SIP, CLIENT}),
        (["--deselect", "suites/test_rest.py"], {ROOM, SIP, CLIENT}),
    ],
    ids=["-k", "-m", "--deselect"],
)
def test_what_was_deselected_was_not_looked_at(deployment, arguments, left):
    outcome = deployment.run(*arguments)

    covered = 100.0 * (4 - len(left - {CLIENT})) / 4
    assert outcome.ret == 0
    assert figures(deployment) == ("PARTIALLY CONFORMANT", 100.0, covered)
    assert set(deployment.results["run"]["not_selected"]) == left
    outcome.stdout.fnmatch_lines([f"PARTIALLY CONFORMANT (coverage {covered} %): *"])


@pytest.mark.parametrize("part", ["suites/test_server.py", "suites/test_server.py::test_*key*"])
def test_what_lies_on_another_path_was_not_looked_at(deployment, part):
    path = part.replace("test_*key*", "test_1_1_key_is_accepted")
    outcome = deployment.pytester.runpytest_inprocess(path, *QUIET)

    assert outcome.ret == 0
    assert figures(deployment) == (
        "PARTIALLY CONFORMANT",
        100.0,
        25.0 if "::" in part else 50.0,
    )


def test_what_failed_last_is_only_a_part(deployment):
    deployment.checks(
        deployment.check(SERVER) + deployment.check(KEY, "assert 0, 'MUST'"), name="test_server"
    )
    at = QUIET.index("no:cacheprovider")
    quiet = (*QUIET[: at - 1], *QUIET[at + 1 :])
    deployment.pytester.runpytest_inprocess("suites", *quiet)
    deployment.checks(deployment.check(SERVER) + deployment.check(KEY), name="test_server")

    outcome = deployment.pytester.runpytest_inprocess("suites", "--lf", *quiet)

    assert outcome.ret == 0
    # The checks that the failed key blocks failed too.
    assert set(deployment.verdicts) == {KEY, ROOM}
    assert figures(deployment) == ("PARTIALLY CONFORMANT", 100.0, 50.0)


def test_what_x_did_not_come_to_lowers_both_figures(deployment):
    deployment.checks(
        deployment.check(SERVER, "assert 0, 'MUST'") + deployment.check(KEY), name="test_server"
    )

    assert deployment.run("-x").ret == 1

    assert figures(deployment) == ("NOT CONFORMANT", 0.0, 25.0)


def test_what_a_profile_does_not_permit_was_not_looked_at(deployment):
    deployment.profile("mock", "kind: mock\nallow: [read, disrupt]\n")

    assert deployment.run().ret == 0

    assert figures(deployment) == ("PARTIALLY CONFORMANT", 100.0, 75.0)


async def test_one_check_of_the_real_suites_is_told_as_one_of_all(tmp_path):
    run = await start_pytest(
        ["suites", "-k", "invite", f"--reports={tmp_path}", "-q"],
        cwd=Path(__file__).parents[2],
        env={k: v for k, v in os.environ.items() if not k.startswith("LIVEKIT_CONFORMANCE_")},
    )
    output, _ = await run.communicate()

    assert run.returncode == 0, output.decode()
    told = json.loads((tmp_path / "latest" / "results.json").read_text(encoding="utf-8"))
    assert told["run"]["verdict"] == "PARTIALLY CONFORMANT"
    assert [check["id"] for check in told["checks"]] == ["1.5-invite-is-not-rejected"]
    assert len(told["run"]["not_selected"]) == len(checks.CHECKS) - 1
    own = sum(is_about_client(check) for check in checks.CHECKS)
    assert told["summary"]["applicable"] == len(checks.CHECKS) - own
    assert told["summary"]["coverage"] == round(100 / told["summary"]["applicable"], 1)


# -- --require-coverage ---------------------------------------------------------------------------


@pytest.mark.parametrize(("percent", "status"), [("25", 0), ("25%", 0), ("25.1", 1), ("100", 1)])
@pytest.mark.parametrize("way", ["option", "variable", "ini"])
def test_less_than_the_required_coverage_is_status_1(deployment, monkeypatch, way, percent, status):
    arguments = ["-k", "server_answers"]
    match way:
        case "option":
            arguments.append(f"--require-coverage={percent}")
        case "variable":
            monkeypatch.setenv("LIVEKIT_CONFORMANCE_REQUIRE_COVERAGE", percent)
        case "ini":
            arguments += ["-o", f"livekit_require_coverage={percent}"]

    outcome = deployment.run(*arguments)

    assert outcome.ret == status
    assert figures(deployment)[0] == "PARTIALLY CONFORMANT"
    told = "Coverage 25.0 % is below the " in outcome.stdout.str()
    assert told is bool(status)
    again = main(["report", "--from", str(deployment.latest / "journal.jsonl")])
    assert again == status


@pytest.mark.parametrize("percent", ["much", "-1", "100.1", "nan", ""])
def test_a_coverage_that_is_none_is_refused(deployment, percent):
    outcome = deployment.run(f"--require-coverage={percent}")

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines([f"*--require-coverage {percent}: must be a percentage from 0 *"])


# -- our own client -------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["assert 0, 'MUST'", "raise OSError('gone')"])
def test_a_failure_of_our_own_client_is_status_1_and_not_the_deployments(deployment, body):
    deployment.checks(
        "".join(map(deployment.check, (ROOM, SIP))) + deployment.check(CLIENT, body),
        name="test_rest",
    )

    outcome = deployment.run()

    assert outcome.ret == 1
    assert figures(deployment) == ("CONFORMANT", 100.0, 100.0)
    assert deployment.results["client"]["checks"] == [CLIENT]
    assert deployment.results["client"]["success_rate"] == 0.0
    outcome.stdout.fnmatch_lines(["CONFORMANT: 4 PASS", "A check of our own client failed*"])


# -- files of schema 1 ----------------------------------------------------------------------------


def of_schema_1(project):
    """Return the result file of this run as version 0.1.0 would have written it."""
    told = project.results
    told["schema"] = 1
    seen = {re.split(r"[\[#]", check["id"])[0] for check in told["checks"]}
    clauses = dict.fromkeys(re.split(r"[\[#]", check)[0] for check in checks.CHECKS)
    told["run"]["not_selected"] = [clause for clause in clauses if clause not in seen]
    told["run"]["verdict"] = "CONFORMANT"
    told["summary"] = {"pass": 1, "success_rate": 100.0, "coverage": 100.0}
    del told["client"], told["run"]["required_coverage"]
    return told


def test_the_figures_of_a_file_of_schema_1_are_those_of_today(deployment):
    deployment.run("-k", "server_answers")
    now = load(deployment.latest)

    before = result_of(of_schema_1(deployment))

    assert (before.verdict, before.summary.coverage) == ("PARTIALLY CONFORMANT", 25.0)
    assert before.summary == now.summary
    assert set(before.not_selected) == set(now.not_selected)


def test_a_family_of_which_schema_1_has_one_check_was_left_out_in_part(deployment, monkeypatch):
    other = f"{SIP}[another]"
    monkeypatch.setattr(checks, "CHECKS", (*ALL, other))
    deployment.run()

    before = result_of(of_schema_1(deployment))

    assert before.not_selected == (other,)
    assert (before.verdict, before.summary.coverage) == ("PARTIALLY CONFORMANT", 80.0)


def test_what_version_0_1_0_did_not_know_was_not_left_out_by_it(deployment, monkeypatch):
    deployment.run()
    told = of_schema_1(deployment)
    monkeypatch.setattr(checks, "CHECKS", (*ALL, "1.1-added-later"))

    assert result_of(told).verdict == "CONFORMANT"


def test_the_trend_tells_how_many_checks_each_run_decided(deployment, tmp_path):
    deployment.checks(
        deployment.check(SERVER) + deployment.check(KEY, "assert 0, 'MUST'"), name="test_server"
    )
    deployment.run()
    deployment.run("-k", "server_answers")
    data = tmp_path / "trend.json"

    main(["trend", str(deployment.latest.parent), "--json", str(data)])

    runs = json.loads(data.read_text(encoding="utf-8"))["environments"][0]["runs"]
    told = [(run["verdict"], run["coverage"], run["decided"], run["applicable"]) for run in runs]
    assert sorted(told) == [
        ("NOT CONFORMANT", 75.0, 3, 4),
        ("PARTIALLY CONFORMANT", 25.0, 1, 4),
    ]
