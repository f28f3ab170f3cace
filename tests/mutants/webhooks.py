"""
Webhooks.
"""

from __future__ import annotations

from tests.mutants.mutant import changed, fault, misfit

MUTANTS = (
    fault("webhooks_dropped", "1.3-server-delivers-room-events"),
    fault("webhooks_signed_wrongly", "1.3-server-delivers-room-events"),
    misfit(
        "endpoint_elsewhere",
        lambda profile: changed("webhook", url=f"{profile.livekit.url}/webhooks/livekit")(profile),
        "1.3-endpoint-accepts-signed-event",
    ),
    misfit(
        "webhook_path_differs",
        lambda profile: changed("webhook", url=f"{profile.webhook.url}/elsewhere")(profile),
        "1.3-server-delivers-room-events",
    ),
)
