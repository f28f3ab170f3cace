"""
What keeps livekit-server from answering, or from accepting our key.
"""

from __future__ import annotations

from tests.scenarios.failures.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = ()
