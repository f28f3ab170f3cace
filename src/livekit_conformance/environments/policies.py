"""
Policies of the client: how often it retries, and how it handles each class of error.

The defaults equal config/retry_policies.yaml and config/error_handling.yaml as shipped: an
application that installs the package has no such files.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from livekit_conformance.environments import yaml_document
from livekit_conformance.environments.problems import ProfileError, Unfit
from livekit_conformance.environments.section import Duration, ProfileSection
from livekit_conformance.environments.validation import validated

S = TypeVar("S", bound=ProfileSection)

RETRY_POLICIES = "retry_policies.yaml"
ERROR_HANDLING = "error_handling.yaml"


class ErrorClass(StrEnum):
    """
    Class of an error, by where the fault lies; it decides whether a retry makes sense.
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
    raise Unfit("policy.transient", allowed=", ".join(_CLASSES))


def _never_a_refusal(statuses: frozenset[ErrorClass | int]) -> frozenset[ErrorClass | int]:
    refusals = sorted(s for s in statuses if isinstance(s, int) and s < 500 and s != 429)  # noqa: PLR2004
    if refusals:
        raise Unfit("policy.refusal", statuses=", ".join(map(str, refusals)))
    return statuses


Transient = frozenset[Annotated[ErrorClass | int, BeforeValidator(_transient)]]


class RetryBudget(ProfileSection):
    """
    Limit on repeated requests in the long run, as a `share` of the calls.

    `reserve` is the largest number of repeats that can be saved up, and the number available at the
    start: that many come at once when a server fails after a long healthy period.
    """

    share: Annotated[float, Field(gt=0, le=1)]
    reserve: Annotated[int, Field(ge=1)]


class RetryPolicy(ProfileSection):
    """
    Schedule of attempts. Times are in seconds; `attempts` includes the first try.

    `timeout` bounds one try, `deadline` all tries and the waits between them. `transient` lists the
    error classes, or statuses, that are retried. Without a budget, only `attempts` limits the extra
    load on a failing server.
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
            raise Unfit("policy.delays-shrink")
        return self

    @model_validator(mode="after")
    def _a_try_fits(self) -> Self:
        if self.deadline < self.timeout:
            raise Unfit("policy.deadline")
        return self

    def delay(self, attempt: int) -> float:
        """
        Return the shortest wait after the `attempt`-th try (from 1), in seconds; jitter is added to
        it.
        """
        return min(self.longest_delay, self.first_delay * self.factor ** (attempt - 1))

    def wait(self, attempt: int, jitter: float) -> float:
        """
        Return the wait after the `attempt`-th try, in seconds, with the fraction `jitter` (0 to 1)
        of the policy's jitter.
        """
        return min(self.longest_delay, self.delay(attempt) + self.jitter * jitter)

    def scaled(self, by: float) -> RetryPolicy:
        """
        Return the same policy with every wait and the deadline multiplied by `by`.

        The timeout of one try is unchanged: that time belongs to the server.
        """
        times = ("first_delay", "longest_delay", "jitter", "deadline")
        return self.model_copy(update={name: getattr(self, name) * by for name in times})

    def once(self, timeout: float) -> Self:
        """
        Return the policy of a single try that may take `timeout` seconds.
        """
        return self.model_copy(update={"attempts": 1, "timeout": timeout, "deadline": timeout})


class RequestPolicy(RetryPolicy):
    """
    Retry policy whose statuses are HTTP statuses.
    """

    transient: Annotated[Transient, AfterValidator(_never_a_refusal)]


class Policies(ProfileSection):
    """
    Policies by purpose. The statuses in `sip` are SIP statuses.
    """

    livekit: RequestPolicy
    sip: RetryPolicy
    webhook: RequestPolicy


class RetryPolicies(ProfileSection):
    """
    Content of config/retry_policies.yaml.
    """

    policies: Policies


LogLevel = Literal["debug", "info", "warning", "error"]


class Handling(ProfileSection):
    """
    Handling of one class of error: whether it may be retried, whether it counts towards the circuit
    breaker, and the level at which a call that ends with it is logged.
    """

    retry: bool
    trips: bool
    log: LogLevel


class Errors(ProfileSection):
    """
    Handling of each class of error.
    """

    authentication: Handling
    request: Handling
    timeout: Handling
    connection: Handling
    server: Handling
    call: Handling

    def of(self, kind: ErrorClass) -> Handling:
        """
        Return the handling of errors of the class `kind`.
        """
        handling: Handling = getattr(self, kind.value)
        return handling

    @model_validator(mode="after")
    def _refusals_stay_refusals(self) -> Self:
        if self.authentication.retry:
            raise Unfit("policy.authentication")
        if self.request.retry:
            raise Unfit("policy.request")
        return self


class BreakerPolicy(ProfileSection):
    """
    Thresholds of the circuit breaker: `failures` within `window` open it for `open_for`. Times are
    in seconds.
    """

    failures: Annotated[int, Field(ge=1)]
    window: Duration
    open_for: Duration


class ErrorHandling(ProfileSection):
    """
    Content of config/error_handling.yaml.
    """

    errors: Errors
    circuit_breaker: BreakerPolicy


def load_retry_policies(config_dir: Path) -> Policies:
    """
    Load the retry policies; raise ProfileError with every problem of the file.
    """
    return _load(config_dir / RETRY_POLICIES, RetryPolicies).policies


def load_error_handling(config_dir: Path) -> ErrorHandling:
    """
    Load the error handling; raise ProfileError with every problem of the file.
    """
    return _load(config_dir / ERROR_HANDLING, ErrorHandling)


def _load(path: Path, model: type[S]) -> S:
    document = yaml_document.read(path)
    loaded, wrong = validated(model, document.data, document.lines, columns=document.columns)
    problems = [*document.problems, *wrong]
    if problems or loaded is None:
        raise ProfileError([replace(problem, source=path) for problem in problems])
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
