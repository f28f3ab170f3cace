"""
Mutants of TLS in front of livekit-server and of the webhook endpoint.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from livekit_conformance.environments.profile import Profile
from tests import certificates
from tests.mutants.configuration import NO_LINE, endpoint_at, log_folder
from tests.mutants.mutant import Beside, Mutant, changed

Shown = Callable[[], ssl.SSLContext | None]

_TRUSTED = "1.1-tls-is-trusted"
_ENDPOINT_TRUSTED = "1.3-endpoint-tls-is-trusted"


def authority(profile: Profile) -> Mapping[str, str]:
    """
    Return variables that make the suites trust only the test authority.
    """
    return certificates.trust(log_folder(profile))


def before_the_server(shown: Shown) -> Beside:
    @asynccontextmanager
    async def beside(profile: Profile) -> AsyncIterator[Profile]:
        port = urlsplit(profile.livekit.url).port
        assert port is not None
        async with certificates.in_front_of(port, shown()) as front:
            yield changed("livekit", url=f"wss://localhost:{front}")(profile)

    return beside


def before_the_endpoint(shown: Shown) -> Beside:
    @asynccontextmanager
    async def beside(profile: Profile) -> AsyncIterator[Profile]:
        url = urlsplit(profile.webhook.url)
        assert url.port is not None
        async with certificates.in_front_of(url.port, shown()) as front:
            yield endpoint_at(f"https://localhost:{front}{url.path}")(profile)

    return beside


@asynccontextmanager
async def an_outdated_server(profile: Profile) -> AsyncIterator[Profile]:
    async with certificates.outdated() as port:
        yield changed("livekit", url=f"wss://localhost:{port}")(profile)


def server(name: str, shown: Shown, *red: str) -> Mutant:
    return Mutant(name, frozenset(red), beside=before_the_server(shown), environ_of=authority)


MUTANTS = (
    server("tls_expired", lambda: certificates.good(days=-1), _TRUSTED),
    server("tls_of_another_host", lambda: certificates.good("elsewhere.test"), _TRUSTED),
    server("tls_of_a_stranger", certificates.of_a_stranger, _TRUSTED),
    Mutant("tls_outdated", frozenset({_TRUSTED}), beside=an_outdated_server),
    server("tls_missing", lambda: None, _TRUSTED),
    server("tls_expires_soon", lambda: certificates.good(days=5), "1.1-tls-certificate-lasts"),
    Mutant(
        "endpoint_tls_expired",
        frozenset({_ENDPOINT_TRUSTED, *NO_LINE}),
        beside=before_the_endpoint(lambda: certificates.good(days=-1)),
        environ_of=authority,
    ),
)
NEUTRAL = (server("tls_healthy", certificates.good),)
