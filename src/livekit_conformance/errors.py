"""
Exceptions of the suite: the class of an exception decides whose fault it was.

    AssertionError
    └── Violation           the target broke a promise          -> FAIL, WARN for a SHOULD
    ConformanceError
    ├── Blocked             a precondition is missing           -> BLOCKED
    │   └── Unreachable     the network did not carry it        -> BLOCKED
    ├── NotApplicable       the deployment has no such thing    -> SKIPPED (not-applicable)
    ├── NotConfigured       the profile lacks an entry          -> SKIPPED (not-configured)
    ├── ProfileError        the operator's input is unusable    -> exit status 4
    └── NotPermitted        more than the profile allows        -> ERROR

An exception of a library about the network is like Blocked (reporting/run/library_errors.py).
Everything else that a check raises is a defect of the suite: ERROR.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Final, Literal

# Errors of a machine that has no file or memory left.
OWN_LIMITS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

Phase = Literal["resolve", "connect", "tls", "request", "answer"]


class Violation(AssertionError):
    """
    The target did not do what it must: carries what was seen. The clause has the violated claim.

    `link` names the broken link of the chain if the observation locates it better than the clause.
    `level` is SHOULD if the deployment may have chosen this behaviour; the verdict is then WARN.
    """

    def __init__(
        self, message: str, *, link: str | None = None, level: Literal["SHOULD"] | None = None
    ) -> None:
        super().__init__(message)
        self.link = link
        self.level = level


class ConformanceError(Exception):
    """
    Root of all errors that the target did not cause.
    """


class Blocked(ConformanceError):
    """
    Claim that could not be tested.

    `reason` names what is missing, `remedy` what to do about it (a command where there is one);
    `link` is the missing link of the chain if it differs from the claim's own.
    """

    def __init__(self, reason: str, *, remedy: str, link: str | None = None) -> None:
        super().__init__(f"{reason}. {remedy}")
        self.reason = reason
        self.remedy = remedy
        self.link = link


class Unreachable(Blocked):
    """
    Request or answer that the network did not carry.

    `endpoint` is the address we wanted to reach, `phase` how far we came, `waited` the time in
    seconds; `key` is the masked API key of the request, if it had one.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        phase: Phase,
        detail: str,
        waited: float,
        remedy: str,
        key: str = "",
    ) -> None:
        reason = f"{endpoint}: {detail} (after {waited:.1f} s{', API key ' + key if key else ''})"
        super().__init__(reason, remedy=remedy)
        self.endpoint = endpoint
        self.key = key
        self.phase = phase
        self.detail = detail
        self.waited = waited


class NotApplicable(ConformanceError):
    """
    Claim about something that this deployment does not have, for instance TLS on loopback.
    """


class NotConfigured(ConformanceError):
    """
    Profile entry that a check needs beyond the `Need`s of its clause; the text is the line to add.
    """


class ProfileError(ConformanceError):
    """
    Profile, variable or option that cannot be used; one line for each problem.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NotPermitted(ConformanceError):
    """
    Effect requested from a driver that the profile does not allow; nothing was sent.
    """


def own_limit(error: BaseException | None) -> OSError | None:
    """
    Return the error in the history of `error` by which this machine is the obstacle, if any.
    """
    found = (each for each in history(error) if isinstance(each, OSError))
    return next((each for each in found if each.errno in OWN_LIMITS), None)


def history(error: BaseException | None) -> Iterator[BaseException]:
    """
    Yield the error, its causes and contexts, and the errors in its group.
    """
    seen: set[int] = set()
    left = [error]
    while left:
        if (each := left.pop()) is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        left += [each.__cause__, each.__context__, *inner]


def in_system_words(error: Exception) -> str:
    """
    Return the operating system's text for `error`, which HTTP libraries replace by addresses.
    """
    # Resolver errors have negative numbers and texts of their own.
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)
