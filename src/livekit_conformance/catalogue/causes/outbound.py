"""
What keeps outbound calls from being placed.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause

CAUSES: tuple[Cause, ...] = ()
