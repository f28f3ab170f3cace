"""
Circuit breaker with exactly one probe at half-open. The caller passes in the time.

    closed --(failures within the window)--> open --(open_for passed)--> half-open
    half-open --(the probe succeeds)--> closed; --(it fails)--> open
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from livekit_conformance.environments.policies import BreakerPolicy


class BreakerState(StrEnum):
    """
    State of the circuit: whether requests pass.
    """

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitOpenError(Exception):
    """
    The request was not sent: earlier requests failed too often. `retry_after` is in seconds.

    `attempts` counts the attempts that the same call made before; `may_have_arrived` is true if one
    of them may have reached the server.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the circuit is open, try again in {retry_after:.1f} s")
        self.retry_after = retry_after
        self.attempts = 0
        self.may_have_arrived = False


class CircuitBreaker:
    """
    Count failures and decide whether a request may be sent. Times are seconds of one monotonic
    clock.
    """

    def __init__(self, policy: BreakerPolicy) -> None:
        self._policy = policy
        self._failed_at: deque[float] = deque(maxlen=policy.failures)
        self._opened_at: float | None = None
        self._probing = False
        # Each change of state begins a period; results of requests from earlier ones are ignored.
        self._period = 0

    def state(self, now: float) -> BreakerState:
        """
        Return the state that the next request will find.
        """
        if self._opened_at is None:
            return BreakerState.CLOSED
        if self._probing or now < self._opened_at + self._policy.open_for:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    def retry_after(self, now: float) -> float:
        """
        Return the seconds until a probe is let through; 0 if there is nothing to wait for.
        """
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._policy.open_for - now)

    def enter(self, now: float) -> int:
        """
        Request permission to send one request; raise CircuitOpenError if it is refused.

        Returns the period to pass to `succeeded`, `failed` or `abandoned`.
        """
        match self.state(now):
            case BreakerState.OPEN:
                raise CircuitOpenError(self.retry_after(now))
            case BreakerState.HALF_OPEN:
                self._probing = True
                self._period += 1
            case BreakerState.CLOSED:
                pass
        return self._period

    def succeeded(self, period: int) -> None:
        """
        Record that a request was answered: close the circuit and forget earlier failures.
        """
        if period == self._period:
            self._period += self._opened_at is not None
            self._opened_at = None
            self._probing = False
            self._failed_at.clear()

    def failed(self, period: int, now: float) -> None:
        """
        Record a failure that counts towards the breaker.
        """
        if period != self._period:
            return
        self._failed_at.append(now)
        is_full = len(self._failed_at) == self._policy.failures
        if self._probing or (is_full and now - self._failed_at[0] <= self._policy.window):
            self._opened_at = now
            self._probing = False
            self._period += 1

    def abandoned(self, period: int) -> None:
        """
        Record that a request ended without a meaningful result, for instance by cancellation.
        """
        if period == self._period and self._probing:
            self._probing = False
            self._period += 1
