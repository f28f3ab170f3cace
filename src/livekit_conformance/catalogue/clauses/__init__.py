"""
Clauses of requirements 1.1-1.5. Their order is the order in which checks run.

What a call needs comes first: a run that is short of time or requests must still learn whether
calls work.
"""

from __future__ import annotations

from types import MappingProxyType

from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.catalogue.clauses import (
    calls,
    families,
    files,
    logs,
    recovery,
    rooms,
    server,
    webhooks,
)

CLAUSES: tuple[Clause, ...] = (
    *server.CLAUSES,
    *rooms.CLAUSES,
    *webhooks.CLAUSES,
    *calls.CLAUSES,
    *logs.CLAUSES,
    *files.CLAUSES,
    *families.CLAUSES,
    *recovery.CLAUSES,
)

BY_ID = MappingProxyType({clause.id: clause for clause in CLAUSES})
