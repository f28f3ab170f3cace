"""
What keeps outbound calls from being placed.
"""

from __future__ import annotations

from tests.scenarios.failures.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = ()
