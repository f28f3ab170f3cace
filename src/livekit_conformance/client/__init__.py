"""
A client's manners on a bad day: try again by policy, and stop asking what cannot answer.
"""

from livekit_conformance.client.breaker import CircuitBreaker, CircuitOpenError
from livekit_conformance.client.resilience import Resilience, error_class

__all__ = ["CircuitBreaker", "CircuitOpenError", "Resilience", "error_class"]
