"""
State machine of the client's promises, which hold whatever the server does.

Many concurrent calls against a server that answers, refuses, fails, hangs or is not there, on a
virtual clock. The promises are judged from the server's side, by the requests that arrive there.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from livekit_conformance.client import (
    CircuitBreaker,
    CircuitOpenError,
    LiveKitAuthenticationError,
    LiveKitCallError,
    LiveKitConnectionError,
    LiveKitRequestError,
    LiveKitServerError,
    LiveKitTimeoutError,
    Resilience,
)
from livekit_conformance.client.breaker import BreakerState
from livekit_conformance.client.errors import LiveKitError
from livekit_conformance.environments.policies import (
    DEFAULT_HANDLING,
    DEFAULT_POLICIES,
    RetryBudget,
)
from tests.client.virtual_time import VirtualTimeLoop

# Examples of 50 steps each; the long run is EXAMPLES=300.
EXAMPLES = int(os.environ.get("EXAMPLES", "30"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=50,
)
# For a client that is broken on purpose any counter-example will do, however long.
HUNTING = settings(
    SETTINGS, max_examples=300, phases=[Phase.generate], database=None, derandomize=True
)

# A small reserve, so that the calls of one example exhaust it.
POLICY = DEFAULT_POLICIES.livekit.model_copy(update={"budget": RetryBudget(share=0.1, reserve=3)})
FAILURES = {
    "refused": lambda: LiveKitConnectionError(may_have_arrived=False),
    "reset": lambda: LiveKitConnectionError(may_have_arrived=True),
    "unavailable": lambda: LiveKitServerError(status=503, may_have_arrived=True),
    "come-back-later": lambda: LiveKitServerError(
        status=503, may_have_arrived=True, retry_after=3.0
    ),
    "unauthorized": lambda: LiveKitAuthenticationError(status=401, may_have_arrived=True),
    "not-found": lambda: LiveKitRequestError(status=404, may_have_arrived=True),
    "busy": lambda: LiveKitCallError(
        status=429, may_have_arrived=True, metadata={"sip_status_code": "486"}
    ),
}
REFUSALS = {"unauthorized", "not-found", "busy"}
OUTCOMES = ("answer", "hang", *FAILURES)


@dataclass
class Call:
    """
    One call of an application: its start and end, and the outcome of each attempt.
    """

    began: float
    repeatable: bool
    outcomes: list[str] = field(default_factory=list)
    ended: float | None = None


class ClientMachine(RuleBasedStateMachine):
    """
    Sequential and concurrent calls, and time that passes between them.
    """

    breaker_class: type[CircuitBreaker] = CircuitBreaker
    resilience_class: type[Resilience] = Resilience

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.breaker = self.breaker_class(DEFAULT_HANDLING.circuit_breaker)
        self.resilience = self.resilience_class(
            POLICY, DEFAULT_HANDLING, breaker=self.breaker, clock=self.loop.time
        )
        self.calls: list[Call] = []
        self.probes = 0
        self.most_probes = 0

    def teardown(self) -> None:
        self.loop.close()

    @rule(
        plans=st.lists(
            st.tuples(
                st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=6),
                st.booleans(),
                st.none() | st.floats(0.1, 20),
            ),
            min_size=1,
            max_size=4,
        ),
        latency=st.floats(0.001, 12),
    )
    def calls_at_once(
        self, plans: list[tuple[list[str], bool, float | None]], latency: float
    ) -> None:
        async def all_of_them() -> None:
            async with asyncio.TaskGroup() as group:
                for outcomes, repeatable, cancel_after in plans:
                    call = Call(self.loop.time(), repeatable)
                    self.calls.append(call)
                    group.create_task(self._call(call, outcomes, latency, cancel_after))

        self.loop.run_until_complete(all_of_them())

    @rule(seconds=st.floats(0, 60))
    def time_passes(self, seconds: float) -> None:
        self.loop.advance(seconds)

    @invariant()
    def no_call_has_more_tries_than_the_policy(self) -> None:
        assert all(len(call.outcomes) <= POLICY.attempts for call in self.calls)

    @invariant()
    def no_call_lasts_longer_than_the_deadline(self) -> None:
        for call in self.calls:
            assert call.ended is not None
            assert call.ended - call.began <= POLICY.deadline + 1e-6

    @invariant()
    def what_was_refused_is_not_asked_again(self) -> None:
        assert not any(REFUSALS & set(call.outcomes[:-1]) for call in self.calls)

    @invariant()
    def what_may_have_arrived_is_not_repeated_unless_it_may_be(self) -> None:
        for call in self.calls:
            assert call.repeatable or set(call.outcomes[:-1]) <= {"refused"}

    @invariant()
    def one_probe_at_half_open(self) -> None:
        assert self.most_probes <= 1

    @invariant()
    def one_more_request_in_ten_at_most(self) -> None:
        requests = sum(len(call.outcomes) for call in self.calls)
        assert POLICY.budget is not None
        allowed = (1 + POLICY.budget.share) * len(self.calls) + POLICY.budget.reserve
        assert requests <= allowed + 1e-6

    async def _call(
        self, call: Call, outcomes: list[str], latency: float, cancel_after: float | None
    ) -> None:
        plan = list(outcomes)

        async def request(within: float) -> str:
            outcome = plan.pop(0) if len(plan) > 1 else plan[0]
            if latency > within:
                outcome = "hang"
            call.outcomes.append(outcome)
            # Only a successful probe closes the circuit again.
            is_probe = self.breaker.state(self.loop.time()) is not BreakerState.CLOSED
            self.probes += is_probe
            self.most_probes = max(self.most_probes, self.probes)
            try:
                return await self._serve(outcome, latency, within)
            finally:
                self.probes -= is_probe

        try:
            async with asyncio.timeout(cancel_after):
                await self.resilience.ask(request, repeatable=call.repeatable)
        except (LiveKitError, CircuitOpenError, TimeoutError):
            pass
        finally:
            call.ended = self.loop.time()

    async def _serve(self, outcome: str, latency: float, within: float) -> str:
        if outcome == "hang":
            await asyncio.sleep(within)
            raise LiveKitTimeoutError(may_have_arrived=True)
        await asyncio.sleep(latency)
        if outcome in FAILURES:
            error = FAILURES[outcome]()
            raise error
        return outcome
