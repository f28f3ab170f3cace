"""
The failures, one file for each part of the chain; SCENARIOS lists all of them by name.
"""

from __future__ import annotations

from tests.scenarios.failures import (
    agent,
    bus,
    configuration,
    join,
    line,
    network,
    outbound,
    redis_state,
    server,
    webhooks,
)
from tests.scenarios.failures.pair import both
from tests.scenarios.failures.scenario import Scenario

_ALL: tuple[Scenario, ...] = (
    *bus.SCENARIOS,
    *redis_state.SCENARIOS,
    *join.SCENARIOS,
    *server.SCENARIOS,
    *line.SCENARIOS,
    *webhooks.SCENARIOS,
    *agent.SCENARIOS,
    *outbound.SCENARIOS,
    *network.SCENARIOS,
    *configuration.SCENARIOS,
)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}
assert len(SCENARIOS) == len(_ALL), "two scenarios have the same name"

# Failures that are independent of each other: neither hides the link at which the other breaks.
_TOGETHER = (
    ("sip-wrong-secret", "no-webhooks"),
    ("no-rule", "no-webhooks"),
    ("number-in-no-trunk", "webhook-other-port"),
    ("sip-killed", "no-webhooks"),
    ("sip-ws-url-refused", "webhook-other-path"),
    ("room-prefix-differs", "no-webhooks"),
    ("profile-wrong-secret", "sip-killed"),
    ("sip-with-a-cluster-id", "room-prefix-differs"),
    ("room-prefix-differs", "callee-busy"),
    ("no-agent", "provider-fails"),
    ("server-file-edited", "no-rule"),
    ("trunk-wrong-password", "no-webhooks"),
)
PAIRS = {pair.name: pair for pair in (both(SCENARIOS[a], SCENARIOS[b]) for a, b in _TOGETHER)}
