"""
What keeps livekit-sip from joining the room of a call.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from tests.scenarios.failures.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "sip-wrong-secret",
        "livekit-sip.yaml has another api_secret than livekit.yaml.",
        "sip-service-key-refused",
        Link.JOIN,
        sip={"api_secret": "not-the-secret-of-this-deployment"},
        also=frozenset({"service-files-disagree"}),
        row=10,
    ),
)
