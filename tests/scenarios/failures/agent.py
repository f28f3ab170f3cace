"""
What keeps a call from being answered, and heard.
"""

from __future__ import annotations

from tests.scenarios.failures.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = ()
