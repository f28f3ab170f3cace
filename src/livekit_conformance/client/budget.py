"""
A budget for repeated requests: what a client may add to the load of a server that fails.
"""

from __future__ import annotations

from livekit_conformance.environments.policies import RetryBudget


class Budget:
    """
    A token bucket: every call puts `share` of a token into it, every repeated request takes one.

    After n calls at most `reserve` + `share` x n requests have been repeats. Without a policy
    nothing is counted and everything allowed.
    """

    def __init__(self, policy: RetryBudget | None) -> None:
        self._policy = policy
        self._left = float(policy.reserve) if policy else 0.0

    def earn(self) -> None:
        """
        A call begins.
        """
        if self._policy is not None:
            self._left = min(self._policy.reserve, self._left + self._policy.share)

    def spend(self) -> bool:
        """
        Whether one more request may be repeated; if so, it is paid for.
        """
        if self._policy is None:
            return True
        if self._left < 1:
            return False
        self._left -= 1
        return True
