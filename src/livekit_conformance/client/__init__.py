"""
LiveKit client for applications that stays well-behaved when the server fails.

    async with Client(url, api_key, api_secret) as client:
        async with client.room("voice-ai-call-42") as room:
            ...

It retries according to a policy, stops sending to a server that cannot answer, and raises errors
that name the remedy. Nothing here needs the suite or pytest.
"""

from livekit_conformance.client.breaker import CircuitBreaker, CircuitOpenError
from livekit_conformance.client.client import Client
from livekit_conformance.client.errors import (
    LiveKitAuthenticationError,
    LiveKitCallError,
    LiveKitCircuitOpenError,
    LiveKitConnectionError,
    LiveKitError,
    LiveKitRequestError,
    LiveKitServerError,
    LiveKitTimeoutError,
)
from livekit_conformance.client.exchange import trace
from livekit_conformance.client.health import Health, State, StateChange
from livekit_conformance.client.resilience import Resilience
from livekit_conformance.client.tokens import ValidToken, validate_token
from livekit_conformance.environments.policies import (
    DEFAULT_HANDLING,
    DEFAULT_POLICIES,
    ErrorHandling,
    Policies,
    load_error_handling,
    load_retry_policies,
)

__all__ = [
    "DEFAULT_HANDLING",
    "DEFAULT_POLICIES",
    "CircuitBreaker",
    "CircuitOpenError",
    "Client",
    "ErrorHandling",
    "Health",
    "LiveKitAuthenticationError",
    "LiveKitCallError",
    "LiveKitCircuitOpenError",
    "LiveKitConnectionError",
    "LiveKitError",
    "LiveKitRequestError",
    "LiveKitServerError",
    "LiveKitTimeoutError",
    "Policies",
    "Resilience",
    "State",
    "StateChange",
    "ValidToken",
    "load_error_handling",
    "load_retry_policies",
    "trace",
    "validate_token",
]
