"""
The formats for machines and tickets: valid, readable by their consumers, and consistent.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given, settings

from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.reporting.plugin.annotations import _SHOWN, github_commands
from livekit_conformance.reporting.plugin.ci_build import build_of
from livekit_conformance.reporting.result.model import Result, Run
from livekit_conformance.reporting.writers import (
    allure,
    ctrf,
    junit,
    results_json,
    summary_md,
    write_all,
)
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.reporting import counting
from tests.reporting.random_results import NASTY, results

# Random results per test; EXAMPLES=200 is the long run.
EXAMPLES = int(os.environ.get("EXAMPLES", "25"))
SCHEMA = json.loads(Path(__file__).with_name("ctrf.schema.json").read_text(encoding="utf-8"))
RUN = Run("20261123T040000Z-mock-00c0ffee", "mock", "mock", "2026-11-23T04:00:00Z", "0.1.0")


def check(name, verdict, **fields):
    number = name.partition("-")[0]
    given = {
        "id": name,
        "node_id": f"suites/test_it.py::test_{name}",
        "requirement": number,
        "area": "sip",
        "level": "MUST",
        "statement": f"{name} MUST hold",
        "verdict": Verdict(verdict),
        "started": "2026-11-23T04:00:01.000Z",
    }
    return CheckRecord(**given | fields)


@given(result=results())
@settings(
    max_examples=EXAMPLES,
    database=None,
)
def test_every_format_says_the_same_numbers(result):
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / result.run.id
        write_all(result, folder)

        expected = counting.of_records(result)
        assert counting.of_results_json(folder) == expected
        assert counting.of_junit(folder) == expected
        assert counting.of_ctrf(folder) == expected
        assert counting.of_allure(folder) == expected
        assert counting.of_summary(folder) == expected
        assert counting.of_page(folder) == expected
        assert counting.of_html_tables(result) == expected
        counting.assert_same_figures(result, folder)

        jsonschema.validate(json.loads((folder / "ctrf.json").read_text()), SCHEMA)
        assert not list(junit_offences(ET.parse(folder / "junit.xml").getroot()))  # noqa: S314
        assert len((folder / "summary.md").read_text(encoding="utf-8")) <= summary_md.LIMIT
        assert commands_are_whole(list(github_commands(result)))


def test_the_comparison_of_formats_notices_a_lost_verdict(tmp_path):
    result = Result(RUN, (check("1.1-a", "PASS"), check("1.5-b", "FAIL", message="no")))
    write_all(result, tmp_path / "run")
    wrong = replace(result, checks=(result.checks[0], replace(result.checks[1], verdict="WARN")))
    expected = counting.of_records(replace(result, checks=result.checks[:1]))

    for count in (
        counting.of_results_json,
        counting.of_junit,
        counting.of_ctrf,
        counting.of_allure,
        counting.of_summary,
        counting.of_page,
    ):
        assert count(tmp_path / "run") != expected
    assert counting.of_html_tables(wrong) != counting.of_records(result)


# -- CTRF -------------------------------------------------------------------------------------


def written(writer, result, tmp_path):
    path = tmp_path / "report"
    writer.write(result, path)
    return path.read_text(encoding="utf-8")


def test_ctrf_names_cause_fix_evidence_and_the_build(tmp_path):
    failed = check("1.5-sip-answers-options", "FAIL", message="no", evidence=("evidence/x.json",))
    build = build_of({"GITLAB_CI": "true", "CI_JOB_URL": "https://ci/1", "CI_PIPELINE_IID": "7"})
    result = Result(replace(RUN, build=build), (failed,), diagnose((failed,), ()))

    report = json.loads(written(ctrf, result, tmp_path))

    jsonschema.validate(report, SCHEMA)
    (test,) = report["results"]["tests"]
    assert test["extra"]["cause"] == result.diagnoses[0].id
    assert test["extra"]["fix"] == result.diagnoses[0].fix
    assert test["attachments"] == [
        {"name": "x.json", "contentType": "application/json", "path": "evidence/x.json"}
    ]
    assert report["results"]["environment"]["buildNumber"] == 7
    assert report["results"]["environment"]["buildUrl"] == "https://ci/1"
    assert report["results"]["environment"]["healthy"] is False


def test_ctrf_follows_a_test_from_run_to_run(tmp_path):
    one = Result(RUN, (check("1.1-a", "PASS"),))
    other = Result(replace(RUN, id="other"), (check("1.1-a", "FAIL", message="x"),))

    first = json.loads(written(ctrf, one, tmp_path))
    second = json.loads(written(ctrf, other, tmp_path))

    assert first["results"]["tests"][0]["id"] == second["results"]["tests"][0]["id"]
    assert first["reportId"] != second["reportId"]


def test_the_schema_of_ctrf_refuses_what_it_does_not_know():
    report = {"reportFormat": "CTRF", "specVersion": "1.0.0", "results": {}, "mine": 1}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SCHEMA)


# -- JUnit ------------------------------------------------------------------------------------

# Elements with the children and attributes that Jenkins' schema (junit-10.xsd) has for them, and
# the properties of a test case, which Jenkins, GitLab and pytest itself know beyond it.
_COUNTS = {"name", "tests", "failures", "errors", "time"}
JUNIT = {
    "testsuites": ({"testsuite"}, _COUNTS),
    "testsuite": ({"testcase", "properties"}, _COUNTS | {"skipped", "timestamp"}),
    "testcase": (
        {"properties", "failure", "error", "skipped", "system-out"},
        {"name", "classname", "time"},
    ),
    "properties": ({"property"}, set()),
    "property": (set(), {"name", "value"}),
    "failure": (set(), {"type", "message"}),
    "error": (set(), {"type", "message"}),
    "skipped": (set(), {"type", "message"}),
    "system-out": (set(), set()),
}


def junit_offences(element):
    children, attributes = JUNIT.get(element.tag, (set(), set()))
    if element.tag not in JUNIT or not element.attrib.keys() <= attributes:
        yield f"{element.tag}: {sorted(element.attrib)}"
    if element.tag in ("testsuites", "testsuite") and not element.attrib.keys() >= _COUNTS:
        yield f"{element.tag} lacks one of {sorted(_COUNTS)}"
    if not re.fullmatch(r"\d*(\.\d*)?", element.get("time", "")):
        yield f"time: {element.get('time')}"
    for child in element:
        if child.tag not in children:
            yield f"{child.tag} in {element.tag}"
        yield from junit_offences(child)


def test_junit_has_what_it_has_no_word_for_in_properties(tmp_path):
    failed = check("1.5-sip-answers-options[udp]", "FAIL", message="no answer", broken_link="bus")
    result = Result(RUN, (failed,), diagnose((failed,), ()))

    root = ET.fromstring(written(junit, result, tmp_path))  # noqa: S314 - our own file

    assert not list(junit_offences(root))
    properties = {p.get("name"): p.get("value") for p in root.iterfind(".//testcase//property")}
    assert properties == {
        "clause": "1.5-sip-answers-options",
        "requirement": "1.5",
        "area": "sip",
        "level": "MUST",
        "verdict": "FAIL",
        "statement": failed.statement,
        "message": "no answer",
        "cause": result.diagnoses[0].id,
        "fix": result.diagnoses[0].fix,
        "broken_link": "bus",
        "node_id": failed.node_id,
    }


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\ufffeb", "a\ud800b"])
def test_what_xml_cannot_hold_is_replaced_in_junit(tmp_path, text):
    result = Result(RUN, (check("1.1-a", "FAIL", message=text),))

    root = ET.fromstring(written(junit, result, tmp_path))  # noqa: S314 - our own file

    assert root.find(".//failure").text == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("bad", ["<testsuites/>", "<testsuites><mine/></testsuites>"])
def test_the_rules_of_junit_refuse_what_is_none(bad):
    assert list(junit_offences(ET.fromstring(bad)))  # noqa: S314 - our own text


# -- summary.md -------------------------------------------------------------------------------


def headings(page):
    return [line.lstrip("# ") for line in page.splitlines() if line.startswith("#")]


def test_the_summary_goes_from_verdict_to_requirements_to_causes_to_failures(tmp_path):
    failed = check("1.5-sip-answers-options", "FAIL", message="no answer")
    result = Result(RUN, (failed,), diagnose((failed,), ()))

    page = written(summary_md, result, tmp_path)

    first, *rest = headings(page)
    assert first == "Calls were not tried. First broken link: SIP socket of livekit-sip."
    assert page.splitlines()[2] == "**NOT CONFORMANT: 1 FAIL**"
    assert rest[0] == "Requirements"
    assert rest.index("Requirements") < rest.index("Findings")
    assert "- Look at: " in page or "- Fix: " in page


def test_a_summary_of_anything_fits_into_a_comment_and_says_what_was_cut(tmp_path):
    failed = tuple(check(f"1.1-a[{n}]", "FAIL", message="x" * 5_000) for n in range(300))

    page = written(summary_md, Result(RUN, failed), tmp_path)

    assert 50_000 < len(page) <= 65_000
    assert "lines more in report.html" in page
    assert "| 1.5 " in page


def test_messages_cannot_add_rows_headings_or_markup_to_the_summary(tmp_path):
    failed = tuple(
        check(f"1.1-a[{n}]", "FAIL", message=text, area="rooms") for n, text in enumerate(NASTY)
    )

    page = written(summary_md, Result(RUN, failed), tmp_path)

    plain = written(
        summary_md, Result(RUN, tuple(replace(c, message="x") for c in failed)), tmp_path
    )
    assert len(page.splitlines()) == len(plain.splitlines())
    assert headings(page) == headings(plain)
    assert not re.search(r"(?<!\\)[<`|\[]", page.partition("## Findings")[2])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", page)


# -- Allure -----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run" / "allure-results"


def allure_test(folder, name):
    return counting.allure_results(folder)[name]


def test_allure_has_labels_cause_links_and_evidence(folder):
    failed = check("1.2-settings-are-kept", "FAIL", message="no", evidence=("evidence/sip.log",))
    known = check("1.1-a", "KNOWN", message="m", issues=("https://bugs.example/7",))
    (folder.parent / "evidence").mkdir(parents=True)
    (folder.parent / "evidence" / "sip.log").write_text("OPTIONS\n")

    allure.write(Result(RUN, (failed, known), diagnose((failed,), ())), folder)

    test = allure_test(folder, failed.id)
    labels = {label["name"]: label["value"] for label in test["labels"]}
    assert {"requirement": "1.2", "area": "sip", "severity": "critical"}.items() <= labels.items()
    assert labels["suite"] == labels["feature"] == "sip"
    assert labels["cause"] == "cause-unknown"
    assert "LOOK AT" in test["statusDetails"]["trace"]
    (attached,) = test["attachments"]
    assert attached["type"] == "text/plain"
    assert (folder / attached["source"]).read_text() == "OPTIONS\n"
    (link,) = allure_test(folder, known.id)["links"]
    assert link == {
        "type": "issue",
        "name": "https://bugs.example/7",
        "url": "https://bugs.example/7",
    }


def test_allure_sorts_every_verdict_into_its_category(folder):
    checks = [
        check(f"1.1-{verdict.lower()}", verdict, message="m\nn")
        for verdict in Verdict
        if verdict not in (Verdict.PASS, Verdict.SKIPPED)
    ]
    checks += [
        check(f"1.1-{reason}", "SKIPPED", message="m\nn", reason=reason)
        for reason in ("not-applicable", "not-permitted", "not-configured")
    ]

    allure.write(Result(RUN, tuple(checks)), folder)

    categories = json.loads((folder / "categories.json").read_text())
    fits = {
        one.id: [
            category["name"]
            for category in categories
            if allure_test(folder, one.id)["status"] in category["matchedStatuses"]
            and re.fullmatch(
                category["messageRegex"], allure_test(folder, one.id)["statusDetails"]["message"]
            )
        ]
        for one in checks
    }
    assert all(len(names) == 1 for names in fits.values()), fits
    assert len({names[0] for names in fits.values()}) == len(checks) == len(categories)


def test_allure_keeps_the_history_of_a_check_and_no_two_share_one(folder):
    same = (check("1.1-a[x]", "PASS"), check("1.1-a[y]", "PASS"))
    allure.write(Result(RUN, same), folder)
    before = {one.id: allure_test(folder, one.id)["historyId"] for one in same}
    failed = tuple(replace(c, verdict=Verdict.FAIL, message="x", duration_s=9.0) for c in same)

    allure.write(Result(replace(RUN, id="other"), failed), folder)

    assert {one.id: allure_test(folder, one.id)["historyId"] for one in same} == before
    assert len(set(before.values())) == 2


def test_allure_names_environment_and_executor(folder):
    build = build_of(
        {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKFLOW": "nightly",
            "GITHUB_RUN_NUMBER": "12",
            "GITHUB_RUN_ID": "99",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": "o/r",
        }
    )
    run = replace(RUN, url="http://h\u00f6st\n\\x", versions={"livekit_sip": "1.8.0"}, build=build)

    allure.write(Result(run, (check("1.1-a", "PASS"),)), folder)

    assert json.loads((folder / "executor.json").read_text()) == {
        "type": "github",
        "name": "GitHub Actions",
        "reportName": "LiveKit conformance: mock",
        "buildName": "nightly #12",
        "buildOrder": 12,
        "buildUrl": "https://github.example/o/r/actions/runs/99",
    }
    lines = (folder / "environment.properties").read_text(encoding="ascii").splitlines()
    assert "url=http://h\\u00f6st\\u000a\\\\x" in lines
    assert "verdict=CONFORMANT" in lines
    assert "livekit_sip=1.8.0" in lines


# -- annotations for GitHub -------------------------------------------------------------------


def commands_are_whole(lines):
    """Check that each command is one line, escaped for GitHub, and each kind has at most ten."""
    parsed = [re.fullmatch(r"::(error|warning|notice) title=([^:,\r\n]*)::(.*)", x) for x in lines]
    kinds = [found[1] for found in parsed if found]
    return None not in parsed and all(kinds.count(kind) <= _SHOWN for kind in kinds)


def test_results_json_is_valid_for_its_own_schema(tmp_path):
    result = Result(RUN, (check("1.1-a", "FAIL", message="x"),))

    jsonschema.validate(json.loads(written(results_json, result, tmp_path)), results_json.schema())


@pytest.mark.parametrize(
    "text", ["half a pair \\ud800", "\\x00\\x1b[0m ]]> \\ufffe", "\\u2028|\\n::x"]
)
def test_a_run_survives_texts_that_no_file_can_hold(project, text):
    body = f"see(request, '{text}', body='{text}'); raise Violation('{text}')"
    project.checks(project.check("1.1-server-answers", body))

    outcome = project.run("--html=x.html", "--annotations=gitlab")

    assert outcome.ret == 1
    assert project.verdicts == {"1.1-server-answers": "FAIL"}
    for path in (project.pytester.path / "x.html", *project.latest.rglob("*.*")):
        path.read_text(encoding="utf-8")
    jsonschema.validate(project.results, results_json.schema())
