"""
The three forms of a page: each is complete, and none interprets markup from the results.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.comparison.changes import compare
from livekit_conformance.comparison.comparison_page import document
from livekit_conformance.comparison.document import (
    SHOWN,
    ComparisonDocument,
    ComparisonSection,
    as_html,
    as_lines,
    as_markdown,
)
from livekit_conformance.comparison.past_run import PastRun
from livekit_conformance.reporting.page.model import ColouredWord
from livekit_conformance.verdict import Verdict
from tests.comparison.runs import MANY, check, result, results

NASTY = '<img src=x onerror="alert(1)"> | **b** [a](http://evil.example) `c` </td>'


class Cells(HTMLParser):
    """Collects the rows of all tables of a page, and its elements."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.elements, self._cell = [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self._cell)
            self._cell = None


def markdown_rows(text):
    for line in text.splitlines():
        if line.startswith("| ") and "| ---" not in line:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            yield [re.sub(r"\\(.)", r"\1", cell.strip()) for cell in cells]


def page(before, after, language="en"):
    return document(compare(before, after), PastRun(before), PastRun(after), language)


@given(results(), results(), st.sampled_from(["en", "ru"]))
@MANY
def test_all_forms_have_the_same_rows(before, after, language):
    told = page(before, after, language)
    rows = [
        [*map(str, row)]
        for section in told.sections
        for row in (section.head, *section.rows)
        if row
    ]
    in_one_line = [[" ".join(cell.split()) for cell in row] for row in rows]

    assert Cells(as_html(told)).rows == rows
    assert list(markdown_rows(as_markdown(told))) == in_one_line
    assert told.verdict in list(as_lines(told))


def test_nothing_in_a_page_comes_alive():
    red = check("1.1-server-answers", "FAIL", message=NASTY)
    told = page(result(check("1.1-server-answers")), result(red, url=NASTY))
    html = as_html(told)
    elements = Cells(html).elements

    assert "img" not in {tag for tag, _ in elements}
    assert not [attrs for _, attrs in elements if {"src", "href"} & attrs.keys()]
    assert "script" not in html
    assert "url(" not in html
    assert NASTY in unescape(html)
    assert re.findall(r"(?<!\\)(?:\]\(|<img|\*\*|`)", as_markdown(told)) == []


def test_nothing_behind_a_verdict_comes_alive():
    told = f"PASS ({NASTY})"
    rows = (("x", ColouredWord(told, Verdict.PASS)),)
    page = ComparisonDocument(
        "en", "t", "v", "good", (), (ComparisonSection("s", head=("a", "b"), rows=rows),)
    )

    assert Cells(as_html(page)).rows == [["a", "b"], ["x", told]]


def test_a_terminal_is_not_given_control_characters():
    red = check("1.1-server-answers", "FAIL", message="a\x1b[2Jb\x07\nc")
    told = page(result(check("1.1-server-answers")), result(red, url="\x1b]0;x\x07"))

    assert [line for line in as_lines(told) if not line.isprintable()] == []


def test_a_terminal_is_shown_the_first_rows_and_how_many_there_are_more():
    rows = tuple((f"row {n}", "x") for n in range(SHOWN + 5))
    told = ComparisonDocument(
        "en", "title", "verdict", "good", (), (ComparisonSection("s", head=("a", "b"), rows=rows),)
    )

    lines = list(as_lines(told))

    assert sum("row" in line for line in lines) == SHOWN
    assert "  ... and 5 more" in lines
    assert lines[-1] == "verdict"


def test_columns_are_aligned():
    rows = (("a", "b", "c"), ("aaa", "bb", "c"))
    told = ComparisonDocument(
        "en", "t", "v", "good", (), (ComparisonSection("s", head=("h", "h", "h"), rows=rows),)
    )

    assert list(as_lines(told))[3:6] == ["  h    h   h", "  a    b   c", "  aaa  bb  c"]


def test_what_one_check_blocks_is_one_row():
    root, *others = names = ["1.1-server-answers", "1.1-key-is-accepted", "1.5-bus-has-a-server"]
    blocked = [check(name, "BLOCKED", blocked_by=root) for name in others]
    told = page(result(*map(check, names)), result(check(root, "FAIL", message="gone"), *blocked))
    section = told.sections[0]

    assert section.title == "Broken (3)"
    (row,) = section.rows
    assert [*map(str, row)] == [root, "PASS", "FAIL", f"gone; blocks 2: {', '.join(others)}"]


def test_checks_that_block_each_other_do_not_hide_each_other():
    one, other = "1.1-server-answers", "1.1-key-is-accepted"
    after = result(check(one, "BLOCKED", blocked_by=other), check(other, "BLOCKED", blocked_by=one))

    section = page(result(check(one), check(other)), after).sections[0]

    assert [row[0] for row in section.rows] == [one, other]
