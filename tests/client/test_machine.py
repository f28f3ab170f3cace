"""
The client keeps its promises whatever the server does; a client that breaks one is detected.
"""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from livekit_conformance.client import CircuitBreaker, LiveKitError, Resilience
from livekit_conformance.client.breaker import BreakerState
from livekit_conformance.client.budget import Budget
from livekit_conformance.environments.policies import ErrorClass
from tests.client.machine import HUNTING, SETTINGS, ClientMachine

TestClientMachine = ClientMachine.TestCase
TestClientMachine.settings = SETTINGS


class RetriesARefusedKey(Resilience):
    def _is_transient(self, error: LiveKitError) -> bool:
        refused = error.error_class is ErrorClass.AUTHENTICATION
        return refused or super()._is_transient(error)


class CallsTwice(Resilience):
    def _may_repeat(self, error: LiveKitError, *, repeatable: bool) -> bool:
        del error, repeatable
        return True


class OutlastsItsDeadline(Resilience):
    def _wait(self, error, attempts, *, ends, repeatable):
        return super()._wait(error, attempts, ends=ends + 60, repeatable=repeatable)

    async def _once(self, request, limit):
        return await super()._once(request, max(limit, self.policy.timeout))


class NeverOutOfBudget(Resilience):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._budget = Budget(None)


class ForgetsItsProbe(CircuitBreaker):
    def enter(self, now: float) -> int:
        if self.state(now) is BreakerState.HALF_OPEN:
            return self._period
        return super().enter(now)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"resilience_class": RetriesARefusedKey},
        {"breaker_class": ForgetsItsProbe},
        {"resilience_class": CallsTwice},
        {"resilience_class": OutlastsItsDeadline},
        {"resilience_class": NeverOutOfBudget},
    ],
    ids=lambda spoiled: next(iter(spoiled.values())).__name__,
)
def test_a_client_that_breaks_a_promise_is_found_out(spoiled):
    machine = type("Spoiled", (ClientMachine,), spoiled)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=HUNTING)
