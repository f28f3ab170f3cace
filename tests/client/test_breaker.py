"""
The circuit breaker, against a simple model of it and in examples.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from livekit_conformance.client.breaker import BreakerState, CircuitBreaker, CircuitOpenError
from livekit_conformance.environments.policies import BreakerPolicy

POLICY = BreakerPolicy.model_validate({"failures": 3, "window": "10s", "open_for": "5s"})


def failed(breaker: CircuitBreaker, *times: float) -> CircuitBreaker:
    for now in times:
        breaker.failed(breaker.enter(now), now)
    return breaker


def test_enough_failures_within_the_window_open_it():
    breaker = failed(CircuitBreaker(POLICY), 0, 4, 8)

    with pytest.raises(CircuitOpenError) as refused:
        breaker.enter(9)
    assert refused.value.retry_after == 4


def test_failures_further_apart_do_not():
    assert failed(CircuitBreaker(POLICY), 0, 4, 11).state(11) is BreakerState.CLOSED


def test_an_answer_forgets_the_failures_before_it():
    breaker = failed(CircuitBreaker(POLICY), 0, 1)
    breaker.succeeded(breaker.enter(2))

    assert failed(breaker, 3, 4).state(5) is BreakerState.CLOSED


def test_a_late_answer_from_before_it_opened_does_not_close_it():
    breaker = CircuitBreaker(POLICY)
    early = breaker.enter(0)
    failed(breaker, 1, 1, 1)

    breaker.succeeded(early)

    assert breaker.state(2) is BreakerState.OPEN


def test_an_abandoned_probe_lets_another_one_through():
    breaker = failed(CircuitBreaker(POLICY), 0, 0, 0)
    breaker.abandoned(breaker.enter(5))

    breaker.succeeded(breaker.enter(5))

    assert breaker.state(5) is BreakerState.CLOSED


@dataclass
class Request:
    """
    Request without a result yet. A change of the state makes it one of an earlier period.
    """

    period: int
    is_probe: bool
    is_current: bool = True


class Breaker(RuleBasedStateMachine):
    """
    Any order of requests and results: half-open lets one request through, open lets none, and only
    a request of the current period changes the state.
    """

    def __init__(self) -> None:
        super().__init__()
        self.breaker = CircuitBreaker(POLICY)
        self.now = 0.0
        self.out: list[Request] = []

    def change(self) -> None:
        for request in self.out:
            request.is_current = False

    @rule(seconds=st.sampled_from([0.1, POLICY.open_for, POLICY.window]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def ask(self) -> None:
        before = self.breaker.state(self.now)
        try:
            period = self.breaker.enter(self.now)
        except CircuitOpenError:
            assert before is BreakerState.OPEN
            return
        assert before is not BreakerState.OPEN
        if is_probe := before is BreakerState.HALF_OPEN:
            self.change()
        self.out.append(Request(period, is_probe))

    @precondition(lambda self: self.out)
    @rule(
        which=st.integers(0, 9), how=st.sampled_from(["failed", "failed", "succeeded", "abandoned"])
    )
    def answer(self, which: int, how: str) -> None:
        before = self.breaker.state(self.now)
        request = self.out.pop(which % len(self.out))
        if how == "failed":
            self.breaker.failed(request.period, self.now)
        else:
            getattr(self.breaker, how)(request.period)
        if self.breaker.state(self.now) is not before:
            assert request.is_current
            self.change()

    @invariant()
    def at_most_one_probe_is_out(self) -> None:
        assert sum(request.is_probe for request in self.out) <= 1


TestBreaker = Breaker.TestCase
TestBreaker.settings = settings(max_examples=100, stateful_step_count=50)
