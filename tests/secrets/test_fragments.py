"""
Sets of strings to search texts for.
"""

from __future__ import annotations

from livekit_conformance.secrets.fragments import Fragments


def test_a_text_as_short_as_the_shortest_string_is_searched():
    fragments = Fragments(["abcd"])
    fragments.add(["xyz"])

    assert [fragments.places(text) for text in ("xyz", "xy")] == [[(0, 3)], []]
    assert [fragments.are_in(text) for text in ("xyz", "xy")] == [True, False]
