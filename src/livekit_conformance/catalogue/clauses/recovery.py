"""
Failures that the suite itself causes, and recovery from them.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import (
    ANSWERED,
    ENDPOINT,
    JOINED,
    LISTED_ROOM,
    Clause,
    Need,
)
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
    Clause(
        id="1.3-delivery-is-retried",
        level="MUST",
        area="retry",
        effect=Effect.DISRUPT,
        link=Link.DELIVERY,
        statement="livekit-server MUST redeliver an event that the endpoint answered with 500",
        crosses=(*LISTED_ROOM, Link.DELIVERY),
        needs=(Need.RECEIVER, Need.ENDPOINT),
    ),
    Clause(
        id="1.3-refusal-is-not-retried",
        level="SHOULD",
        area="retry",
        effect=Effect.DISRUPT,
        link=Link.DELIVERY,
        statement=(
            "livekit-server SHOULD NOT redeliver an event that the endpoint answered with 4xx: it "
            "counts as delivered, so an endpoint that refuses by mistake loses the event"
        ),
        crosses=(*LISTED_ROOM, Link.DELIVERY),
        needs=(Need.RECEIVER, Need.ENDPOINT),
    ),
    Clause(
        id="1.4-failed-webhook-is-logged",
        level="MUST",
        area="errors",
        effect=Effect.DISRUPT,
        link=Link.LOGS,
        statement=(
            "livekit-server MUST log a failed webhook with its event, its endpoint and the number "
            "of attempts"
        ),
        crosses=(*LISTED_ROOM, Link.DELIVERY),
        needs=(Need.RECEIVER, Need.ENDPOINT, Need.SERVER_LOG),
    ),
    Clause(
        id="1.4-failed-webhook-tells-status",
        level="SHOULD",
        area="errors",
        effect=Effect.DISRUPT,
        link=Link.LOGS,
        statement="the log line of a failed webhook SHOULD hold the last status of the endpoint",
        crosses=(*LISTED_ROOM, Link.DELIVERY),
        needs=(Need.RECEIVER, Need.ENDPOINT, Need.SERVER_LOG),
    ),
    Clause(
        id="1.3-endpoint-limits-body",
        level="SHOULD",
        area="webhooks",
        effect=Effect.DISRUPT,
        link=Link.VERIFICATION,
        statement="the webhook endpoint SHOULD refuse a body of 10 MiB, and accept the next event",
        crosses=ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        id="1.5-client-retries-as-configured",
        level="MUST",
        area="retry",
        effect=Effect.DISRUPT,
        link=Link.CLIENT,
        statement=(
            "the client MUST retry as config/retry_policies.yaml says, and only after transient "
            "failures"
        ),
    ),
    Clause(
        id="1.5-client-does-nothing-twice",
        level="MUST",
        area="retry",
        effect=Effect.DISRUPT,
        link=Link.CLIENT,
        statement=(
            "the client MUST NOT repeat a request that may have arrived and would take effect "
            "twice, such as a call"
        ),
    ),
    Clause(
        id="1.5-client-keeps-its-budget",
        level="MUST",
        area="retry",
        effect=Effect.DISRUPT,
        link=Link.CLIENT,
        statement=(
            "the client MUST NOT send more repeated requests than the budgets of "
            "config/retry_policies.yaml allow"
        ),
    ),
    Clause(
        id="1.5-client-breaker-as-configured",
        level="MUST",
        area="retry",
        effect=Effect.DISRUPT,
        link=Link.CLIENT,
        statement=(
            "the client's circuit breaker MUST open, probe once and close as "
            "config/error_handling.yaml says"
        ),
    ),
    Clause(
        id="1.4-failed-join-is-logged",
        level="MUST",
        area="errors",
        effect=Effect.DISRUPT,
        link=Link.LOGS,
        statement=(
            "a failed join of livekit-sip MUST be logged on both sides so that the lines can be "
            "matched to the call"
        ),
        crosses=(*LISTED_ROOM, *JOINED),
        needs=(Need.STACK, Need.SIP, Need.DIRECT_SIP, Need.SERVER_LOG, Need.SIP_LOG),
    ),
    Clause(
        id="1.5-recovers-from",
        level="MUST",
        area="retry",
        effect=Effect.DISRUPT,
        link=Link.RECOVERY,
        statement="calls MUST succeed again within 30 s after a failure ends",
        # After a failed recovery the next failure proves nothing.
        crosses=(*ANSWERED, Link.RECOVERY),
        needs=(Need.STACK, Need.SIP, Need.AGENT),
    ),
)
