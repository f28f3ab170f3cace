"""
Every format parsed back to the same thing: how many checks of each requirement had which verdict.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree as ET

from livekit_conformance.reporting.html_tables import HtmlTables


def of_records(result):
    return Counter((check.requirement, check.verdict.value) for check in result.checks)


def of_results_json(folder):
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    counted = Counter((check["requirement"], check["verdict"]) for check in content["checks"])
    said = {
        (group["id"], verdict.upper()): number
        for group in content["requirements"]
        for verdict, number in group.items()
        if isinstance(number, int) and number
    }
    assert said == counted
    return counted


def of_junit(folder):
    root = ET.parse(folder / "junit.xml").getroot()  # noqa: S314 - our own file
    counted = Counter()
    kinds = Counter()
    for case in root.iter("testcase"):
        properties = {p.get("name"): p.get("value") for p in case.iterfind("properties/property")}
        counted[properties["requirement"], properties["verdict"]] += 1
        kinds.update(e.tag for e in case if e.tag in ("failure", "error", "skipped"))
    said = {name: int(root[0].get(name)) for name in ("tests", "failures", "errors", "skipped")}
    assert said == {
        "tests": counted.total(),
        "failures": kinds["failure"],
        "errors": kinds["error"],
        "skipped": kinds["skipped"],
    }
    return counted


def of_ctrf(folder):
    results = json.loads((folder / "ctrf.json").read_text(encoding="utf-8"))["results"]
    statuses = Counter(test["status"] for test in results["tests"])
    for status in ("passed", "failed", "skipped", "other"):
        assert results["summary"][status] == statuses[status]
    return Counter((t["labels"]["requirement"], t["rawStatus"]) for t in results["tests"])


def of_allure(folder):
    counted = Counter()
    for test in allure_results(folder / "allure-results").values():
        labels = {label["name"]: label["value"] for label in test["labels"]}
        counted[labels["requirement"], labels["verdict"]] += 1
    return counted


def allure_results(folder):
    """Name -> result, of which there must be one each."""
    tests = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*-result.json")]
    named = {test["name"]: test for test in tests}
    assert len(named) == len(tests)
    return named


def of_summary(folder):
    text = (folder / "summary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d\.\d) .* \| (.*) \|$", text, re.MULTILINE)
    counted = Counter({(number, *one): n for number, told in rows for one, n in _told(told)})
    headline = text.partition("\n")[0].partition(": ")[2]
    assert Counter({verdict: n for (verdict,), n in _told(headline)}) == _by_verdict(counted)
    return counted


def of_page(folder):
    page = Tables((folder / "report.html").read_text(encoding="utf-8"))
    counted = Counter()
    for table in page.tables:
        if "lkc-checks" in table.kind:
            number = table.heading.partition(" ")[0]
            counted.update((number, row[1]) for row in table.rows[1:])
    (said,) = [table for table in page.tables if table.section == "requirements"]
    told = {row[0].partition(" ")[0]: _told(row[-1]) for row in said.rows[1:]}
    assert {(number, *one): n for number, row in told.items() for one, n in row} == counted
    return counted


def of_html_tables(result):
    hooks = HtmlTables(SimpleNamespace(getoption=lambda *_: None), None, None)
    rows = []
    for check in result.checks:
        cells = ["<td class=x>", "<td>", "<td>1 ms</td>", "<td></td>"]
        hooks.pytest_html_results_table_row(SimpleNamespace(check=check, outcome="passed"), cells)
        rows.append("".join(cells[1:]))
    page = Tables(f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")
    return Counter((row[0], row[2]) for row in page.tables[0].rows)


def _told(counts):
    return [((verdict,), int(n)) for n, verdict in re.findall(r"(\d+) ([A-Z]+)", counts)]


def _by_verdict(counted):
    total = Counter()
    for (_, verdict), number in counted.items():
        total[verdict] += number
    return total


class Tables(HTMLParser):
    """The tables of a page, each with the section and the heading that it stands under."""

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
