"""
Webhook endpoint, and the deliveries of livekit-server to it.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import ENDPOINT, LISTED_ROOM, Clause, Need
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
    Clause(
        id="1.3-endpoint-resolves",
        level="MUST",
        area="webhooks",
        effect=Effect.READ,
        link=Link.ENDPOINT_DNS,
        statement="the host of webhook.url MUST resolve",
        needs=(Need.ENDPOINT,),
        in_chain=True,
    ),
    Clause(
        id="1.3-endpoint-accepts-connections",
        level="MUST",
        area="webhooks",
        effect=Effect.READ,
        link=Link.ENDPOINT_SOCKET,
        statement="the host and port of webhook.url MUST accept connections",
        crosses=(Link.ENDPOINT_DNS,),
        needs=(Need.ENDPOINT,),
        in_chain=True,
    ),
    Clause(
        id="1.3-endpoint-tls-is-trusted",
        level="MUST",
        area="webhooks",
        effect=Effect.READ,
        link=Link.ENDPOINT_TLS,
        statement=(
            "the certificate of webhook.url MUST be valid for its host, with a trusted chain, over "
            "TLS 1.2 or later"
        ),
        crosses=(Link.ENDPOINT_DNS, Link.ENDPOINT_SOCKET),
        needs=(Need.ENDPOINT,),
        in_chain=True,
    ),
    Clause(
        id="1.3-endpoint-accepts-signed-event",
        level="MUST",
        area="webhooks",
        effect=Effect.SEND_WEBHOOKS,
        link=Link.ENDPOINT,
        statement=(
            "the webhook endpoint MUST answer a correctly signed event with 2xx within its time-out"
        ),
        crosses=ENDPOINT[:-1],
        needs=(Need.ENDPOINT,),
        in_chain=True,
    ),
    Clause(
        id="1.3-endpoint-answers-fast",
        level="SHOULD",
        area="webhooks",
        effect=Effect.SEND_WEBHOOKS,
        link=Link.ENDPOINT,
        statement=(
            "the webhook endpoint SHOULD answer within 1 s, because its answer delays the call"
        ),
        crosses=ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        id="1.3-endpoint-refuses",
        level="MUST",
        area="webhooks",
        effect=Effect.SEND_WEBHOOKS,
        link=Link.VERIFICATION,
        statement=(
            "the webhook endpoint MUST refuse with 4xx a request that livekit-server did not sign, "
            "and a body that is not JSON"
        ),
        crosses=ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        id="1.3-endpoint-ignores-replay",
        level="SHOULD",
        area="webhooks",
        effect=Effect.SEND_WEBHOOKS,
        link=Link.VERIFICATION,
        statement="the webhook endpoint SHOULD act on an event id once, or refuse its replay",
        crosses=ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        id="1.3-endpoint-tolerates",
        level="MUST",
        area="webhooks",
        effect=Effect.SEND_WEBHOOKS,
        link=Link.VERIFICATION,
        statement=(
            "the webhook endpoint MUST accept unknown events, unknown fields and an unknown order "
            "of fields"
        ),
        crosses=ENDPOINT,
        needs=(Need.ENDPOINT,),
    ),
    Clause(
        id="1.3-endpoint-path-is-exact",
        level="SHOULD",
        area="webhooks",
        effect=Effect.SEND_WEBHOOKS,
        link=Link.VERIFICATION,
        statement="a neighbouring path SHOULD answer 404, and the endpoint SHOULD NOT answer GET "
        "with 2xx",
        crosses=ENDPOINT,
        needs=(Need.ENDPOINT,),
        in_chain=True,
    ),
    Clause(
        id="1.4-application-logs-refusals",
        level="SHOULD",
        area="errors",
        effect=Effect.SEND_WEBHOOKS,
        link=Link.LOGS,
        statement="the application SHOULD log why it refused a webhook",
        crosses=ENDPOINT,
        needs=(Need.ENDPOINT, Need.APPLICATION_LOG),
    ),
    Clause(
        id="1.3-server-delivers-room-events",
        level="MUST",
        area="webhooks",
        effect=Effect.CREATE_ROOMS,
        link=Link.DELIVERY,
        statement=(
            "livekit-server MUST deliver room_started and room_finished of a room to the "
            "configured endpoint, once each, signed with the configured key over the exact bytes "
            "of the body"
        ),
        crosses=(Link.SERVER, Link.API_KEY, Link.ROOMS),
        needs=(Need.RECEIVER, Need.ENDPOINT),
        in_chain=True,
    ),
    Clause(
        id="1.3-delivery-log-shows-success",
        level="SHOULD",
        area="webhooks",
        effect=Effect.CREATE_ROOMS,
        link=Link.DELIVERY,
        statement="the log of livekit-server SHOULD show deliveries with status 2xx to this URL",
        crosses=LISTED_ROOM,
        needs=(Need.SERVER_LOG, Need.ENDPOINT),
        in_chain=True,
    ),
)
