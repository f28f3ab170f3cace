"""
Annotations on request: commands in GitHub's log, artifacts for GitLab.
"""

from __future__ import annotations

import json
import re

import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.reporting.plugin.annotations import github_commands, write_for_gitlab
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.verdict import Verdict
from tests.reporting.random_results import NASTY
from tests.reporting.test_formats import RUN, check

SERVER = "1.1-server-answers"
OPTIONS = "1.5-sip-answers-options"
# A failure that no cause explains.
KEPT = "1.2-settings-are-kept"
TOKENS = "1.4-logs-hold-no-tokens"


def commands(*checks):
    return list(github_commands(Result(RUN, checks)))


def test_each_verdict_has_its_kind_and_what_is_only_blocked_has_none():
    root = check("1.1-a", "FAIL", message="m")
    told = commands(
        root,
        check("1.1-b", "BLOCKED", message="m", blocked_by=root.id),
        check("1.1-c", "WARN", message="m"),
        check("1.1-d", "KNOWN", message="m"),
        check("1.1-e", "ERROR", message="m"),
        check("1.1-f", "PASS"),
        check("1.1-g", "SKIPPED", message="m", reason="not-permitted"),
    )

    assert told == [
        "::error title=FAIL 1.1-a::m",
        "::error title=ERROR 1.1-e::m",
        "::warning title=WARN 1.1-c::m",
        "::notice title=KNOWN 1.1-d::m",
    ]


def test_causes_come_before_symptoms():
    failed = check(KEPT, "FAIL", message="no answer")

    first, second = github_commands(Result(RUN, (failed,), diagnose((failed,), ())))

    assert first.startswith("::error title=Cause unknown%3A ")
    assert "%0ALOOK AT: " in first
    assert second == f"::error title=FAIL {KEPT}::no answer"


def test_there_are_ten_of_a_kind_and_the_tenth_names_the_others():
    told = commands(*(check(f"1.1-{n}", "FAIL", message="m") for n in range(14)))

    assert len(told) == 10
    assert told[-1] == ("::error title=5 more::" + ", ".join(f"FAIL 1.1-{n}" for n in range(9, 14)))
    assert len(commands(*(check(f"1.1-{n}", "FAIL", message="m") for n in range(10)))) == 10
    assert not any("more" in line for line in told[:9])


@pytest.mark.parametrize("text", NASTY)
def test_a_message_cannot_become_a_command_of_its_own(text):
    (command,) = commands(check(f"1.1-a[{text[:20]}]", "FAIL", message=text))

    assert re.fullmatch(r"::error title=[^:,\r\n]*::[^\r\n]*", command)
    assert len(command) < 3 * 2_100


def test_percent_signs_and_line_ends_come_out_as_they_went_in():
    (command,) = commands(check("1.1-a", "FAIL", message="50 %\r\n%0A: a,b"))

    assert command == "::error title=FAIL 1.1-a::50 %25%0D%0A%250A: a,b"


# -- GitLab -----------------------------------------------------------------------------------


def test_gitlab_has_a_finding_for_what_must_be_looked_at_the_same_in_every_run(tmp_path):
    checks = (
        check("1.1-a", "FAIL", message="now"),
        check("1.1-b", "BLOCKED", message="x", blocked_by="1.1-a"),
        check("1.1-c", "WARN", message="x"),
        check("1.1-d", "KNOWN", message="x"),
        check("1.1-e", "PASS"),
    )
    write_for_gitlab(Result(RUN, checks), tmp_path, {})
    findings = json.loads((tmp_path / "gl-code-quality.json").read_text())

    assert [(one["check_name"], one["severity"]) for one in findings] == [
        ("1.1-a", "critical"),
        ("1.1-c", "minor"),
        ("1.1-d", "info"),
    ]
    assert findings[0]["description"] == "FAIL 1.1-a: now"
    assert findings[0]["location"] == {"path": "suites/test_it.py", "lines": {"begin": 1}}
    assert len({one["fingerprint"] for one in findings}) == 3

    write_for_gitlab(Result(RUN, (check("1.1-a", "FAIL", message="later"),)), tmp_path, {})
    (again,) = json.loads((tmp_path / "gl-code-quality.json").read_text())
    assert again["fingerprint"] == findings[0]["fingerprint"]


def test_gitlab_links_the_report_of_its_job(tmp_path):
    run = tmp_path / "reports" / "run"
    run.mkdir(parents=True)
    environ = {"CI_JOB_URL": "https://ci/o/r/-/jobs/7", "CI_PROJECT_DIR": str(tmp_path)}

    write_for_gitlab(Result(RUN, (check("1.1-a", "PASS"),)), run, environ)

    (link,) = json.loads((run / "gl-annotations.json").read_text())["LiveKit conformance"]
    assert link["external_link"] == {
        "label": "CONFORMANT: 1 PASS",
        "url": "https://ci/o/r/-/jobs/7/artifacts/file/reports/run/report.html",
    }


# -- the option -------------------------------------------------------------------------------


@pytest.fixture
def broken(project):
    project.checks(
        project.check(SERVER)
        + project.check(OPTIONS, "raise Violation('::error::mine')")
        + project.check(TOKENS, "assert 0, 'SHOULD be so'")
    )
    return project


@pytest.mark.parametrize("twin", ["option", "variable", "ini"])
def test_github_has_commands_in_the_log_and_the_summary_on_the_job(broken, monkeypatch, twin):
    page = broken.pytester.path / "step.md"
    page.write_text("from the step before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    arguments = []
    if twin == "option":
        arguments = ["--annotations=github"]
    elif twin == "variable":
        monkeypatch.setenv("LIVEKIT_CONFORMANCE_ANNOTATIONS", "github")
    else:
        broken.pytester.makeini("[pytest]\nlivekit_annotations = github\n")

    outcome = broken.run(*arguments)

    outcome.stdout.fnmatch_lines(
        [
            f"::error title=FAIL {OPTIONS}::{BY_ID[OPTIONS].statement}; ::error::mine",
            f"::warning title=WARN {TOKENS}::{BY_ID[TOKENS].statement}; SHOULD be so",
        ]
    )
    text = page.read_text(encoding="utf-8")
    assert "from the step before\n# Calls were not tried." in text
    assert "**NOT CONFORMANT: 1 PASS, 1 FAIL, 1 WARN**" in text
    assert text.endswith((broken.latest / "summary.md").read_text(encoding="utf-8"))


def test_what_a_server_answered_cannot_give_commands_to_github(project):
    project.checks(project.check(SERVER, r"print('\n::add-mask::e\n::error::mine')"))

    lines = project.run("--annotations=github", "-s").stdout.str().splitlines()

    commands = [line for line in lines if line.startswith("::")]
    begin, *told = commands
    assert re.fullmatch(r"::stop-commands::[0-9a-f]{32}", begin)
    resumed = told.index(f"::{begin.rpartition('::')[2]}::")
    assert "::error::mine" in told[:resumed], "the message is in the log"
    assert all(line.startswith("::error title=") for line in told[resumed + 1 :])


def test_gitlab_has_its_files_and_no_commands(broken):
    outcome = broken.run("--annotations=gitlab")

    findings = json.loads((broken.latest / "gl-code-quality.json").read_text())
    assert [one["check_name"] for one in findings] == [OPTIONS, TOKENS]
    assert (broken.latest / "gl-annotations.json").is_file()
    assert "::error title" not in outcome.stdout.str()


def test_nothing_is_annotated_without_being_asked(broken, monkeypatch):
    page = broken.pytester.path / "step.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    outcome = broken.run()

    assert "::error title" not in outcome.stdout.str()
    assert not page.exists()
    assert not (broken.latest / "gl-code-quality.json").exists()


def test_an_unknown_service_is_refused_in_words(broken):
    outcome = broken.run("--annotations=gitea")

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["*--annotations gitea: must be one of github, gitlab"])


def test_a_summary_that_cannot_be_written_is_no_success(broken, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(broken.pytester.path / "no" / "folder.md"))

    outcome = broken.run("--annotations=github")

    assert outcome.ret == 3
    outcome.stdout.fnmatch_lines(["annotations could not be written: *"])


def test_every_verdict_has_a_kind_or_needs_none():
    for verdict in Verdict:
        told = commands(check("1.1-a", verdict, message="m", reason=None))
        assert bool(told) == (verdict not in (Verdict.PASS, Verdict.SKIPPED))
