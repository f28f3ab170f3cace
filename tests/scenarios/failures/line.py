"""
What keeps a call from finding its trunk and dispatch rule.
"""

from __future__ import annotations

from tests.scenarios.failures.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = ()
