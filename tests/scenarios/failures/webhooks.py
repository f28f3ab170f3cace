"""
What keeps webhooks from reaching the application.
"""

from __future__ import annotations

from tests.scenarios.failures.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = ()
