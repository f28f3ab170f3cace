"""
Encryption of the connection to livekit-server, and the identity of its end.
"""

import time

import pytest

from livekit_conformance.drivers.reachability import HostAndPort, Transport
from livekit_conformance.environments.addresses import is_loopback
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import not_applicable, require
from livekit_conformance.judges.preconditions import NO_CERTIFICATE, SAME_MACHINE
from livekit_conformance.judges.secrecy import days_left, judge_expiry
from livekit_conformance.judges.server import judge_encryption, judge_tls


@pytest.mark.clause("1.1-transport-is-encrypted")
async def test_the_transport_is_encrypted(profile: Profile) -> None:
    """
    Tokens and audio do not cross a network unencrypted.
    """
    endpoint = HostAndPort.of(profile.livekit.url)
    if is_loopback(endpoint.host):
        reason = "livekit.url points to this machine, so nothing crosses a network"
        raise not_applicable(SAME_MACHINE, reason)

    require(judge_encryption(endpoint.host, is_secure=endpoint.is_secure))


@pytest.mark.clause("1.1-tls-is-trusted")
async def test_the_certificate_is_trusted(profile: Profile, transport: Transport) -> None:
    """
    Chain, host name and dates are right, over TLS 1.2 or later.
    """
    endpoint = secure(profile)

    handshake = await transport.shake_hands(endpoint)

    require(judge_tls(str(endpoint), handshake.problem, handshake.failure))


@pytest.mark.clause("1.1-tls-certificate-lasts")
async def test_the_certificate_lasts(profile: Profile, transport: Transport) -> None:
    """
    The certificate does not expire soon: there is time left to renew it.
    """
    endpoint = secure(profile)

    handshake = await transport.shake_hands(endpoint)

    require(judge_expiry(str(endpoint), days_left(handshake.not_after, now=time.time())))


def secure(profile: Profile) -> HostAndPort:
    """
    Return the endpoint of livekit.url; raise NotApplicable where it has no certificate.
    """
    endpoint = HostAndPort.of(profile.livekit.url)
    if not endpoint.is_secure:
        reason = "livekit.url is neither wss nor https, so there is no certificate"
        raise not_applicable(NO_CERTIFICATE, reason, key="livekit.url")
    return endpoint
