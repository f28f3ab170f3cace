"""
The client's policies: how often it tries again, and what each class of error leads to.

They have defaults, which are what config/retry_policies.yaml and config/error_handling.yaml say as
they are shipped: an application that installs the package has no such files.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from livekit_conformance.environments import yaml_document
from livekit_conformance.environments.section import Duration, ProfileSection
from livekit_conformance.environments.validation import validated
from livekit_conformance.errors import ProfileError

S = TypeVar("S", bound=ProfileSection)

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
    CALL = "call"


_CLASSES: Final = ("timeout", "connection", "server")
_STATUSES: Final = range(400, 700)


def _transient(value: Any) -> ErrorClass | int:
    if value in _CLASSES:
        return ErrorClass(value)
    if isinstance(value, int) and value in _STATUSES:
        return value
    raise ValueError(
        f"must be one of {', '.join(_CLASSES)}, or a status such as 503 (a refused key and a wrong "
        "request are never tried again)"
    )


def _never_a_refusal(statuses: frozenset[ErrorClass | int]) -> frozenset[ErrorClass | int]:
    refusals = sorted(s for s in statuses if isinstance(s, int) and s < 500 and s != 429)  # noqa: PLR2004
    if refusals:
        told = ", ".join(map(str, refusals))
        raise ValueError(f"{told}: what was refused is never tried again; take it out")
    return statuses


Transient = frozenset[Annotated[ErrorClass | int, BeforeValidator(_transient)]]


class RetryBudget(ProfileSection):
    """
    How many requests may be repeats in the long run: `share` of the calls.

    `reserve` is how many repeats are saved up at most, and at the start: so many come at once
    when a server fails that has long been well.
    """

    share: Annotated[float, Field(gt=0, le=1)]
    reserve: Annotated[int, Field(ge=1)]


class RetryPolicy(ProfileSection):
    """
    How often and when something is tried again. Times in seconds; `attempts` counts the first try.

    `timeout` bounds one try, `deadline` all of them with the waits between. `transient` names the
    classes of errors that are tried again, or their statuses. Without a budget nothing but
    `attempts` bounds how much more is sent to a server that fails.
    """

    attempts: Annotated[int, Field(ge=1, le=20)]
    first_delay: Duration
    factor: Annotated[float, Field(ge=1, le=10)]
    longest_delay: Duration
    jitter: Duration
    timeout: Duration
    deadline: Duration
    transient: Transient
    budget: RetryBudget | None

    @model_validator(mode="after")
    def _delays_grow(self) -> Self:
        if self.longest_delay < self.first_delay:
            raise ValueError("longest_delay is shorter than first_delay")
        return self

    @model_validator(mode="after")
    def _a_try_fits(self) -> Self:
        if self.deadline < self.timeout:
            raise ValueError("deadline is shorter than timeout, which bounds one try")
        return self

    def delay(self, attempt: int) -> float:
        """
        The least wait after the `attempt`-th try (from 1), in seconds; the jitter is added to it.
        """
        return min(self.longest_delay, self.first_delay * self.factor ** (attempt - 1))

    def wait(self, attempt: int, jitter: float) -> float:
        """
        The wait after the `attempt`-th try, with so much of the jitter (0 to 1).
        """
        return min(self.longest_delay, self.delay(attempt) + self.jitter * jitter)

    def scaled(self, by: float) -> RetryPolicy:
        """
        The same policy with every wait multiplied by `by`, and the deadline.

        What one try may take stays: that is the server's time.
        """
        times = ("first_delay", "longest_delay", "jitter", "deadline")
        return self.model_copy(update={name: getattr(self, name) * by for name in times})


class RequestPolicy(RetryPolicy):
    """
    A policy whose statuses are those of HTTP.
    """

    transient: Annotated[Transient, AfterValidator(_never_a_refusal)]


class Policies(ProfileSection):
    """
    The policies by what they are for. The statuses in `sip` are those of SIP.
    """

    livekit: RequestPolicy
    sip: RetryPolicy
    webhook: RequestPolicy


class RetryPolicies(ProfileSection):
    """
    The file config/retry_policies.yaml.
    """

    policies: Policies


LogLevel = Literal["debug", "info", "warning", "error"]


class Handling(ProfileSection):
    """
    What one class of error leads to: whether it may be tried again and counts towards the circuit
    breaker, and the level at which a call that ends with it is logged.
    """

    retry: bool
    trips: bool
    log: LogLevel


class Errors(ProfileSection):
    """
    What each class of error leads to.
    """

    authentication: Handling
    request: Handling
    timeout: Handling
    connection: Handling
    server: Handling
    call: Handling

    def of(self, kind: ErrorClass) -> Handling:
        """
        What an error of this class leads to.
        """
        handling: Handling = getattr(self, kind.value)
        return handling

    @model_validator(mode="after")
    def _refusals_stay_refusals(self) -> Self:
        if self.authentication.retry:
            raise ValueError("authentication.retry must be false: a refused key stays refused")
        if self.request.retry:
            raise ValueError("request.retry must be false: a wrong request stays wrong")
        return self


class BreakerPolicy(ProfileSection):
    """
    When the circuit opens, and for how long. Times in seconds.
    """

    failures: Annotated[int, Field(ge=1)]
    window: Duration
    open_for: Duration


class ErrorHandling(ProfileSection):
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
    loaded, wrong = validated(model, document.data, document.lines, columns=document.columns)
    problems = [*document.problems, *wrong]
    if problems or loaded is None:
        raise ProfileError([f"{path}: {problem}" for problem in problems])
    return loaded


_BUDGET: Final = {"share": 0.1, "reserve": 20}

DEFAULT_POLICIES: Final = Policies.model_validate(
    {
        "livekit": {
            "attempts": 5,
            "first_delay": "500ms",
            "factor": 2,
            "longest_delay": "8s",
            "jitter": "200ms",
            "timeout": "10s",
            "deadline": "30s",
            "transient": ["timeout", "connection", "server"],
            "budget": _BUDGET,
        },
        "sip": {
            "attempts": 3,
            "first_delay": "1s",
            "factor": 2,
            "longest_delay": "4s",
            "jitter": "500ms",
            "timeout": "10s",
            "deadline": "40s",
            "transient": ["connection", 500, 502, 503, 504],
            "budget": _BUDGET,
        },
        "webhook": {
            "attempts": 3,
            "first_delay": "1s",
            "factor": 2,
            "longest_delay": "5s",
            "jitter": "500ms",
            "timeout": "5s",
            "deadline": "20s",
            "transient": ["timeout", "connection", "server"],
            "budget": _BUDGET,
        },
    }
)
_RETRIED: Final = {"retry": True, "trips": True, "log": "warning"}
DEFAULT_HANDLING: Final = ErrorHandling.model_validate(
    {
        "errors": {
            "authentication": {"retry": False, "trips": False, "log": "error"},
            "request": {"retry": False, "trips": False, "log": "info"},
            "timeout": _RETRIED,
            "connection": _RETRIED,
            "server": _RETRIED,
            "call": {"retry": True, "trips": False, "log": "info"},
        },
        "circuit_breaker": {"failures": 5, "window": "30s", "open_for": "10s"},
    }
)
