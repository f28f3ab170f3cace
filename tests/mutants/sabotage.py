"""
Pytest plugin of the mutants: sabotages one part of the suite itself, before its checks run.

Named by LIVEKIT_CONFORMANCE_SABOTAGE, loaded by PYTEST_PLUGINS; see `sabotaged` in mutant.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from livekit_conformance.client import (
    CircuitBreaker,
    LiveKitConnectionError,
    Resilience,
    error_mapping,
)
from livekit_conformance.client.breaker import BreakerState
from livekit_conformance.client.budget import Budget
from livekit_conformance.environments.policies import RetryPolicy
from livekit_conformance.mock import Faults, MockConfig
from livekit_conformance.provisioners import deployment

# Settings in which the mutants' healthy mock is better than livekit-server 1.13.5, whose findings
# would otherwise be red in every run.
BETTER_THAN_REAL: Mapping[str, Any] = {
    "repeats_refused_tokens": False,
    "hides_failed_status": False,
    "accepts_tokens_without_expiry": False,
}
VARIABLE = "LIVEKIT_CONFORMANCE_SABOTAGE"


def _mock_with(patch: pytest.MonkeyPatch, fault: str) -> None:
    """
    Give the embedded mock a fault.
    """
    settings: dict[str, Any] = {**BETTER_THAN_REAL}
    if fault:
        settings["faults"] = replace(Faults(), **{fault: True})
    patch.setattr(deployment, "MockConfig", partial(MockConfig, **settings))


def _client_retries_refusals(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Resilience, "_is_transient", lambda self, error: True)


def _client_never_waits(patch: pytest.MonkeyPatch) -> None:
    whole = Resilience.__init__

    def hurried(self: Resilience, policy: RetryPolicy, *args: Any, **kwargs: Any) -> None:
        whole(self, policy.model_copy(update={"factor": 1.0}), *args, **kwargs)

    patch.setattr(Resilience, "__init__", hurried)


def _client_confuses_errors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(error_mapping, "LiveKitTimeoutError", LiveKitConnectionError)


def _client_calls_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Resilience, "_may_repeat", lambda self, error, *, repeatable: True)


def _client_never_spares_the_server(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Budget, "spend", lambda self: True)


def _breaker_never_opens(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CircuitBreaker, "failed", lambda self, period, now: None)


def _breaker_lets_all_probe(patch: pytest.MonkeyPatch) -> None:
    whole = CircuitBreaker.enter

    def generous(self: CircuitBreaker, now: float) -> int:
        if self.state(now) is BreakerState.HALF_OPEN:
            return self._period
        return whole(self, now)

    patch.setattr(CircuitBreaker, "enter", generous)


CLIENT = {
    "client_retries_refusals": _client_retries_refusals,
    "client_never_waits_longer": _client_never_waits,
    "client_confuses_errors": _client_confuses_errors,
    "client_calls_twice": _client_calls_twice,
    "client_never_spares_the_server": _client_never_spares_the_server,
    "breaker_never_opens": _breaker_never_opens,
    "breaker_lets_all_probe": _breaker_lets_all_probe,
}


def pytest_configure(config: pytest.Config) -> None:
    spoiled = os.environ[VARIABLE]
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    _mock_with(patch, spoiled if spoiled not in CLIENT else "")
    if spoiled in CLIENT:
        CLIENT[spoiled](patch)
