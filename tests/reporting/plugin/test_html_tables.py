"""
pytest-html, when requested: our verdicts and figures in its page.
"""

from __future__ import annotations

import html
import json
import re

import pytest

SERVER = "1.1-server-answers"
OPTIONS = "1.5-sip-answers-options"
TOKENS = "1.4-logs-hold-no-tokens"
NASTY = "<script>alert(1)</script> & \\x00"


def run_with_html(project):
    project.checks(
        project.check(SERVER)
        + project.check(OPTIONS, f"raise Violation('{NASTY}')")
        + project.check("1.5-invite-is-not-rejected", "raise OSError('must not run')")
        + project.check(TOKENS, "assert 0, 'SHOULD be so'")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CI_JOB_TOKEN", "not-for-the-page")
        return project.run("--html=x.html")


@pytest.fixture
def ran(played):
    return played(run_with_html)


@pytest.fixture
def page(ran):
    return (ran.pytester.path / "x.html").read_text(encoding="utf-8")


def blob(page):
    return json.loads(html.unescape(re.search('data-jsonblob="([^"]*)"', page)[1]))


def rows(page):
    tests = [test for tests in blob(page)["tests"].values() for test in tests]
    return ["".join(test["resultsTableRow"]) for test in tests]


def test_each_record_is_a_row_with_clause_verdict_and_time(ran, page):
    found = [
        re.search(
            r'col-requirement">(.*?)<.*col-check">(.*?)<.*lkc-([A-Z]+)">\3<.*col-duration">(.+?)<',
            row,
            re.DOTALL,
        ).groups()
        for row in rows(page)
    ]

    assert {check: verdict for _, check, verdict, _ in found} == ran.verdicts
    assert all(check.startswith(requirement) for requirement, check, _, _ in found)
    assert all(re.fullmatch(r"\d+ ms", time) for *_, time in found)


def test_its_top_says_verdict_rates_and_requirements(page):
    top = html.unescape(re.sub(r"<[^>]*>", " ", page))

    assert "NOT CONFORMANT" in top
    assert "success rate 25.0 % (1 of 4 checks), coverage 75.0 % (3 of 4 applicable)" in top
    assert "1.1 Authentication succeeds" in top


def test_its_environment_is_an_allow_list(page):
    assert set(blob(page)["environment"]) == {
        "Environment",
        "Kind",
        "Target",
        "livekit-server",
        "livekit-sip",
        "Suite version",
        "Run",
        "Started",
        "Variables",
    }
    assert "not-for-the-page" not in page


def test_values_cannot_become_markup_in_it(page):
    assert "<script>alert(1)" not in page
    assert "<script>alert(1)" not in html.unescape(re.search('data-jsonblob="([^"]*)"', page)[1])


def test_it_is_one_file_and_report_html_is_still_ours(ran):
    assert not (ran.pytester.path / "assets").exists()
    ours = (ran.latest / "report.html").read_text(encoding="utf-8")
    assert "data-jsonblob" not in ours
    assert OPTIONS in ours


def test_without_it_nothing_of_it_is_written_or_said(project):
    project.checks(project.check(SERVER))

    outcome = project.run()

    assert "data-jsonblob" not in (project.latest / "report.html").read_text(encoding="utf-8")
    assert "Generated html report" not in outcome.stdout.str()


def test_what_could_not_be_imported_has_a_row_of_its_own(project):
    project.checks("import no_such_module_anywhere\n")

    project.run("--html=x.html", "--continue-on-collection-errors")

    page = (project.pytester.path / "x.html").read_text(encoding="utf-8")
    assert any("suites/test_checks.py" in row for row in rows(page))
