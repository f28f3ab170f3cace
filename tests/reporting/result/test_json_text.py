"""
Readable JSON: one entry per line, and unchanged values.
"""

from __future__ import annotations

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.reporting.result.json_text import entry_a_line

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_what_is_written_is_what_is_read(content):
    assert json.loads(entry_a_line(content)) == content


def test_each_member_and_each_entry_of_a_list_has_a_line():
    text = entry_a_line({"a": {"b": 1}, "c": [{"d": [1, 2]}, "e"], "f": []})

    assert text.splitlines() == [
        "{",
        ' "a": {"b": 1},',
        ' "c": [',
        '  {"d": [1, 2]},',
        '  "e"',
        " ],",
        ' "f": []',
        "}",
    ]


def test_what_json_has_no_form_for_is_its_text():
    assert json.loads(entry_a_line({"a": date(2026, 11, 23)})) == {"a": "2026-11-23"}
