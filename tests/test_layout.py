"""
Line breaks, in columns of a terminal.
"""

from __future__ import annotations

import io
import os
import pty

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.layout import beside, columns, folded, table, width_of

WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"


@pytest.mark.parametrize(
    ("line", "width", "rows"),
    [
        ("ab cd ef", None, ["ab cd ef"]),
        ("ab cd ef", 8, ["ab cd ef"]),
        ("ab cd ef", 7, ["ab cd", "  ef"]),
        ("  ab  cd ef gh", 12, ["ab  cd ef", "  gh"]),
        (
            "    " + WORDS,
            40,
            [
                "    one two three four five six seven",
                "      eight nine ten eleven twelve",
                "      thirteen fourteen",
            ],
        ),
        ("电话 电话 电话", 11, ["电话 电话", "  电话"]),
        # Never split, so that it can be copied.
        ("report: /a/long/path end", 12, ["report: /a/long/path", "  end"]),
        ("", 10, [""]),
    ],
)
def test_a_line_is_folded_below_itself(line, width, rows):
    assert folded(line, width) == rows


@pytest.mark.parametrize(
    ("width", "rows"),
    [
        (None, [f"PROBLEM  sip  {WORDS}"]),
        (
            60,
            [
                "PROBLEM  sip  one two three four five six seven eight nine",
                "              ten eleven twelve thirteen fourteen",
            ],
        ),
        (
            30,
            [
                "PROBLEM  sip",
                "    one two three four five",
                "    six seven eight nine ten",
                "    eleven twelve thirteen",
                "    fourteen",
            ],
        ),
    ],
)
def test_text_beside_a_column_goes_below_it_where_there_is_no_room(width, rows):
    assert beside("PROBLEM  sip  ", WORDS, width) == rows


@given(
    st.lists(st.text("ab电e\u0301", min_size=1, max_size=9), max_size=30).map(" ".join),
    st.integers(24, 90),
)
def test_no_row_is_wider_and_no_word_is_lost(text, width):
    rows = folded(f"  {text}", width)

    assert all(columns(row) <= width for row in rows)
    assert " ".join(rows).split() == text.split()


def test_a_table_that_is_too_wide_is_told_row_by_row():
    rows = [("Run", "Verdict", "Flips", "Versions"), ("a", "CONFORMANT", "", "1.13.5"), ()]
    aligned = ["Run  Verdict     Flips  Versions", "a    CONFORMANT         1.13.5"]

    assert list(table(rows, 32)) == aligned
    assert list(table(rows, 31)) == ["a", "  Verdict CONFORMANT;", "  Versions 1.13.5"]


def test_the_width_is_asked_for_or_that_of_the_terminal_or_unlimited(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = pty.openpty()
    with os.fdopen(ours), os.fdopen(theirs, "w") as terminal:
        # A terminal that does not know its size reports 0.
        assert width_of(terminal) is None
        monkeypatch.setenv("COLUMNS", "72")
        assert width_of(terminal) == 72
    assert width_of(io.StringIO()) == 72
    monkeypatch.setenv("COLUMNS", "0")
    assert width_of(io.StringIO()) is None
