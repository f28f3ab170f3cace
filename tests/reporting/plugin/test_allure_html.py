"""
The page that Allure makes of our results: without analytics, with history, never a failure.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys

import pytest

from livekit_conformance.reporting.plugin import allure_html
from livekit_conformance.reporting.plugin.allure_html import AllureError, without_analytics
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.writers import allure
from livekit_conformance.secrets.file_scan import SecretScan
from tests.reporting.test_formats import RUN, check

SERVER = "1.1-server-answers"
# The frame of a page of Allure 3.18, as far as it matters here.
PAGE = """\
<html><head><script defer src="data:text/javascript;base64,AAAA"></script></head><body>
    <script async src="https://www.googletagmanager.com/gtag/js?id=G-LNDJ3J7WT0"></script>
    <script>
        window.dataLayer = window.dataLayer || [];
        function gtag(){dataLayer.push(arguments);}
        gtag('js', new Date());
        gtag('config', 'G-LNDJ3J7WT0', {"report": "awesome"});
    </script>
    <script>window.allureReportData = {"a": "b"};</script>
</body></html>
"""
# The parts of `allure generate` that we rely on.
PROGRAM = """\
import json, sys
from pathlib import Path

arguments = sys.argv[1:]
config = json.loads(Path(arguments[arguments.index("--config") + 1]).read_text())
results = sorted(Path(arguments[-1]).glob("*-result.json"))
with Path(config["historyPath"]).open("a") as history:
    history.write(json.dumps([json.loads(path.read_text())["historyId"] for path in results]))
    history.write("\\n")
page = Path(config["output"]) / "index.html"
page.parent.mkdir()
page.write_text({page!r})
sys.exit({status})
"""


@pytest.fixture
def program(tmp_path):
    def make(page=PAGE, status=0):
        path, code = tmp_path / "allure", tmp_path / "allure.py"
        code.write_text(PROGRAM.format(page=page, status=status), encoding="utf-8")
        # Not after #!, because the path of an interpreter must not have blanks.
        command = shlex.join((sys.executable, str(code)))
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return make


def test_the_analytics_are_cut_out_and_nothing_else():
    clean = without_analytics(PAGE)

    assert "google" not in clean
    assert "gtag" not in clean
    assert 'src="data:text/javascript;base64,AAAA"' in clean
    assert 'window.allureReportData = {"a": "b"};' in clean


def test_a_page_that_would_still_load_a_script_is_refused():
    with pytest.raises(AllureError, match="elsewhere"):
        without_analytics(PAGE + '<script src="https://e.example/x.js"')


def test_a_run_has_the_page_where_allure_is_installed_and_carries_the_history_over(
    project, monkeypatch, program
):
    found = program()
    monkeypatch.setattr(allure_html, "program", lambda: found)
    project.checks(project.check(SERVER))

    outcome = project.run()
    project.run()

    assert outcome.ret == 0
    assert "google" not in (project.latest / "allure-report.html").read_text()
    outcome.stdout.fnmatch_lines(["allure: *allure-report.html"])
    history = project.pytester.path / "reports" / "allure-history" / "mock.jsonl"
    first, second = map(json.loads, history.read_text().splitlines())
    assert first == second
    assert len(first) == 1


def test_a_failure_of_allure_is_told_and_changes_no_verdict(project, monkeypatch, program):
    found = program(status=3)
    monkeypatch.setattr(allure_html, "program", lambda: found)
    project.checks(project.check(SERVER))

    outcome = project.run()

    assert outcome.ret == 0
    outcome.stdout.fnmatch_lines(["no page of allure: allure ended with 3*"])
    assert not (project.latest / "allure-report.html").exists()


def test_who_interrupts_a_run_does_not_wait_for_allure(project, monkeypatch, program):
    found = program()
    monkeypatch.setattr(allure_html, "program", lambda: found)
    project.checks(project.check(SERVER, "raise KeyboardInterrupt"))

    outcome = project.run()

    assert outcome.ret == 2
    assert not (project.latest / "allure-report.html").exists()


def test_it_runs_into_its_deadline_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(allure_html, "_DEADLINE", 0.05)
    slow = tmp_path / "allure"
    slow.write_text("#!/bin/sh\nexec sleep 20\n")
    slow.chmod(0o755)
    result = Result(RUN, (check("1.1-a", "PASS"),))

    with pytest.raises(AllureError, match="timed out"):
        allure_html.write(result, tmp_path, allure=str(slow), history=tmp_path / "history")


def test_half_a_pair_in_its_program_does_not_stop_the_scan_for_secrets():
    secret = "canary-of-twenty-letters"
    scan = SecretScan([secret])

    assert scan.where(rb'["\ud800", "\ud83d\ude00"]') is None
    assert scan.where(rb'["\ud800", "' + secret.encode() + b'"]') is not None


@pytest.mark.skipif(shutil.which("allure") is None, reason="npm install -g allure")
def test_the_real_program_makes_a_page_without_analytics(tmp_path):
    result = Result(RUN, (check("1.1-a", "PASS"), check("1.5-b", "FAIL", message="no")))
    allure.write(result, tmp_path / "allure-results")

    page = allure_html.write(
        result, tmp_path, allure=str(shutil.which("allure")), history=tmp_path / "history"
    )

    text = page.read_text(encoding="utf-8")
    assert "googletagmanager" not in text
    assert 'src="http' not in text
    assert (tmp_path / "history" / "mock.jsonl").stat().st_size > 0
