"""
The reports: one set of numbers in all of them, no secret in any, and none lost by a kill.
"""

from __future__ import annotations

import base64
import html
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.cli.main import main
from livekit_conformance.reporting.writers.results_json import schema
from tests.reporting.counting import allure_results
from tests.secrecy import leaks

SRC = Path(__file__).parents[2] / "src"
SERVER = "1.1-server-answers"
OPTIONS = "1.5-sip-answers-options"
TOKENS = "1.4-logs-hold-no-tokens"
NASTY = "<script>alert(1)</script> & \\x1b[31m \\x00 | `x`"

# 5 PASS, 1 WARN, 1 FAIL, 2 BLOCKED, 2 SKIPPED, 1 ERROR
MIXED = (
    (SERVER, "see(request, 'GET / 200', status=200)"),
    ("1.1-key-is-accepted", "pass"),
    ("1.1-wrong-secret-is-refused", "pass"),
    ("1.1-unknown-key-is-refused", "pass"),
    ("1.1-expired-token-is-refused", "pass"),
    ("1.4-refused-token-is-logged", "{}['key']"),
    (OPTIONS, f"raise Violation('{NASTY}')"),
    ("1.5-invite-is-not-rejected", "raise OSError('must not run')"),
    ("1.5-bus-has-a-server", "raise Blocked('no redis', remedy='install it')"),
    ("1.5-call-is-answered", "raise OSError('must not run')"),
    (TOKENS, "assert 0, 'SHOULD be so'"),
    ("1.2-created-room-is-listed", "raise OSError('must not run')"),
)
NO_ROOMS = "kind: mock\nallow: [read, place-calls]\nagent: none\n"


def run_mixed(project, *options, more=""):
    project.profile("mock", NO_ROOMS)
    project.checks("".join(project.check(clause, body) for clause, body in MIXED) + more)
    return project.run(*options)


@pytest.fixture
def mixed(played):
    return played(run_mixed)


def text_of(path):
    return path.read_text(encoding="utf-8")


def test_the_result_file_keeps_its_schema(mixed):
    jsonschema.validate(mixed.results, schema())


def test_the_schema_refuses_a_result_that_contradicts_itself(mixed):
    result = mixed.results
    result["checks"][0] |= {"verdict": "SKIPPED", "reason": None}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result, schema())


def test_the_arithmetic_is_that_of_the_design(mixed):
    assert mixed.results["run"]["verdict"] == "NOT CONFORMANT"
    assert mixed.results["summary"] == {
        "pass": 5,
        "fail": 1,
        "warn": 1,
        "known": 0,
        "blocked": 2,
        "skipped": 2,
        "error": 1,
        "not_selected": 0,
        "decided": 7,
        "applicable": 12,
        "success_rate": 50.0,
        "coverage": 58.3,
    }
    assert Counter(mixed.verdicts.values()) == {
        "PASS": 5,
        "FAIL": 1,
        "WARN": 1,
        "BLOCKED": 2,
        "SKIPPED": 2,
        "ERROR": 1,
    }


def test_the_sums_over_requirements_and_areas_are_the_total(mixed):
    result = mixed.results
    for name in ("pass", "fail", "warn", "known", "blocked", "skipped", "error"):
        total = result["summary"][name]
        assert sum(group[name] for group in result["requirements"]) == total
        assert sum(group[name] for group in result["areas"]) == total


def test_the_terminal_says_the_same_numbers(mixed):
    mixed.outcome.stdout.fnmatch_lines(
        [
            "Calls do not work. First broken link: SIP socket of livekit-sip. 8 of 10 checks *",
            f"FAIL * {OPTIONS}: *",
            "*blocks 1: 1.5-invite-is-not-rejected",
            "NOT CONFORMANT (coverage 58.3 %): 5 PASS, 1 FAIL, 1 WARN, 2 BLOCKED, 2 SKIPPED, *",
            "success rate 50.0 % (5 of 10 checks), coverage 58.3 % (7 of 12 applicable)",
            "report: *report.html",
        ]
    )


def test_only_errors_of_the_suite_show_a_traceback(mixed):
    output = mixed.outcome.stdout.str()

    assert "KeyError: 'key'" in output
    assert "raise Violation" not in output
    assert "raise Blocked" not in output


def test_a_traceback_that_nobody_sees_is_not_made(project, monkeypatch):
    made, getrepr = [], pytest.ExceptionInfo.getrepr

    def noted(excinfo, *arguments, **options):
        made.append(excinfo.type)
        return getrepr(excinfo, *arguments, **options)

    monkeypatch.setattr(pytest.ExceptionInfo, "getrepr", noted)
    run_mixed(project)

    assert made == [KeyError]


def test_junit_says_the_same_numbers(mixed):
    (suite,) = ET.parse(mixed.latest / "junit.xml").getroot()  # noqa: S314 - our own file
    cases = list(suite.iter("testcase"))

    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "12",
        "failures": "1",
        "errors": "3",
        "skipped": "2",
    }
    assert sum(case.find("failure") is not None for case in cases) == 1
    assert sum(case.find("error") is not None for case in cases) == 3
    assert sum(case.find("skipped") is not None for case in cases) == 2
    verdicts = {case.get("name"): property_of(case, "verdict") for case in cases}
    assert verdicts == mixed.verdicts
    (warned,) = [case for case in cases if case.get("name") == TOKENS]
    assert warned.findtext("system-out") == f"WARN: {BY_ID[TOKENS].statement}; SHOULD be so"
    assert property_of(warned, "requirement") == "1.4"


def property_of(case, name):
    return case.find(f"properties/property[@name='{name}']").get("value")


def test_allure_says_the_same_numbers_with_requirement_labels(mixed):
    results = [
        json.loads(text_of(path)) for path in mixed.latest.glob("allure-results/*-result.json")
    ]

    assert Counter(result["status"] for result in results) == {
        "passed": 6,
        "failed": 1,
        "broken": 3,
        "skipped": 2,
    }
    for result in results:
        labels = {label["name"]: label["value"] for label in result["labels"]}
        assert labels["verdict"] == mixed.verdicts[result["name"]]
        assert labels["requirement"] == result["name"].partition("-")[0]
    (answers,) = [result for result in results if result["name"] == SERVER]
    (attachment,) = answers["attachments"]
    assert "GET / 200" in text_of(mixed.latest / "allure-results" / attachment["source"])


def test_ctrf_says_the_same_numbers(mixed):
    results = json.loads(text_of(mixed.latest / "ctrf.json"))["results"]

    summary = {name: results["summary"][name] for name in ("tests", "passed", "failed", "other")}
    assert summary == {"tests": 12, "passed": 6, "failed": 1, "other": 3}
    assert {test["name"]: test["rawStatus"] for test in results["tests"]} == mixed.verdicts


class Static(HTMLParser):
    """Text that a browser shows with scripts off, and the targets of the page's links."""

    def __init__(self, page):
        super().__init__()
        self.text, self.links, self._hidden = [], [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._hidden += tag in ("script", "style", "template")
        self.links += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_endtag(self, tag):
        self._hidden -= tag in ("script", "style", "template")

    def handle_data(self, data):
        if not self._hidden:
            self.text.append(data)


def test_the_page_can_be_read_with_scripts_off(mixed):
    shown = " ".join(" ".join(Static(text_of(mixed.latest / "report.html")).text).split())

    for words in (
        "NOT CONFORMANT",
        "success rate 50.0 % (5 of 10 checks), coverage 58.3 % (7 of 12 applicable)",
        "5 PASS, 1 FAIL, 1 WARN, 2 BLOCKED, 2 SKIPPED, 1 ERROR",
        "1.1 Authentication succeeds CONFORMANT 100.0 % (5/5) 100.0 % (5/5) 5 PASS",
        'no "no response from servers" NOT CONFORMANT (coverage 25.0 %)',
        f"{OPTIONS} FAIL {BY_ID[OPTIONS].statement}; <script>alert(1)</script> &",
        "blocks 1 1.5-invite-is-not-rejected",
        "not-permitted: the profile does not permit the effect create-rooms",
    ):
        assert words in shown


def test_the_page_stands_alone(mixed):
    page = Static(text_of(mixed.latest / "report.html"))

    assert [link for link in page.links if not link.startswith("#")] == [f"evidence/{SERVER}.json"]


def test_values_cannot_become_markup(mixed):
    page = text_of(mixed.latest / "report.html")

    assert "<script>alert(1)" not in page


def test_the_summary_says_the_same_numbers(mixed):
    summary = text_of(mixed.latest / "summary.md")

    assert "success rate 50.0 % (5 of 10 checks), coverage 58.3 % (7 of 12 applicable)" in summary
    assert "<script>" not in summary.replace("\\<", "")


def test_the_journal_rebuilds_every_report(mixed, tmp_path, capsys):
    again = tmp_path / "again"

    status = main(["report", "--from", str(mixed.latest / "journal.jsonl"), "--to", str(again)])

    assert status == 1
    for name in ("results.json", "junit.xml", "ctrf.json", "summary.md"):
        assert text_of(again / name) == text_of(mixed.latest / name)
    there, before = (allure_results(folder / "allure-results") for folder in (again, mixed.latest))
    assert there.keys() == before.keys()
    for name, test in there.items():
        # A journal that was copied elsewhere has no evidence beside it.
        assert test == {key: value for key, value in before[name].items() if key != "attachments"}
    shown = " ".join(" ".join(Static(text_of(again / "report.html")).text).split())
    assert "success rate 50.0 % (5 of 10 checks), coverage 58.3 %" in shown
    assert "NOT CONFORMANT (coverage 58.3 %): 5 PASS" in capsys.readouterr().out


def test_the_journal_of_a_killed_run_is_a_report_too(mixed, tmp_path):
    lines = text_of(mixed.latest / "journal.jsonl").splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["type"] != "end"][:-4]
    killed = tmp_path / "journal.jsonl"
    killed.write_text("".join(kept) + lines[-2][:40], encoding="utf-8")

    assert main(["report", "--from", str(killed)]) == 1

    result = json.loads(text_of(tmp_path / "results.json"))
    jsonschema.validate(result, schema())
    assert len(result["checks"]) == len(MIXED)
    assert result["run"]["interrupted"].startswith("killed a")
    (tokens,) = [check for check in result["checks"] if check["id"] == TOKENS]
    assert tokens["verdict"] == "BLOCKED"


# -- secrets ----------------------------------------------------------------------------------

API_SECRET = 'canary/API+secret"\\<>&é-0123456789abcdef'
PASSWORD = "canary-trunk-password-9876"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
CANARIES = (API_SECRET, PASSWORD, TOKEN)
LIVE = """\
kind: live
allow: [read, create-rooms, send-webhooks, place-calls]
livekit: {url: 'http://127.0.0.1:1', api_key: key, api_secret: '${CANARY_API_SECRET}'}
sip: {server: 127.0.0.1, username: u, password: '${CANARY_PASSWORD}', number: '+15550123'}
redis: redis://127.0.0.1:6379/0
logs: [{service: livekit-server, path: /dev/null}]
webhook: {url: 'http://127.0.0.1:1/'}
"""
LEAKS = """\
import base64
import logging
import os
import sys
import urllib.parse
import warnings

A, P = os.environ["CANARY_API_SECRET"], os.environ["CANARY_PASSWORD"]
T = os.environ["CANARY_TOKEN"]
clause = pytest.mark.clause


@clause("1.1-server-answers")
def test_violation():
    raise Violation(f"seen {A} and {P} and {T}")


@clause("1.4-logs-hold-no-secrets")
def test_introspection():
    assert A + "x" == A[:-1] + P


@clause("1.5-sip-answers-options")
def test_blocked():
    raise Blocked(f"{base64.b64encode(f'key:{A}'.encode()).decode()}", remedy=repr(P))


@clause("1.5-bus-has-a-server")
def test_error(request, capsys):
    local = A
    print(A, P, T)
    print(P[:14], file=sys.stderr)
    logging.getLogger("x").error("secret %s token %s", A, T)
    see(request, f"GET /?token={T}", body=A, url=urllib.parse.quote(A))
    read(request, f"line {T}", header={"x": [P]})
    raise OSError(f"{A!r} {P} {T} {urllib.parse.quote(A, safe='')}")


@pytest.fixture
def clean_up():
    yield
    raise OSError(f"{A} {P} {T}")


@clause("1.4-logs-hold-no-tokens")
def test_clean_up(clean_up, record_property):
    record_property("secret", A)
"""


def test_the_scan_for_secrets_finds_each_encoding():
    for hidden in (
        API_SECRET,
        json.dumps(API_SECRET),
        html.escape(API_SECRET),
        urllib.parse.quote(API_SECRET),
        base64.b64encode(f"key:{PASSWORD}".encode()).decode(),
        html.escape(json.dumps({"a": f"<b>{html.escape(API_SECRET)}</b>"})),
        PASSWORD[3:16],
    ):
        assert leaks(f"x {hidden} y", CANARIES)
    assert not leaks("canary of another kind, 0123456789 and eyJ", CANARIES)


def test_no_secret_is_in_any_output(project, monkeypatch):
    monkeypatch.setenv("CANARY_API_SECRET", API_SECRET)
    monkeypatch.setenv("CANARY_PASSWORD", PASSWORD)
    monkeypatch.setenv("CANARY_TOKEN", TOKEN)
    project.profile("leaky", LIVE)
    project.checks(LEAKS)

    outcome = project.run(
        "--env=leaky", "-v", "--junitxml=own.xml", "-ojunit_family=xunit1", "--showlocals"
    )

    assert Counter(project.verdicts.values()) == {
        "FAIL": 2,
        "BLOCKED": 1,
        "ERROR": 2,
        "PASS": 1,
    }
    folder = project.latest.resolve()
    outputs = {path: text_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    outputs |= {
        "own.xml": text_of(project.pytester.path / "own.xml"),
        "terminal": outcome.stdout.str() + outcome.stderr.str(),
    }
    assert len(outputs) > 10
    assert {
        str(name): found for name, text in outputs.items() if (found := leaks(text, CANARIES))
    } == {}
    assert "***" in outputs[folder / "results.json"]


# -- signals ----------------------------------------------------------------------------------

SLOW = """\
from pathlib import Path


@pytest.fixture(scope="session")
def stack():
    yield
    Path("torn-down").touch()


@pytest.mark.clause("1.1-server-answers")
def test_first(stack):
    pass


@pytest.mark.clause("1.5-sip-answers-options")
async def test_slow(stack):
    Path("waiting").touch()
    try:
        await asyncio.sleep(60)
    finally:
        Path("cleaned-up").touch()


@pytest.mark.clause("1.4-logs-hold-no-tokens")
def test_last(stack):
    pass
"""


def test_sigterm_cleans_up_and_writes_the_reports(project):
    project.pytester.makeini("[pytest]\nasyncio_mode = auto\n")
    project.checks(SLOW)
    root = project.pytester.path
    command = [sys.executable, "-m", "pytest", "suites", "-p", "no:randomly"]
    environ = os.environ | {"PYTHONPATH": str(SRC)}
    with subprocess.Popen(
        command, cwd=root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        deadline = time.monotonic() + 30
        while not (root / "waiting").exists():
            assert process.poll() is None, process.stdout.read().decode()
            assert time.monotonic() < deadline, "the inner run did not reach its slow check"
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        try:
            output = process.communicate(timeout=20)[0].decode()
        finally:
            process.kill()

    assert process.returncode == 2, output
    assert (root / "cleaned-up").exists()
    assert (root / "torn-down").exists()
    assert project.verdicts == {SERVER: "PASS", OPTIONS: "BLOCKED", TOKENS: "BLOCKED"}
    assert project.results["run"]["interrupted"] == "terminated by SIGTERM"
    assert project.results["run"]["verdict"] == "INCOMPLETE"
    for name in ("report.html", "junit.xml", "summary.md", "ctrf.json"):
        assert (project.latest / name).stat().st_size > 0
