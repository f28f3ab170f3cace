"""
Words about clauses, by id: the statement in Russian, and advice where it is violated.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from livekit_conformance.catalogue.clause_words.access import ACCESS
from livekit_conformance.catalogue.clause_words.calls import CALLS
from livekit_conformance.catalogue.clause_words.rooms_and_webhooks import ROOMS_AND_WEBHOOKS
from livekit_conformance.catalogue.clause_words.words import ClauseWords

CLAUSE_WORDS: Mapping[str, ClauseWords] = MappingProxyType(
    {**ACCESS, **ROOMS_AND_WEBHOOKS, **CALLS}
)
