"""
Expected report of a run over a bad network, and the deviations from it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.drivers.agent import stand_in
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.calls.inbound_probe import ANSWER_BUDGET_S
from livekit_conformance.drivers.sip import caller
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.drivers.sip.outgoing_call import CANCEL_WITHIN_S
from livekit_conformance.environments.policies import DEFAULT_POLICIES
from livekit_conformance.environments.profile import Webhook
from suites.authentication import test_joining
from suites.retry import test_webhook_retries
from suites.sip import test_call
from suites.webhooks import test_delivery
from tests.faults.play import Played
from tests.scenarios.harness import Run

NOT_REACHED = "NOT-REACHED"
WRONG_BLAME = "wrong blame"
# The worst first; other verdicts of a check do not count as trouble for its area.
_TROUBLE = ("ERROR", "FAIL", "BLOCKED")
_TOLERANCE_S = 1.0
_REQUEST_S: float = inspect.signature(LiveKitClient).parameters["timeout"].default
_ENDPOINT_S: float = Webhook.model_fields["timeout"].default
# The longest wait of a check that waits for more than one request, from its constants.
_LONGEST_S: Mapping[str, float] = MappingProxyType(
    {
        "1.1-participant-joins": stand_in._READY_WITHIN_S
        + stand_in._ANSWER_WITHIN_S
        + test_joining._LISTED_WITHIN_S,
        "1.3-server-delivers-room-events": 3 * test_delivery._DELIVERED_WITHIN_S,
        "1.3-delivery-log-shows-success": _ENDPOINT_S + test_delivery._DELIVERED_WITHIN_S,
        "1.3-delivery-is-retried": test_webhook_retries._ENDS_WITHIN_S,
        "1.3-refusal-is-not-retried": test_webhook_retries._ENDS_WITHIN_S,
        # Over UDP, and then over TCP: to connect, and to be answered.
        "1.5-sip-answers-options": test_call._OPTIONS_WITHIN_S
        + caller._CONNECT_WITHIN_S
        + inspect.signature(SipAgent.answer_over_tcp).parameters["within"].default,
        "1.5-invite-is-not-rejected": ANSWER_BUDGET_S + CANCEL_WITHIN_S,
        "1.1-trunk-challenges": ANSWER_BUDGET_S + CANCEL_WITHIN_S,
        "1.5-outbound-call-is-answered": DEFAULT_POLICIES.sip.timeout,
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """
    Expected report of a fault: the first broken `link`, and the `cause` ranked first.

    `also` and `follows` are causes and broken links that follow from it. `words` is a pattern for
    the message of a check that found the link broken: the class of the error.

    Without a link the suites survive the fault, and nothing is blamed.
    """

    link: Link | None = None
    cause: str = ""
    words: str = ""
    also: frozenset[str] = frozenset()
    follows: frozenset[Link] = frozenset()


SURVIVED = Said()


def what_is_wrong(area: str, verdict: str, said: Said, played: Played) -> Iterator[str]:
    """
    Yield each deviation of a cell: the verdict of its area, the causes and links in the report, the
    durations, and a fault that never acted.
    """
    if not played.acted:
        yield f"{NOT_REACHED}: the fault has never acted"
    run = played.run
    if run.results["run"]["interrupted"]:
        yield f"the run did not finish: {run.results['run']['interrupted']}"
    checks = [check for check in run.checks if check["area"] == area]
    if (seen := worst(checks)) != verdict:
        yield f"the verdict of {area} is {seen}, not {verdict}"
    if errors := [check["id"] for check in run.checks if check["verdict"] == "ERROR"]:
        yield f"ERROR is a defect of the suite: {errors}"
    yield from wrong_blame(said, run)
    yield from _not_named(said, run)
    yield from (
        f"{check['id']} took {check['duration_s']:.1f} s" for check in checks if is_late(check)
    )


def worst(checks: Iterable[dict[str, Any]]) -> str:
    """
    Return the worst verdict of these checks; PASS when there is no trouble.
    """
    seen = {check["verdict"] for check in checks}
    if not seen - {"SKIPPED"}:
        return "SKIPPED"
    return next((trouble for trouble in _TROUBLE if trouble in seen), "PASS")


def wrong_blame(said: Said, run: Run) -> Iterator[str]:
    """
    Yield each named cause and link that has nothing to do with the fault.
    """
    general = {cause.id for cause in CAUSES if cause.is_general}
    for cause in sorted(set(run.diagnoses) - {said.cause} - said.also - general):
        yield f"{WRONG_BLAME}: the cause {cause}"
    for link in sorted(set(run.results["chain"]["broken"]) - {said.link} - said.follows):
        yield f"{WRONG_BLAME}: the link {link}"


def is_late(check: dict[str, Any]) -> bool:
    """
    Return whether a check took more than one second longer than the longest wait it may have.
    """
    late: bool = check["duration_s"] > _LONGEST_S.get(check["id"], _REQUEST_S) + _TOLERANCE_S
    return late


def _not_named(said: Said, run: Run) -> Iterator[str]:
    if (first := run.results["chain"]["first_broken"]) != said.link:
        yield f"the first broken link is {first}, not {said.link}"
    if said.link is None:
        return
    if run.diagnoses[:1] != [said.cause]:
        yield f"the first cause is {run.diagnoses[:1]}, not {said.cause}"
    told = [check["message"] for check in run.checks if check["broken_link"] == said.link]
    if not any(re.search(said.words, message or "") for message in told):
        yield f"no check of the link {said.link} says {said.words!r}: {told}"
