"""
What keeps webhooks from reaching the application.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, Sign
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_NO_ENDPOINT_HOST = Sign("check", {"id": "1.3-endpoint-resolves", "verdict": "FAIL"})
_NOT_DELIVERED = Sign("check", {"id": "1.3-server-delivers-room-events", "verdict": "FAIL"})

CAUSES: tuple[Cause, ...] = (
    Cause(
        "webhook-host-does-not-resolve",
        Link.ENDPOINT_DNS,
        Text(en="The host of the webhook endpoint has no address", ru=""),
        Text(
            en=(
                "The resolver of this machine knows no such name, so nothing can be delivered "
                "there."
            ),
            ru="",
        ),
        Text(
            en="Correct `webhook.url` of the profile (the variable DOMAIN) or the DNS record.",
            ru="",
        ),
        shows=(_NO_ENDPOINT_HOST,),
        source="drivers/transport.py",
    ),
    Cause(
        "webhook-endpoint-unreachable",
        Link.ENDPOINT_SOCKET,
        Text(en="The webhook endpoint does not accept connections", ru=""),
        Text(en="Nothing accepted a connection at the host and port of webhook.url.", ru=""),
        Text(
            en=(
                "Check that the application runs and listens on this port (the variable PORT), "
                "and that no firewall is between."
            ),
            ru="",
        ),
        shows=(Sign("check", {"id": "1.3-endpoint-accepts-connections", "verdict": "BLOCKED"}),),
        excludes=(_NO_ENDPOINT_HOST,),
        source="drivers/transport.py",
    ),
    Cause(
        "webhook-certificate-not-trusted",
        Link.ENDPOINT_TLS,
        Text(en="The certificate of the webhook endpoint is not trusted", ru=""),
        Text(
            en=(
                "TLS with the endpoint failed, and livekit-server verifies certificates too: it "
                "delivers nothing there."
            ),
            ru="",
        ),
        Text(
            en=(
                "Renew the certificate of the application, with its whole chain and for this "
                "host name."
            ),
            ru="",
        ),
        shows=(Sign("check", {"id": "1.3-endpoint-tls-is-trusted", "verdict": "FAIL"}),),
        source="livekit/protocol webhook/resource_url_notifier.go",
    ),
    Cause(
        "webhooks-are-not-delivered",
        Link.DELIVERY,
        Text(en="livekit-server does not deliver its webhooks to the endpoint", ru=""),
        Text(
            en=(
                "A room was created and deleted, and its events did not arrive, signed with the "
                "profile's key, at the endpoint that the suite listens on."
            ),
            ru="",
        ),
        Text(
            en=(
                "Let `webhook.urls` in livekit.yaml hold the URL in `webhook.url` of the "
                "profile, as it is reached from livekit-server's machine, and `webhook.api_key` "
                'be one of `keys`; then restart livekit-server. Its log says "sent webhook" or '
                '"failed to send webhook".'
            ),
            ru="",
        ),
        shows=(_NOT_DELIVERED,),
        proofs=(_NOT_DELIVERED,),
        source="livekit/protocol webhook/resource_url_notifier.go",
    ),
)
