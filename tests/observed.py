"""
Observations made up by tests: of any kind, with those fields that matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livekit_conformance.observations import KINDS, Kind, LineOfLog, Observation
from livekit_conformance.observations.observation import own_fields


def observed(
    at: float, kind: Kind, summary: str, details: Mapping[str, Any] | None = None
) -> Observation:
    """
    Return an observation; a field that its kind does not have is an error of the test.
    """
    found, details = KINDS[kind], details or {}
    unknown = details.keys() - {each.name for each in own_fields(found)}
    if unknown and not issubclass(found, LineOfLog):
        raise TypeError(f"an observation of {kind} has no {', '.join(sorted(unknown))}")
    return found.of(at, summary, details)
