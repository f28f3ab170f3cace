"""
Retry requests by policy, within a budget, behind a circuit breaker.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from livekit_conformance.client.breaker import BreakerState, CircuitBreaker, CircuitOpenError
from livekit_conformance.client.budget import Budget
from livekit_conformance.client.errors import LiveKitError
from livekit_conformance.environments.policies import ErrorClass, ErrorHandling, RetryPolicy

T = TypeVar("T")


class Resilience:
    """
    One policy with its budget, and the breaker of the server that receives the requests.

    `clock` returns monotonic seconds. Several instances may share a breaker.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        handling: ErrorHandling,
        *,
        breaker: CircuitBreaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policy = policy
        self.breaker = breaker or CircuitBreaker(handling.circuit_breaker)
        self._budget = Budget(policy.budget)
        self._errors = handling.errors
        self._clock = clock

    async def ask(
        self,
        request: Callable[[float], Awaitable[T]],
        *,
        repeatable: bool = True,
        timeout: float | None = None,  # noqa: ASYNC109 - of one try, which `request` keeps to
    ) -> T:
        """
        Return the answer to `request`, which is sent again while its errors are transient.

        `request` receives the seconds that one try may take: `timeout`, or the policy's timeout,
        but never more than is left of the deadline. A request that is not `repeatable` is sent
        again only if it has certainly not arrived, or if a call ended with a status listed in the
        policy.

        Raises the last error, with the number of attempts; CircuitOpenError if nothing was sent.
        """
        policy = self.policy
        limit = timeout or policy.timeout
        ends = self._clock() + self.longest(timeout)
        attempts = 0
        failed: list[LiveKitError] = []

        def wait_for(error: Exception) -> bool | float:
            if not isinstance(error, LiveKitError):
                return False
            # stamina calls this even after the last try, which must not use up budget.
            if attempts >= policy.attempts:
                return False
            return self._wait(error, attempts, ends=ends, repeatable=repeatable)

        self._budget.earn()
        try:
            # stamina checks its own time-out only after a wait; `_wait` begins no hopeless wait.
            async for attempt in stamina.retry_context(
                on=wait_for, attempts=policy.attempts, timeout=None
            ):
                with attempt:
                    attempts += 1
                    try:
                        return await self._once(request, min(limit, ends - self._clock()))
                    except LiveKitError as error:
                        failed.append(error)
                        raise
        except LiveKitError as error:
            error.attempts = attempts
            error.may_have_arrived = any(earlier.may_have_arrived for earlier in failed)
            raise
        except CircuitOpenError as circuit:
            circuit.attempts = attempts - 1
            circuit.may_have_arrived = any(earlier.may_have_arrived for earlier in failed)
            raise circuit from (failed[-1] if failed else None)
        raise AssertionError("stamina ends with an answer or an error")

    def longest(self, timeout: float | None) -> float:
        """
        Return the seconds that a call with this `timeout` of one try may take in all.
        """
        return max(self.policy.deadline, timeout or self.policy.timeout)

    def retry_after(self) -> float:
        """
        Return the seconds during which nothing will be sent; 0 if the circuit is not open.
        """
        return self.breaker.retry_after(self._clock())

    async def _once(self, request: Callable[[float], Awaitable[T]], limit: float) -> T:
        period = self.breaker.enter(self._clock())
        try:
            answer = await request(limit)
        except LiveKitError as error:
            if error.is_local:
                # Nothing is known of the server.
                self.breaker.abandoned(period)
            elif self._errors.of(error.error_class).trips:
                self.breaker.failed(period, self._clock())
            else:
                # A refusal is an answer: the server is there.
                self.breaker.succeeded(period)
            raise
        except BaseException:
            self.breaker.abandoned(period)
            raise
        self.breaker.succeeded(period)
        return answer

    def _wait(
        self, error: LiveKitError, attempts: int, *, ends: float, repeatable: bool
    ) -> bool | float:
        """
        Return the seconds to wait before the next try, or False if there must be none.
        """
        if not (self._is_transient(error) and self._may_repeat(error, repeatable=repeatable)):
            return False
        jitter = random.random()  # noqa: S311 - spreads clients, guards nothing
        wait = max(self.policy.wait(attempts, jitter), error.retry_after or 0.0)
        next_try = self._clock() + wait
        if next_try >= ends or self.breaker.state(next_try) is BreakerState.OPEN:
            return False
        return wait if error.is_local or self._budget.spend() else False

    def _is_transient(self, error: LiveKitError) -> bool:
        kind = error.error_class
        named = self.policy.transient
        is_named = kind in named or error.decisive_status in named
        return is_named and self._errors.of(kind).retry

    def _may_repeat(self, error: LiveKitError, *, repeatable: bool) -> bool:
        # A call that ended with a status is over, so a second one cannot ring at the same time.
        return repeatable or not error.may_have_arrived or error.error_class is ErrorClass.CALL
