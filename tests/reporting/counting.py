"""
Parse every format back to the same counts: checks by requirement and verdict.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from html import escape
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree as ET

from livekit_conformance.reporting.plugin.html_tables import HtmlTables
from livekit_conformance.reporting.result.model import is_about_client
from livekit_conformance.reporting.text import words
from livekit_conformance.reporting.text.phrases import CLIENT as CLIENT_WORDS
from livekit_conformance.verdict import Verdict
from livekit_conformance.wording import LANGUAGES

CLIENT = "client"


def of_records(result):
    """Count verdicts by requirement, and those of our own client by themselves."""
    return Counter(
        (CLIENT if is_about_client(check.id) else check.requirement, check.verdict.value)
        for check in result.checks
    )


def of_results_json(folder):
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    own = content["client"]["checks"]
    counted = Counter(
        (CLIENT if check["id"] in own else check["requirement"], check["verdict"])
        for check in content["checks"]
    )
    said = {
        (group["id"], verdict): group[verdict.lower()]
        for group in (*content["requirements"], {"id": CLIENT, **content["client"]})
        for verdict in map(str, Verdict)
        if group[verdict.lower()]
    }
    assert said == counted
    summary = Counter(
        {verdict: content["summary"][verdict.lower()] for verdict in map(str, Verdict)}
    )
    assert +summary == _of_deployment(counted)
    return counted


def of_junit(folder):
    root = ET.parse(folder / "junit.xml").getroot()  # noqa: S314 - our own file
    counted = Counter()
    for suite in root:
        is_own = suite.get("name").endswith(f" {CLIENT}")
        tags = Counter()
        for case in suite.iter("testcase"):
            told = {p.get("name"): p.get("value") for p in case.iterfind("properties/property")}
            counted[CLIENT if is_own else told["requirement"], told["verdict"]] += 1
            tags.update(e.tag for e in (case, *case))
        kinds = {"tests": "testcase", "failures": "failure", "errors": "error"}
        kinds["skipped"] = "skipped"
        assert {name: int(suite.get(name)) for name in kinds} == {
            name: tags[tag] for name, tag in kinds.items()
        }
    for name in ("tests", "failures", "errors"):
        assert int(root.get(name)) == sum(int(suite.get(name)) for suite in root)
    return counted


def of_ctrf(folder):
    results = json.loads((folder / "ctrf.json").read_text(encoding="utf-8"))["results"]
    statuses = Counter(test["status"] for test in results["tests"])
    for status in ("passed", "failed", "skipped", "other"):
        assert results["summary"][status] == statuses[status]
    return Counter((_place(t["labels"]), t["rawStatus"]) for t in results["tests"])


def of_allure(folder):
    counted = Counter()
    for test in allure_results(folder / "allure-results").values():
        labels = {label["name"]: label["value"] for label in test["labels"]}
        counted[_place(labels), labels["verdict"]] += 1
    return counted


def allure_results(folder):
    """Return the Allure result of each name, which must be unique."""
    tests = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*-result.json")]
    named = {test["name"]: test for test in tests}
    assert len(named) == len(tests)
    return named


def of_summary(folder):
    text = (folder / "summary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\.\d) .* \| (.*) \|$", text, re.MULTILINE)
    client = f"^(?:{'|'.join(CLIENT_WORDS.say(language) for language in LANGUAGES)}): (.*)$"
    rows += [(CLIENT, told) for told in re.findall(client, text, re.MULTILINE)]
    counted = Counter({(number, *one): n for number, told in rows for one, n in _told(told)})
    verdict_line = text.split("\n")[2].partition(": ")[2]
    assert Counter({verdict: n for (verdict,), n in _told(verdict_line)}) == _of_deployment(counted)
    return counted


def of_page(folder):
    page = Tables((folder / "report.html").read_text(encoding="utf-8"))
    counted = Counter()
    for table in page.tables:
        if "lkc-checks" in table.kind:
            number = table.heading.partition(" ")[0]
            place = number if number[0].isdigit() else CLIENT
            counted.update((place, row[1]) for row in table.rows[1:])
    (said,) = [table for table in page.tables if table.section == "requirements"]
    told = {row[0].partition(" ")[0]: _told(row[-1]) for row in said.rows[1:]}
    said = {(number, *one): n for number, row in told.items() for one, n in row}
    assert said == {key: n for key, n in counted.items() if key[0] != CLIENT}
    return counted


def of_html_tables(result):
    run = SimpleNamespace(language=result.language)
    hooks = HtmlTables(SimpleNamespace(getoption=lambda *_: None), run, None)
    rows = []
    for check in result.checks:
        cells = ["<td class=x>", "<td>", "<td>1 ms</td>", "<td></td>"]
        hooks.pytest_html_results_table_row(SimpleNamespace(check=check, outcome="passed"), cells)
        rows.append("".join(cells[1:]))
    page = Tables(f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")
    # pytest-html lists tests: those of the client are under their requirement there.
    rows = zip(result.checks, page.tables[0].rows, strict=True)
    return Counter((CLIENT if is_about_client(check.id) else row[0], row[2]) for check, row in rows)


def assert_same_figures(result, folder):
    """Compare verdict, success rate and coverage of deployment and client in all formats."""
    told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    wanted = {
        "run": (told["run"]["verdict"], told["summary"]),
        CLIENT: (told["client"]["verdict"], told["client"]),
    }
    suites = ET.parse(folder / "junit.xml").getroot()  # noqa: S314 - our own file
    for suite, (verdict, figures) in zip(suites, wanted.values(), strict=False):
        said = {p.get("name"): p.get("value") for p in suite.iterfind("properties/property")}
        rate = figures["success_rate"]
        assert said["verdict"] == verdict
        assert said.get("success_rate") == (None if rate is None else f"{rate:.1f}")
        assert said["coverage"] == f"{figures['coverage']:.1f}"
    assert len(suites) == (2 if result.client_checks else 1)
    ctrf = json.loads((folder / "ctrf.json").read_text(encoding="utf-8"))["results"]
    assert ctrf["summary"]["extra"] == {"verdict": wanted["run"][0], **told["summary"]}
    own = {name: value for name, value in told["client"].items() if name != "checks"}
    assert ctrf["extra"][CLIENT].items() >= own.items()
    figures = words.figures(result.summary, result.language)
    first, _, verdict, _, numbers, *_ = (folder / "summary.md").read_text("utf-8").split("\n")
    assert first == f"# {words.headline(result)}"
    assert verdict == f"**{words.verdict_line(result)}**"
    assert numbers == figures
    page = (folder / "report.html").read_text(encoding="utf-8")
    for line in (words.headline(result), words.with_coverage(result.summary, result.language)):
        assert escape(line) in page
    assert escape(figures) in page
    facts = (folder / "allure-results" / "environment.properties").read_text(encoding="utf-8")
    assert f"verdict={told['run']['verdict']}\n" in facts
    assert f"figures={words.figures(result.summary)}\n" in facts


def _place(labels):
    return CLIENT if is_about_client(labels["clause"]) else labels["requirement"]


def _told(counts):
    return [((verdict,), int(n)) for n, verdict in re.findall(r"(\d+) ([A-Z]+)", counts)]


def _of_deployment(counted):
    total = Counter()
    for (place, verdict), number in counted.items():
        total[verdict] += number if place != CLIENT else 0
    return +total


class Tables(HTMLParser):
    """The tables of a page, each with its section and heading."""

    def __init__(self, page):
        super().__init__()
        self.tables = []
        self._section, self._heading, self._in = "", "", None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        match tag:
            case "section":
                self._section = given.get("id", "")
            case "h2" | "h3":
                self._heading, self._in = "", "heading"
            case "table":
                kind = given.get("class") or ""
                self.tables.append(
                    SimpleNamespace(
                        section=self._section, heading=self._heading, kind=kind, rows=[]
                    )
                )
            case "tr":
                self.tables[-1].rows.append([])
            case "th" | "td":
                self.tables[-1].rows[-1].append("")
                self._in = "cell"

    def handle_endtag(self, tag):
        if tag in ("h2", "h3", "th", "td"):
            self._in = None

    def handle_data(self, data):
        if self._in == "heading":
            self._heading += data
        elif self._in == "cell":
            self.tables[-1].rows[-1][-1] += data
