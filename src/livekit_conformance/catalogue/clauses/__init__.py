"""
Clauses of requirements 1.1-1.5. Their order is the order in which checks run.
"""

from __future__ import annotations

from types import MappingProxyType

from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.catalogue.clauses import calls, recovery_and_logs, rooms, server, webhooks

CLAUSES: tuple[Clause, ...] = (
    *server.CLAUSES,
    *rooms.CLAUSES,
    *webhooks.CLAUSES,
    *calls.CLAUSES,
    *recovery_and_logs.CLAUSES,
)

BY_ID = MappingProxyType({clause.id: clause for clause in CLAUSES})
