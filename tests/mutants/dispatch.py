"""
Trunks, dispatch rules and the names they give.
"""

from __future__ import annotations

from tests.mutants.mutant import changed, misfit

MUTANTS = (
    misfit(
        "other_room_name",
        changed("rooms", name_pattern="another-prefix-{call_id}"),
        "1.2-call-lands-in-a-named-room",
    ),
)
