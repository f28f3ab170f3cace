"""
The documentation of the profile gives the purpose of every need and the way to provide it.
"""

from __future__ import annotations

from livekit_conformance.catalogue.clause import Need
from livekit_conformance.environments.needs import LINES
from tests.environments.needs_table import MISSING, in_page, text


def test_every_need_has_its_words_and_its_line():
    assert MISSING.keys() == LINES.keys() == {*Need}


def test_the_table_of_the_page_is_up_to_date():
    assert in_page() == text(), "run: make generated"
