"""
Whose fault it was: the class of an exception says it, and the tree is drawn once.

    AssertionError
    └── Violation           the target broke a promise          -> FAIL, WARN for a SHOULD
    ConformanceError
    ├── Blocked             a precondition is missing           -> BLOCKED
    │   └── Unreachable     the network did not carry it        -> BLOCKED
    ├── NotApplicable       the claim is about something else   -> SKIPPED (not-applicable)
    ├── NotConfigured       the profile does not say enough     -> SKIPPED (not-configured)
    ├── ProfileError        the operator's input is unusable    -> exit status 4
    └── NotPermitted        more than the profile allows        -> ERROR

Everything else that a check raises is a defect of the suite: ERROR.
"""

from __future__ import annotations

import os
from typing import Literal

Phase = Literal["resolve", "connect", "tls", "request", "answer"]


class Violation(AssertionError):
    """
    The target did not do what it must: carries the sentence that was violated and what was seen.

    `link` names the broken link of the chain when what was seen tells it better than the clause,
    `level` is SHOULD where the deployment may have chosen to be so: then it is a WARN.
    """

    def __init__(
        self, message: str, *, link: str | None = None, level: Literal["SHOULD"] | None = None
    ) -> None:
        super().__init__(message)
        self.link = link
        self.level = level


class ConformanceError(Exception):
    """
    Root of everything that is not the target's doing.
    """


class Blocked(ConformanceError):
    """
    A claim that could not be tested.

    `reason` says what is missing, `remedy` what to do about it (a command where there is one);
    `link` is the link of the chain that is missing, where it is another one than the claim's.
    """

    def __init__(self, reason: str, *, remedy: str, link: str | None = None) -> None:
        super().__init__(f"{reason}. {remedy}")
        self.reason = reason
        self.remedy = remedy
        self.link = link


class Unreachable(Blocked):
    """
    The network did not carry the question or the answer.

    `endpoint` is where we wanted to go, `phase` how far we came, `waited` seconds; `key` is the
    masked API key of who asked, if one did.
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
        told = f"{endpoint}: {detail} (after {waited:.1f} s{', API key ' + key if key else ''})"
        super().__init__(told, remedy=remedy)
        self.endpoint = endpoint
        self.key = key
        self.phase = phase
        self.detail = detail
        self.waited = waited


class NotApplicable(ConformanceError):
    """
    A claim about something that this deployment does not have, for instance TLS on loopback.
    """


class NotConfigured(ConformanceError):
    """
    What a check needs beyond the `Need`s of its clause; the text is the one-line profile change.
    """


class ProfileError(ConformanceError):
    """
    A profile, a variable or an option that cannot be used; one line for each problem.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NotPermitted(ConformanceError):
    """
    A driver was asked for an effect that the profile does not allow; nothing was sent.
    """


def in_system_words(error: Exception) -> str:
    """
    What the operating system calls the error; HTTP libraries put addresses into its place.
    """
    # Errors of the resolver have numbers below zero, and their own words.
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)
