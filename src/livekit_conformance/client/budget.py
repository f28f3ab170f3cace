"""
Budget for repeated requests: the load that a client may add to a failing server.
"""

from __future__ import annotations

from livekit_conformance.environments.policies import RetryBudget


class Budget:
    """
    Token bucket: every call adds `share` of a token, every repeated request takes one.

    After n calls, at most `reserve` + `share` x n requests have been repeats. Without a policy,
    nothing is counted and every repeat is allowed.
    """

    def __init__(self, policy: RetryBudget | None) -> None:
        self._policy = policy
        self._left = float(policy.reserve) if policy else 0.0

    def earn(self) -> None:
        """
        Add the share of one call; called when a call begins.
        """
        if self._policy is not None:
            self._left = min(self._policy.reserve, self._left + self._policy.share)

    def spend(self) -> bool:
        """
        Return whether one more request may be repeated; if so, take a token for it.
        """
        if self._policy is None:
            return True
        if self._left < 1:
            return False
        self._left -= 1
        return True
