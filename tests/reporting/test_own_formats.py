"""
--html and --junitxml of pytest have the counts of results.json.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from livekit_conformance.reporting.result.model import OUTCOMES
from livekit_conformance.verdict import Verdict
from tests.reporting.counting import of_junit
from tests.reporting.test_reports import SERVER, run_mixed

# A failed clean-up has its own record.
DIRTY = """
@pytest.fixture
def dirty():
    yield
    raise OSError("left over")


"""
OWN = {"Passed": "passed", "Failed": "failed", "Errors": "broken", "Skipped": "skipped"}


def run_with_both(project, option):
    dirty = (
        DIRTY
        + project.check("1.1-server-is-ready", "pass", "dirty")
        + project.check("1.1-clock-is-exact", "raise Violation('x')", "dirty")
    )
    return run_mixed(project, "--html=own.html", "--junitxml=own.xml", option, more=dirty)


@pytest.fixture(params=["-v", "-x", "--reruns=1", "-krefused or bus", "--maxfail=3"])
def mixed(request, played):
    return played(run_with_both, request.param)


def outcomes(project):
    return Counter(OUTCOMES[Verdict(check["verdict"])] for check in project.results["checks"])


def test_the_page_of_pytest_html_counts_what_the_result_file_counts(mixed):
    page = (mixed.pytester.path / "own.html").read_text(encoding="utf-8")
    shown = {name: int(n) for n, name in re.findall(r"(\d+) ([A-Z][a-z]+)[,<\n]", page)}
    ran = outcomes(mixed)
    ran["broken"] -= sum(check["started"] is None for check in mixed.results["checks"])
    assert {OWN[name]: n for name, n in shown.items() if name in OWN} == {
        outcome: ran[outcome] for outcome in OWN.values()
    }
    assert ".run-count{display:none}" in page


def suites(project):
    return ET.parse(project.pytester.path / "own.xml").getroot()  # noqa: S314 - just written


def test_the_junit_file_of_pytest_says_what_ours_says(mixed):
    (suite,) = suites(mixed)
    (ours,) = ET.parse(mixed.latest / "junit.xml").getroot()  # noqa: S314 - our own file
    assert ET.canonicalize(ET.tostring(suite), strip_text=True) == ET.canonicalize(
        ET.tostring(ours), strip_text=True
    )
    assert of_junit(mixed.latest).total() == len(mixed.results["checks"])


def test_a_test_of_the_user_stays_in_the_suite_of_pytest(project):
    source = "def test_own():\n    assert not 'mine'\n"
    project.pytester.makepyfile(test_own=source)
    project.checks(project.check(SERVER, "raise Blocked('no', remedy='yes')"))

    project.run("test_own.py", "--junitxml=own.xml")

    checks, own = suites(project)
    assert (checks.get("tests"), checks.get("errors"), checks.get("failures")) == ("1", "1", "0")
    assert (own.get("tests"), own.get("errors"), own.get("failures")) == ("1", "0", "1")


def test_a_module_that_cannot_be_imported_stays_in_the_suite_of_pytest(project):
    project.pytester.makepyfile(test_own="import nothing_of_this_name\n")
    project.checks(project.check(SERVER))

    project.run("test_own.py", "--junitxml=own.xml", "--continue-on-collection-errors")

    checks, own = suites(project)
    assert (checks.get("tests"), checks.get("errors")) == ("1", "0")
    assert (own.get("tests"), own.get("errors")) == ("1", "1")


def test_a_run_without_checks_has_the_file_of_pytest(project):
    project.pytester.makepyfile(test_own="def test_own():\n    pass\n")
    project.checks(project.check(SERVER))

    project.run("test_own.py", "-k", "own", "--junitxml=own.xml")

    (own,) = suites(project)
    assert own.get("tests") == "1"
