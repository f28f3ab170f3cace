"""
The start of slow fixtures in the background.
"""

from __future__ import annotations

import pytest

from fixtures.background import EARLY, starts_of
from livekit_conformance.catalogue.clauses import CLAUSES

_PLACES = {clause.id: place for place, clause in enumerate(CLAUSES)}


@pytest.mark.parametrize(
    ("version", "is_early"), [("1.8.4", False), ("1.9.0", True), ("1.13.5", True), (None, False)]
)
def test_a_delivery_fails_during_our_calls_only_where_it_delays_no_other_room(version, is_early):
    starts = starts_of({} if version is None else {"livekit_server": version})

    first_call = _PLACES["1.5-invite-is-not-rejected"]
    assert (_PLACES[starts["failing_delivery"]] < first_call) is is_early
    assert starts.keys() == EARLY.keys()
