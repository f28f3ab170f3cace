"""
Judge a check: pure functions over its clause, the profile and the error that it raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final, Self

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Clause
from livekit_conformance.environments.needs import needs_missing
from livekit_conformance.environments.profile import KnownIssue, Profile
from livekit_conformance.environments.variables import LeftOut
from livekit_conformance.errors import (
    Blocked,
    NotApplicable,
    NotConfigured,
    Unreachable,
    Violation,
    in_system_words,
    own_limit,
)
from livekit_conformance.findings import Code, Finding, Json, Says
from livekit_conformance.outages import Outage
from livekit_conformance.reporting.run.library_errors import blocked_by_library
from livekit_conformance.verdict import UNSUCCESSFUL, CheckRecord, Reason, Verdict

# Why a check saw nothing. Data: effect.
NOT_PERMITTED: Final = Code("check.not-permitted")
MAY_BE_PERMITTED: Final = Code("check.may-be-permitted")
# Data: line, of the profile.
NOT_CONFIGURED: Final = Code("check.not-configured")
# Data: link and root, the check that broke it.
NEEDS_A_LINK: Final = Code("check.needs-a-link")
# Data: requests, per minute, and run, the limits of the profile.
NO_TIME_LEFT: Final = Code("check.no-time-left")
# Data: root, the check whose set-up it was.
SET_UP_FAILED: Final = Code("check.set-up-failed")
# This machine has no file or memory left. Data: error, in the system's words.
THIS_MACHINE: Final = Code("check.this-machine")
# Entries of known_issues, beside what the check found. Data of the first two: expires, owner,
# reason.
KNOWN_UNTIL: Final = Code("check.known-until")
KNOWN_EXPIRED: Final = Code("check.known-until-expired")
KNOWN_NO_LONGER: Final = Code("check.known-no-longer")


@dataclass(frozen=True, slots=True)
class Decision:
    """
    Verdict with its reasons, from which its texts are composed.

    `seen` is what the check saw, or why it saw nothing; `claim` the violated statement; `issue` the
    entry in known_issues that accepts the violation, or accepted it until it expired; `failed` the
    first of the `attempts` that did not succeed.

    `breaks` is the link of the chain that dependants cannot cross; reports show `broke_at` instead
    if the observations locate the broken link more exactly. `findings` are the same as data.
    """

    verdict: Verdict
    seen: str = ""
    claim: str = ""
    issue: KnownIssue | None = None
    attempts: int = 1
    failed: CheckRecord | None = None
    reason: Reason | None = None
    blocked_by: str | None = None
    breaks: str | None = None
    broke_at: str | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def message(self) -> str | None:
        """
        Whole message, with the statement that is violated.
        """
        return _composed(self, with_claim=True)

    @property
    def beside_statement(self) -> str | None:
        """
        Message for where the statement stands beside it; None if the message will do.
        """
        text = _composed(self, with_claim=False)
        return None if text == self.message else text

    @property
    def links(self) -> tuple[str, ...]:
        """
        Tickets of the known issue that the verdict is.
        """
        return self.issue.links if self.issue and self.verdict is Verdict.KNOWN else ()

    @property
    def broken_link(self) -> str | None:
        """
        Link that the check found broken; None if it found none, or if another check did.
        """
        return None if self.blocked_by else self.broke_at or self.breaks


class Withheld(Exception):
    """
    Raised in place of a check's set-up if the verdict is already clear.
    """

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.message)
        self.decision = decision


def withheld(
    clause: Clause,
    profile: Profile,
    broken: Mapping[str, str],
    *,
    time_left: float,
    left_out: Mapping[str, LeftOut] = MappingProxyType({}),
) -> Decision | None:
    """
    Return the decision on a check that is not run, or None.

    A check is not run if it is not permitted, not configured, blocked, or out of time.

    `broken` maps each broken link to the check that broke it; `time_left` in seconds; `left_out`
    has the keys of the profile whose variables are not set.
    """
    if not profile.may(clause.effect):
        code, remedy = (
            (MAY_BE_PERMITTED, f"run with --allow {clause.effect}")
            if clause.effect in profile.may_raise
            else (NOT_PERMITTED, f"add {clause.effect} to allow in the profile")
        )
        decision = Decision(
            Verdict.SKIPPED,
            f"the profile does not permit the effect {clause.effect}: {remedy}",
            reason="not-permitted",
        )
        return _with_reason(decision, clause, code, effect=clause.effect.value)
    if (change := needs_missing(clause, profile, left_out)) is not None:
        return _not_configured(change, clause)
    for link in clause.crosses:
        if (root := broken.get(link)) is not None:
            decision = Decision(
                Verdict.BLOCKED,
                f"needs the link {link}, which is broken: see {root}",
                blocked_by=root,
                breaks=clause.link,
            )
            return _with_reason(decision, clause, NEEDS_A_LINK, link=link.value, root=root)
    if time_left <= 0:
        requests, run = profile.limits.requests_per_minute, f"{profile.limits.run:g}s"
        decision = Decision(
            Verdict.BLOCKED,
            "the run's own limits left no time for this check, which says nothing about the "
            f"deployment: raise limits.requests_per_minute ({requests}) or limits.run ({run}) in "
            "the profile, or --budget",
        )
        return _with_reason(decision, clause, NO_TIME_LEFT, requests=requests, run=run)
    return None


def _not_configured(change: str, clause: Clause) -> Decision:
    decision = Decision(
        Verdict.SKIPPED,
        f"the profile lacks what this check needs: add {change}",
        reason="not-configured",
    )
    return _with_reason(decision, clause, NOT_CONFIGURED, line=change)


def _with_reason(decision: Decision, clause: Clause, code: Code, **data: Json) -> Decision:
    """
    Return the decision on a check that saw nothing, with the reason as data.
    """
    found = Finding(code, decision.seen, says=Says.UNSEEN, data=data)
    return replace(decision, findings=(found.at(clause.link, clause.level),))


def judged(
    error: BaseException | None, clause: Clause, profile: Profile, *, today: date
) -> Decision:
    """
    Return the decision on a check that ended with `error`, or without one.
    """
    issue = next((known for known in profile.known_issues if known.clause == clause.id), None)
    if (limit := own_limit(error)) is not None:
        # Whatever the check concluded from it: neither the target nor the network is the reason.
        decision = Decision(Verdict.BLOCKED, str(_out_of(limit)))
        return _with_reason(decision, clause, THIS_MACHINE, error=in_system_words(limit))
    raised = deciding(error)
    match decisive := blocked_by_library(raised) or raised:
        case None:
            decision = Decision(Verdict.PASS)
        case Withheld() as withholding:
            return withholding.decision
        case AssertionError() as violation:
            level = getattr(violation, "level", None) or clause.level
            verdict = Verdict.FAIL if level == "MUST" else Verdict.WARN
            decision = Decision(verdict, _seen_by(violation), clause.statement)
        case Blocked() as blocked:
            at = blocked.link or _link_of_phase(blocked, clause)
            decision = Decision(Verdict.BLOCKED, str(blocked), broke_at=at)
        case NotApplicable() as other:
            decision = Decision(Verdict.SKIPPED, str(other), reason="not-applicable")
        case NotConfigured() as change:
            decision = _not_configured(str(change), clause)
        case other:
            decision = Decision(Verdict.ERROR, f"{type(other).__name__}: {other}".strip(": "))
    if decision.verdict in UNSUCCESSFUL:
        decision = replace(decision, breaks=getattr(raised, "link", None) or clause.link)
    if isinstance(decisive, Blocked | Violation | NotApplicable):
        link = decision.broke_at or getattr(decisive, "link", None) or clause.link
        findings = (found.at(link, clause.level) for found in decisive.findings)
        decision = replace(decision, findings=tuple(findings))
    return _in_view_of(issue, decision, clause, today) if issue else decision


def _out_of(limit: OSError) -> Blocked:
    return Blocked(
        f"this machine is the obstacle: {in_system_words(limit)}",
        remedy="Allow more open files (ulimit -n 1024) and more memory",
    )


def during_an_outage(outage: Outage, root: CheckRecord | None) -> Decision:
    """
    Return the decision on a check that is not run because a service that it needs has stopped.

    It breaks no link: the service may come back.
    """
    also = f": see {root.id}" if root is not None else ""
    return Decision(
        Verdict.BLOCKED, f"{outage}{also}", blocked_by=root.id if root is not None else None
    )


def repeated(root: str, clause: Clause) -> Decision:
    """
    Return the decision on a check whose set-up failed with the same error as that of `root`.
    """
    decision = Decision(
        Verdict.BLOCKED,
        f"its set-up has already failed: see {root}",
        blocked_by=root,
        breaks=clause.link,
    )
    return _with_reason(decision, clause, SET_UP_FAILED, root=root)


def after_attempts(decision: Decision, former: Sequence[CheckRecord]) -> Decision:
    """
    Return the decision on a check that was run again after `former` attempts.

    The last attempt counts. If it passes, the earlier failure still stands: the verdict is WARN.
    """
    failed = [attempt for attempt in former if attempt.verdict in UNSUCCESSFUL]
    if not failed:
        return decision
    verdict = Verdict.WARN if decision.verdict is Verdict.PASS else decision.verdict
    return replace(decision, verdict=verdict, attempts=len(former) + 1, failed=failed[0])


def clean_up_record(record: CheckRecord, error: BaseException) -> CheckRecord:
    """
    Return the record of a failed clean-up: the check keeps its verdict, the run is incomplete.

    A target that no longer does what it is asked, or a machine without files or memory, blocks the
    clean-up; any other error is ours.
    """
    raised, limit = deciding(error), own_limit(error)
    cause = (blocked_by_library(raised) or raised) if limit is None else _out_of(limit)
    is_blocked = isinstance(cause, Blocked | Violation)
    why = str(cause) if is_blocked else f"{type(cause).__name__}: {cause}"
    return replace(
        record,
        id=f"{record.id}#clean-up",
        statement=f"clean-up after {record.id}",
        verdict=Verdict.BLOCKED if is_blocked else Verdict.ERROR,
        reason=None,
        blocked_by=None,
        message=f"clean-up failed, something may be left over (livekit-conformance sweep): {why}",
        evidence=(),
    )


def _seen_by(violation: AssertionError) -> str:
    """
    Return what the check saw: its own words, or pytest's explanation of the values if it has none.
    """
    text = str(violation).strip()
    return text if isinstance(violation, Violation) else _of_assert(text)


def _of_assert(text: str) -> str:
    """
    Return the message of an assert, or the first line of pytest's explanation if it has none.

    pytest offers both only as one text, and indents every line of a message but the first.
    """
    message, _, explanation = f"\n{text}".partition("\nassert ")
    if message or not explanation:
        return message.strip()
    return f"seen: {explanation.splitlines()[0]}"


def _composed(decision: Decision, *, with_claim: bool) -> str | None:
    """
    Return the text on a decision, and on the attempt that failed before; None for a PASS.
    """
    claim = decision.claim if with_claim else ""
    known, expired = _of_issue(decision)
    text = "; ".join(filter(None, (known, claim, decision.seen))) + expired
    if (failed := decision.failed) is None:
        return text.strip() or None
    before = (failed.message if with_claim else None) or failed.beside_statement
    attempts = f"attempt {decision.attempts}; attempt 1: {failed.verdict} {before}"
    is_passed = not decision.claim and not decision.seen
    return f"passed only at {attempts}" if is_passed else f"{text} ({attempts})".strip()


def _of_issue(decision: Decision) -> tuple[str, str]:
    """
    Return what stands before and after the text on a violation that known_issues lists.
    """
    if (issue := decision.issue) is None:
        return "", ""
    if decision.verdict is Verdict.KNOWN:
        return f"known until {issue.expires} ({issue.owner}): {issue.reason}", ""
    return "", f" (known issue of {issue.owner} expired on {issue.expires})"


def _link_of_phase(blocked: Blocked, clause: Clause) -> str | None:
    """
    Return the link at which a connection to livekit-server broke, or None.
    """
    if not isinstance(blocked, Unreachable):
        return None
    if clause.link is Link.API_KEY and blocked.phase == "answer":
        # A refused key is answered at once, so the method itself hangs.
        return Link.ROOMS
    if clause.link is not Link.SERVER:
        return None
    return {"resolve": Link.DNS, "connect": Link.TCP, "tls": Link.TLS}.get(blocked.phase)


def deciding(error: BaseException | None) -> BaseException | None:
    """
    Return the error of a group, as task groups raise it, that decides; else the error itself.

    That is a defect of ours, else a violation, else whatever came first.
    """
    if not isinstance(error, BaseExceptionGroup):
        return error
    return min(filter(None, map(deciding, error.exceptions)), key=_rank)


def _rank(error: BaseException) -> int:
    if isinstance(error, AssertionError):
        return 1
    is_known = isinstance(error, Blocked | NotApplicable | NotConfigured | Withheld)
    return 2 if is_known or blocked_by_library(error) is not None else 0


def _in_view_of(issue: KnownIssue, decision: Decision, clause: Clause, today: date) -> Decision:
    match decision.verdict:
        case Verdict.FAIL | Verdict.WARN if today <= issue.expires:
            known = replace(decision, verdict=Verdict.KNOWN, issue=issue, breaks=None)
            return replace(known, findings=_with_issue(known, clause))
        case Verdict.FAIL | Verdict.WARN:
            expired = replace(decision, issue=issue)
            return replace(expired, findings=_with_issue(expired, clause))
        case Verdict.PASS:
            seen = "listed in known_issues but no longer violated: remove the entry"
            found = Finding(KNOWN_NO_LONGER, seen, says=Says.SUSPICIOUS)
            return Decision(Verdict.FAIL, seen, findings=(found.at(clause.link, clause.level),))
        case _:
            return decision


def _with_issue(decision: Decision, clause: Clause) -> tuple[Finding, ...]:
    """
    Return the findings with the known issue where the message has it; none if there are none.
    """
    issue = decision.issue
    if issue is None or not decision.findings:
        return decision.findings
    data: dict[str, Json] = {
        "expires": issue.expires.isoformat(),
        "owner": issue.owner,
        "reason": issue.reason,
    }
    known, expired = _of_issue(decision)
    code, seen = (KNOWN_UNTIL, known) if known else (KNOWN_EXPIRED, expired.strip())
    found = Finding(code, seen, clause.link, Says.SUSPICIOUS, clause.level, data)
    return (found, *decision.findings) if known else (*decision.findings, found)


class Broken(dict[str, str]):
    """
    Broken links of the chain, each with the check that broke it.
    """

    def forget(self, check_id: str) -> None:
        """
        Remove the links broken by a check that is run again.
        """
        for link in [link for link, root in self.items() if root == check_id]:
            del self[link]

    def add(self, record: CheckRecord, decision: Decision) -> Self:
        """
        Add the link that a decision breaks; the first check that broke a link is kept.
        """
        if decision.breaks is not None:
            self.setdefault(decision.breaks, record.blocked_by or record.id)
        return self
