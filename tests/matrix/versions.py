"""
Pinned versions of the services, and the findings that the suites must have on each pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from livekit_conformance.provisioners.local.binaries import SERVER, SIP
from livekit_conformance.verdict import Verdict

# The servers, newest first, each with all versions of livekit-sip.
PAIRS = tuple((server, sip) for server in SERVER.versions for sip in SIP.versions)


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A real defect of some versions, and the check, or the clause of checks, that must find it.
    """

    check: str
    verdict: Verdict
    why: str
    servers: tuple[str, ...] = SERVER.versions
    sips: tuple[str, ...] = SIP.versions

    def is_of(self, check_id: str) -> bool:
        """
        Return whether this check must find the defect.
        """
        return self.check in {check_id, check_id.partition("[")[0]}


FINDINGS = (
    Finding(
        "1.1-other-algorithm-is-refused",
        Verdict.FAIL,
        "a token signed with HS384 or HS512 and the right secret is accepted",
        servers=("1.9.12", "1.8.4"),
    ),
    Finding(
        "1.1-join-token-validates[no-room]",
        Verdict.WARN,
        "the validation endpoint says success to a token for no room",
        servers=("1.8.4",),
    ),
    Finding(
        "1.1-token-without-exp-is-refused",
        Verdict.WARN,
        "a signed token that never expires is accepted",
    ),
    Finding(
        "1.3-delivery-log-shows-success",
        Verdict.WARN,
        'the line "sent webhook" has no status, and is written for a refusal too',
        servers=("1.9.12", "1.8.4"),
    ),
    Finding(
        "1.4-failed-webhook-tells-status",
        Verdict.WARN,
        "the line of a failed webhook has the number of tries, but not the last status",
    ),
    Finding(
        "1.4-logs-hold-no-tokens",
        Verdict.WARN,
        "the server writes a token that it refuses into its log, whole",
    ),
)


def findings(server: str, sip: str) -> tuple[Finding, ...]:
    """
    Return the findings expected on a pair of versions.
    """
    return tuple(f for f in FINDINGS if server in f.servers and sip in f.sips)


def deviations(checks: Iterable[Mapping[str, Any]], expected: Iterable[Finding]) -> tuple[str, ...]:
    """
    Return the deviations of a result file from what is expected, one line each.

    Every other check must PASS, or concern something that loopback does not have.
    """
    checks, expected = list(checks), list(expected)
    if not checks:
        return ("the run left no checks",)
    lines = []
    for check in checks:
        finding = next((f for f in expected if f.is_of(check["id"])), None)
        due = finding.verdict if finding else Verdict.PASS
        spared = finding is None and check["reason"] == "not-applicable"
        if check["verdict"] != due and not spared:
            lines.append(f"{check['id']}: {check['verdict']}, not {due}: {check['message']}")
    unseen = [f for f in expected if not any(f.is_of(check["id"]) for check in checks)]
    return (*lines, *(f"{f.check}: not checked, not {f.verdict}" for f in unseen))
