"""
Failures that a check can cause in a stack of our own, for a limited time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from livekit_conformance.mock import MockConfig


class Failure(StrEnum):
    """
    Kind of failure. All but the last end when the stack is restored, and calls must succeed again.
    """

    SERVER_RESTART = "server-restart"
    SIP_RESTART = "sip-restart"
    REDIS_RESTART = "redis-restart"
    REDIS_PAUSE = "redis-pause"
    BUS_PARTITION = "bus-partition"
    WRONG_SIP_SECRET = "wrong-sip-secret"  # noqa: S105 - the name of a failure


class FailureControl(Protocol):
    """
    Control over the failures of a stack.
    """

    def during(self, failure: Failure) -> AbstractAsyncContextManager[None]:
        """
        Return a context in which the stack fails; on exit the failure is over. Raises Blocked.
        """
        ...


# The mock is one process: callers see every failure in one of two ways.
_SEEN_AS: Final[Mapping[Failure, Mapping[str, bool]]] = MappingProxyType(
    {
        Failure.SERVER_RESTART: {"bus_down": True},
        Failure.SIP_RESTART: {"bus_down": True},
        Failure.REDIS_RESTART: {"bus_down": True},
        Failure.REDIS_PAUSE: {"bus_down": True},
        Failure.BUS_PARTITION: {"bus_down": True},
        Failure.WRONG_SIP_SECRET: {"sip_wrong_secret": True},
    }
)
# Selection time of the bus during a failure. Unlike the real second, which is a sign of a cause, no
# check looks at it.
_SELECTION_S: Final = 0.1


class MockFailures:
    """
    Failures of the embedded mock.
    """

    def __init__(self, config: MockConfig) -> None:
        self._config = config

    @asynccontextmanager
    async def during(self, failure: Failure) -> AsyncIterator[None]:
        """
        Let the mock fail inside the context.
        """
        config = self._config
        healthy, selection_s = config.faults, config.bus_selection_s
        config.faults = replace(healthy, **_SEEN_AS[failure])
        config.bus_selection_s = _SELECTION_S
        yield
        config.bus_selection_s = selection_s
        if not healthy.never_recovers:
            config.faults = healthy
