"""
Rooms.
"""

from __future__ import annotations

from tests.mutants.mutant import fault

MUTANTS = (fault("rooms_not_listed", "1.2-created-room-is-listed"),)
