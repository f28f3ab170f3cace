"""
Mutants of webhooks: delivery by livekit-server, and verification by an endpoint.
"""

from __future__ import annotations

from livekit_conformance.protocol.token import TokenRefusal
from livekit_conformance.protocol.webhook import Unproven
from tests.mutants.endpoint import Application
from tests.mutants.mutant import Mutant, changed, fault, misfit


def endpoint(name: str, application: Application, *red: str) -> Mutant:
    return Mutant(f"endpoint_{name}", frozenset(red), beside=application.beside)


def _refuses(*forgeries: str) -> tuple[str, ...]:
    return tuple(f"1.3-endpoint-refuses[{forgery}]" for forgery in forgeries)


_DELIVERS = "1.3-server-delivers-room-events"

MUTANTS = (
    fault("webhooks_dropped", _DELIVERS, "1.3-delivery-log-shows-success"),
    fault("webhooks_signed_wrongly", _DELIVERS, "1.3-delivery-log-shows-success"),
    fault("webhooks_sent_twice", _DELIVERS),
    fault("webhooks_share_an_id", _DELIVERS),
    fault("webhooks_old_created_at", _DELIVERS),
    fault("webhooks_as_plain_json", _DELIVERS, "1.3-delivery-log-shows-success"),
    fault("webhooks_name_another_host", _DELIVERS),
    fault("webhooks_not_retried", "1.3-delivery-is-retried"),
    fault("webhooks_retried_on_refusal", "1.3-refusal-is-not-retried"),
    fault("webhook_successes_not_logged", "1.3-delivery-log-shows-success"),
    fault(
        "webhook_failures_not_logged",
        "1.4-failed-webhook-is-logged",
        "1.4-failed-webhook-tells-status",
    ),
    Mutant(
        "hides_failed_status",
        frozenset({"1.4-failed-webhook-tells-status"}),
        {"hides_failed_status": True},
    ),
    misfit(
        "endpoint_elsewhere",
        lambda profile: changed("webhook", url=f"{profile.livekit.url}/webhooks/livekit")(profile),
        "1.3-endpoint-accepts-signed-event",
        "1.3-delivery-log-shows-success",
        "1.3-server-config-names-the-endpoint",
    ),
    misfit(
        "webhook_path_differs",
        lambda profile: changed("webhook", url=f"{profile.webhook.url}/elsewhere")(profile),
        _DELIVERS,
        "1.3-delivery-log-shows-success",
        "1.3-server-config-names-the-endpoint",
    ),
    endpoint(
        "believes_unsigned",
        Application(believes=frozenset({Unproven.NO_AUTHORIZATION})),
        *_refuses("unsigned"),
    ),
    endpoint(
        "believes_any_signature",
        Application(believes=frozenset({TokenRefusal.SIGNATURE, TokenRefusal.ALGORITHM})),
        *_refuses("wrong-key", "empty-secret", "unsigned-token"),
        # Without a refusal there is nothing to log.
        "1.4-application-logs-refusals",
    ),
    endpoint(
        "believes_any_time",
        Application(believes=frozenset({TokenRefusal.EXPIRED})),
        *_refuses("expired"),
    ),
    endpoint(
        "believes_any_body",
        Application(believes=frozenset({Unproven.HASH_MISSING, Unproven.HASH_MISMATCH})),
        *_refuses("changed-body", "empty-hash", "no-hash"),
    ),
    endpoint(
        "fails_on_garbage",
        Application(fails_on_garbage=True),
        *_refuses("not-json"),
    ),
    endpoint("is_slow", Application(slow=True), "1.3-endpoint-answers-fast"),
    endpoint("is_strict", Application(strict=True), "1.3-endpoint-tolerates"),
    endpoint("acts_on_replays", Application(acts_on_replays=True), "1.3-endpoint-ignores-replay"),
    endpoint("is_open_to_all", Application(open_to_all=True), "1.3-endpoint-path-is-exact"),
    endpoint("reads_any_body", Application(unlimited=True), "1.3-endpoint-limits-body"),
    endpoint("is_silent", Application(silent=True), "1.4-application-logs-refusals"),
)
NEUTRAL = (endpoint("of_an_application", Application()),)
