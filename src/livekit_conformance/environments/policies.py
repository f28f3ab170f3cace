"""
The client's policies: how often it tries again, and what each class of error leads to.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import Field, model_validator

from livekit_conformance.environments import yaml_document
from livekit_conformance.environments.profile import Duration, Section
from livekit_conformance.environments.validation import validated
from livekit_conformance.errors import ProfileError

S = TypeVar("S", bound=Section)

RETRY_POLICIES = "retry_policies.yaml"
ERROR_HANDLING = "error_handling.yaml"


class ErrorClass(StrEnum):
    """
    Whose fault an error is, as far as trying again is concerned.
    """

    AUTHENTICATION = "authentication"
    REQUEST = "request"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    SERVER = "server"


class RetryPolicy(Section):
    """
    How often and when something is tried again. Times in seconds; `attempts` counts the first try.
    """

    attempts: Annotated[int, Field(ge=1, le=20)]
    first_delay: Duration
    factor: Annotated[float, Field(ge=1, le=10)]
    longest_delay: Duration
    jitter: Duration
    deadline: Duration

    @model_validator(mode="after")
    def _delays_grow(self) -> Self:
        if self.longest_delay < self.first_delay:
            raise ValueError("longest_delay is shorter than first_delay")
        return self

    def delay(self, attempt: int) -> float:
        """
        The least wait after the `attempt`-th try (from 1), in seconds; the jitter is added to it.
        """
        return min(self.longest_delay, self.first_delay * self.factor ** (attempt - 1))

    def scaled(self, by: float) -> RetryPolicy:
        """
        The same policy with every time multiplied by `by`.
        """
        times = ("first_delay", "longest_delay", "jitter", "deadline")
        return self.model_copy(update={name: getattr(self, name) * by for name in times})


class Policies(Section):
    """
    The policies by what they are for.
    """

    livekit: RetryPolicy
    sip: RetryPolicy
    webhook: RetryPolicy


class RetryPolicies(Section):
    """
    The file config/retry_policies.yaml.
    """

    policies: Policies


class Handling(Section):
    """
    What one class of error leads to.
    """

    retry: bool
    trips: bool


class Errors(Section):
    """
    What each class of error leads to.
    """

    authentication: Handling
    request: Handling
    timeout: Handling
    connection: Handling
    server: Handling

    def of(self, kind: ErrorClass) -> Handling:
        """
        What an error of this class leads to.
        """
        handling: Handling = getattr(self, kind.value)
        return handling

    @model_validator(mode="after")
    def _refused_keys_stay_refused(self) -> Self:
        if self.authentication.retry:
            raise ValueError("authentication.retry must be false: a refused key stays refused")
        return self


class BreakerPolicy(Section):
    """
    When the circuit opens, and for how long. Times in seconds.
    """

    failures: Annotated[int, Field(ge=1)]
    window: Duration
    open_for: Duration


class ErrorHandling(Section):
    """
    The file config/error_handling.yaml.
    """

    errors: Errors
    circuit_breaker: BreakerPolicy


def load_retry_policies(config_dir: Path) -> Policies:
    """
    The retry policies; raises ProfileError with every problem of the file.
    """
    return _load(config_dir / RETRY_POLICIES, RetryPolicies).policies


def load_error_handling(config_dir: Path) -> ErrorHandling:
    """
    The handling of errors; raises ProfileError with every problem of the file.
    """
    return _load(config_dir / ERROR_HANDLING, ErrorHandling)


def _load(path: Path, model: type[S]) -> S:
    document = yaml_document.read(path)
    loaded, wrong = validated(model, document.data, document.lines)
    problems = [*document.problems, *wrong]
    if problems or loaded is None:
        raise ProfileError([f"{path}: {problem}" for problem in problems])
    return loaded
