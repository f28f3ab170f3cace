"""
Reachability of the webhook endpoint, as livekit-server needs it.
"""

import pytest

from livekit_conformance.drivers.reachability import HostAndPort, Transport
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import not_applicable, require, violated
from livekit_conformance.judges.preconditions import NO_CERTIFICATE
from livekit_conformance.judges.server import judge_tls
from livekit_conformance.judges.webhooks import NO_ADDRESS


@pytest.mark.clause("1.3-endpoint-resolves")
async def test_the_host_of_the_endpoint_resolves(profile: Profile, transport: Transport) -> None:
    """
    The name has an address.
    """
    endpoint = HostAndPort.of(profile.webhook.url)

    resolution = await transport.resolve(endpoint)

    if resolution.problem is not None:
        seen = (
            f"{endpoint.host}: {resolution.problem}: correct webhook.url (DOMAIN) or the DNS record"
        )
        raise violated(NO_ADDRESS, seen, host=endpoint.host)


@pytest.mark.clause("1.3-endpoint-accepts-connections")
async def test_the_endpoint_accepts_connections(
    profile: Profile, transport: Transport, receiver: WebhookReceiver | None
) -> None:
    """
    A TCP connection to host and port opens. A refusal is BLOCKED: the network may cause it too.
    """
    del receiver  # ours must be up before it gets connections

    await transport.connect(HostAndPort.of(profile.webhook.url))


@pytest.mark.clause("1.3-endpoint-tls-is-trusted")
async def test_the_certificate_of_the_endpoint_is_trusted(
    profile: Profile, transport: Transport, receiver: WebhookReceiver | None
) -> None:
    """
    Chain, host name and dates are right, over TLS 1.2 or later: livekit-server verifies them too.
    """
    del receiver
    endpoint = HostAndPort.of(profile.webhook.url)
    if not endpoint.is_secure:
        reason = "webhook.url is not https, so there is no certificate"
        raise not_applicable(NO_CERTIFICATE, reason, key="webhook.url")

    handshake = await transport.shake_hands(endpoint)

    require(judge_tls(str(endpoint), handshake.problem, handshake.failure))
