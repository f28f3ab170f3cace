"""
A circuit breaker with exactly one probe at half-open. It owns no clock.

    closed --(failures within the window)--> open --(open_for passed)--> half-open
    half-open --(the probe succeeds)--> closed; --(it fails)--> open
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from livekit_conformance.environments.policies import BreakerPolicy


class BreakerState(StrEnum):
    """
    Whether requests pass.
    """

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitOpenError(Exception):
    """
    The request was not sent: what it asks has failed too often. `retry_after` in seconds.

    `attempts` were made before it by the same call; `may_have_arrived` says whether one of them may
    have reached the server.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the circuit is open, try again in {retry_after:.1f} s")
        self.retry_after = retry_after
        self.attempts = 0
        self.may_have_arrived = False


class CircuitBreaker:
    """
    Counts failures and decides who may ask. Times are seconds of one monotonic clock.
    """

    def __init__(self, policy: BreakerPolicy) -> None:
        self._policy = policy
        self._failed_at: deque[float] = deque(maxlen=policy.failures)
        self._opened_at: float | None = None
        self._probing = False
        # Every change of state begins a period; what was sent in an earlier one says nothing now.
        self._period = 0

    def state(self, now: float) -> BreakerState:
        """
        What the next request will find.
        """
        if self._opened_at is None:
            return BreakerState.CLOSED
        if self._probing or now < self._opened_at + self._policy.open_for:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    def retry_after(self, now: float) -> float:
        """
        The seconds until a probe is let through; 0 when there is nothing to wait for.
        """
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._policy.open_for - now)

    def enter(self, now: float) -> int:
        """
        Ask for leave to send one request; raises CircuitOpenError.

        Returns the period, with which `succeeded`, `failed` or `abandoned` is reported.
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
        A request was answered: the circuit closes, and former failures are forgotten.
        """
        if period == self._period:
            self._period += self._opened_at is not None
            self._opened_at = None
            self._probing = False
            self._failed_at.clear()

    def failed(self, period: int, now: float) -> None:
        """
        A request failed in a way that counts.
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
        A request ended without an answer that says anything, for instance cancelled.
        """
        if period == self._period and self._probing:
            self._probing = False
            self._period += 1
