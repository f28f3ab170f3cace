"""
Mutants of rooms.
"""

from __future__ import annotations

from tests.mutants.mutant import fault

MUTANTS = (
    fault("rooms_not_listed", "1.2-created-room-is-listed"),
    fault("plus_becomes_blank", "1.2-name-is-kept-exactly[plus-sign]"),
    fault("names_become_ascii", "1.2-name-is-kept-exactly[non-ascii]"),
    fault(
        "long_names_accepted",
        "1.2-too-long-name-is-refused",
        # The maximum length of a name is not announced.
        "1.2-name-is-kept-exactly[longest]",
    ),
    fault("limit_not_named", "1.2-too-long-name-is-refused", "1.2-name-is-kept-exactly[longest]"),
    fault("open_rooms_renewed", "1.2-create-is-idempotent"),
    fault("metadata_forgotten", "1.2-settings-are-kept"),
    fault("deleted_rooms_listed", "1.2-deleted-room-is-gone"),
    fault("absent_rooms_deleted", "1.2-deleted-room-is-gone"),
    fault("nodes_apart", "1.2-every-connection-sees-the-room"),
    fault("empty_rooms_stay", "1.2-empty-room-expires"),
)
