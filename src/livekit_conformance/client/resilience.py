"""
Requests that are tried again by policy, behind a circuit breaker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import stamina

from livekit_conformance.client.breaker import CircuitBreaker
from livekit_conformance.drivers.livekit_api import ApiRefused
from livekit_conformance.environments.policies import ErrorClass, ErrorHandling, RetryPolicy
from livekit_conformance.errors import Unreachable

T = TypeVar("T")

_REFUSES_THE_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def error_class(error: BaseException) -> ErrorClass | None:
    """
    The class of an error of the network or of the server; None for every other error.
    """
    match error:
        case ApiRefused(status=status):
            return _class_of_status(status)
        case Unreachable(phase="answer") | TimeoutError():
            return ErrorClass.TIMEOUT
        case Unreachable():
            return ErrorClass.CONNECTION
        case _:
            return None


def _class_of_status(status: int) -> ErrorClass:
    if status in _REFUSES_THE_KEY:
        return ErrorClass.AUTHENTICATION
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return ErrorClass.SERVER
    return ErrorClass.REQUEST


class Resilience:
    """
    One policy and one breaker for everything that is asked of one server.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        handling: ErrorHandling,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.breaker = CircuitBreaker(handling.circuit_breaker)
        self._policy = policy
        self._errors = handling.errors
        self._clock = clock

    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """
        The answer to `request`, which is sent again while its errors are transient.

        Raises the last error; CircuitOpenError when nothing was sent; TimeoutError when the
        deadline of the policy passed during a try.
        """
        policy = self._policy
        async with asyncio.timeout(policy.deadline):
            async for attempt in stamina.retry_context(
                on=self._is_transient,
                attempts=policy.attempts,
                timeout=policy.deadline,
                wait_initial=policy.first_delay,
                wait_max=policy.longest_delay,
                wait_jitter=policy.jitter,
                wait_exp_base=policy.factor,
            ):
                with attempt:
                    return await self._once(request)
        raise AssertionError("stamina ends with an answer or an error")

    async def _once(self, request: Callable[[], Awaitable[T]]) -> T:
        period = self.breaker.enter(self._clock())
        try:
            answer = await request()
        except BaseException as error:
            kind = error_class(error)
            if kind is None:
                self.breaker.abandoned(period)
            elif self._errors.of(kind).trips:
                self.breaker.failed(period, self._clock())
            else:
                # A refusal is an answer: the server is there.
                self.breaker.succeeded(period)
            raise
        self.breaker.succeeded(period)
        return answer

    def _is_transient(self, error: Exception) -> bool:
        kind = error_class(error)
        return kind is not None and self._errors.of(kind).retry
