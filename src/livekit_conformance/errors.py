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

ProfileError is defined in environments/problems.py. An exception of a library about the network is
like Blocked (reporting/run/library_errors.py). Everything else that a check raises is a defect of
the suite: ERROR.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, Literal

from livekit_conformance.findings import Code, Finding, Json, Level, Says

# Errors of a machine that has no file or memory left.
OWN_LIMITS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

Phase = Literal["resolve", "connect", "tls", "request", "answer"]

# A request or an answer was lost. Data: endpoint, phase, failure, waited_s.
NOT_CARRIED: Final = Code("network.not-carried")


class Failure(StrEnum):
    """
    Way in which the network, or the other side, failed a request.
    """

    NO_SUCH_NAME = "no-such-name"  # the resolver has answered: no address has this name
    RESOLVER_SILENT = "resolver-silent"  # nothing was learnt about the name
    REFUSED = "refused"  # nothing listens at the port
    NO_ROUTE = "no-route"
    TIMED_OUT = "timed-out"
    RESET = "reset"
    ENDED = "ended"  # the connection was closed before the answer
    BROKEN = "broken"  # only a part of the answer can be read
    FOREIGN = "foreign"  # the answer is of another protocol
    NO_TLS = "no-tls"  # the other side speaks no TLS
    TLS = "tls"  # the handshake failed, for instance because the certificate is not trusted
    OTHER = "other"


class Violation(AssertionError):
    """
    The target did not do what it must: carries what was seen. The clause has the violated claim.

    `link` names the broken link of the chain if the observation locates it better than the clause.
    `level` is SHOULD if the deployment may have chosen this behaviour; the verdict is then WARN.
    `findings` are the same as data.
    """

    def __init__(
        self,
        message: str,
        *,
        link: str | None = None,
        level: Level | None = None,
        findings: Iterable[Finding] = (),
    ) -> None:
        super().__init__(message)
        self.link = link
        self.level = level
        self.findings = tuple(findings)


class ConformanceError(Exception):
    """
    Root of all errors that the target did not cause.
    """


class Blocked(ConformanceError):
    """
    Claim that could not be tested.

    `reason` names what is missing, `remedy` what to do about it (a command where there is one);
    `link` is the missing link of the chain if it differs from the claim's own, `findings` are the
    reason as data.
    """

    def __init__(
        self,
        reason: str,
        *,
        remedy: str,
        link: str | None = None,
        findings: Iterable[Finding] = (),
    ) -> None:
        super().__init__(f"{reason}. {remedy}")
        self.reason = reason
        self.remedy = remedy
        self.link = link
        self.findings = tuple(findings)


class Unreachable(Blocked):
    """
    Request or answer that the network did not carry.

    `endpoint` is the address we wanted to reach, `phase` how far we came, `failure` what happened
    there and `detail` its words; `waited` is the time in seconds, `key` the masked API key of the
    request, if it had one.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        phase: Phase,
        detail: str,
        waited: float,
        remedy: str,
        failure: Failure = Failure.OTHER,
        key: str = "",
    ) -> None:
        reason = f"{endpoint}: {detail} (after {waited:.1f} s{', API key ' + key if key else ''})"
        data: dict[str, Json] = {
            "endpoint": endpoint,
            "phase": phase,
            "failure": failure,
            "waited_s": round(waited, 3),
        }
        lost = Finding(NOT_CARRIED, reason, says=Says.UNSEEN, data=data)
        super().__init__(reason, remedy=remedy, findings=[lost])
        self.endpoint = endpoint
        self.key = key
        self.phase = phase
        self.failure = failure
        self.detail = detail
        self.waited = waited


class NotApplicable(ConformanceError):
    """
    Claim about something that this deployment does not have, for instance TLS on loopback.

    `findings` are the reason as data.
    """

    def __init__(self, reason: str, *, findings: Iterable[Finding] = ()) -> None:
        super().__init__(reason)
        self.findings = tuple(findings)


class NotConfigured(ConformanceError):
    """
    Profile entry that a check needs beyond the `Need`s of its clause; the text is the line to add.
    """


class NotPermitted(ConformanceError):
    """
    Effect requested from a driver that the profile does not allow; nothing was sent.
    """


def violated(code: Code, seen: str, *, link: str | None = None, **data: Json) -> Violation:
    """
    Return the violation that is one finding of this code, with its sentence and data.
    """
    return Violation(seen, link=link, findings=[Finding(code, seen, data=data)])


def blocked(
    code: Code, reason: str, *, remedy: str, link: str | None = None, **data: Json
) -> Blocked:
    """
    Return the obstacle that is one finding of this code, with its reason and data.
    """
    found = Finding(code, reason, says=Says.UNSEEN, data=data)
    return Blocked(reason, remedy=remedy, link=link, findings=[found])


def not_applicable(code: Code, reason: str, **data: Json) -> NotApplicable:
    """
    Return that a claim does not apply, as one finding of this code, with its reason and data.
    """
    found = Finding(code, reason, says=Says.UNSEEN, data=data)
    return NotApplicable(reason, findings=[found])


def require(findings: Iterable[Finding], *, context: str = "", otherwise: str = "") -> None:
    """
    Raise Violation if one of `findings` is a violation, with the link of the first of them.

    Otherwise raise Blocked, with this remedy, if one of them could not be seen.

    The verdict is WARN if all violations are of level SHOULD. `context` ends the message.
    """
    findings = tuple(findings)
    if broken := [each for each in findings if each.says is Says.VIOLATED]:
        seen = (each.seen for each in findings if each.says is not Says.HOLDS)
        raise Violation(
            "; ".join(filter(None, (*seen, context))),
            link=broken[0].link,
            level="SHOULD" if all(each.level == "SHOULD" for each in broken) else None,
            findings=findings,
        )
    if unseen := next((each for each in findings if each.says is Says.UNSEEN), None):
        raise Blocked(unseen.seen, remedy=otherwise, link=unseen.link, findings=findings)


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
