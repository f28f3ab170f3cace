"""
The failures, one file for each part of the chain; SCENARIOS has all of them by name.
"""

from __future__ import annotations

from tests.scenarios.failures import (
    agent,
    bus,
    configuration,
    join,
    line,
    outbound,
    server,
    webhooks,
)
from tests.scenarios.failures.scenario import Scenario

_ALL: tuple[Scenario, ...] = (
    *bus.SCENARIOS,
    *join.SCENARIOS,
    *server.SCENARIOS,
    *line.SCENARIOS,
    *webhooks.SCENARIOS,
    *agent.SCENARIOS,
    *outbound.SCENARIOS,
    *configuration.SCENARIOS,
)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}
assert len(SCENARIOS) == len(_ALL), "two scenarios have the same name"
