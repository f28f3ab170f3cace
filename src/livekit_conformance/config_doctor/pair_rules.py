"""
Rules that the two files must satisfy together.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.listeners import (
    HTTP_PORT,
    collisions,
    server_listeners,
    sip_listeners,
)
from livekit_conformance.config_doctor.redis_rules import endpoints
from livekit_conformance.config_doctor.server_rules import known_keys
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.environments.addresses import is_loopback
from livekit_conformance.wording import phrase

_PLAIN_SCHEMES = {"ws": 80, "http": 80}


def check_pair(server: Settings, sip: Settings) -> Iterator[ConfigFinding]:
    """
    Yield findings about the pair: the same Redis, a known key pair, a ws_url that reaches the
    server, no overlapping ports.
    """
    yield from _same_redis(server, sip)
    yield from _known_pair(server, sip)
    yield from _leads_to_the_server(server, sip)
    yield from collisions(
        server_listeners(server),
        sip_listeners(sip),
        severity=Severity.ERROR if _on_one_machine(server, sip) else Severity.WARNING,
    )


def _same_redis(server: Settings, sip: Settings) -> Iterator[ConfigFinding]:
    ours, theirs = endpoints(sip), endpoints(server)
    if not theirs:
        yield server.error("redis", what=phrase("pair.server-without-redis"))
    elif ours and ours != theirs:
        what = phrase(
            "pair.other-redis", ours=", ".join(sorted(ours)), theirs=", ".join(sorted(theirs))
        )
        yield sip.error("redis", "address", what=what)
    elif ours:
        for key in ("username", "password", "use_tls"):
            if sip.text("redis", key) != server.text("redis", key):
                yield sip.warning("redis", key, what=phrase("pair.redis-differs"))


def _known_pair(server: Settings, sip: Settings) -> Iterator[ConfigFinding]:
    keys, key, secret = known_keys(server), sip.text("api_key"), sip.text("api_secret")
    if not keys or not key:
        return
    if key not in keys:
        yield sip.error("api_key", what=phrase("pair.unknown-key"))
    elif secret and secret != keys[key]:
        yield sip.error("api_secret", what=phrase("pair.other-secret"))


def _leads_to_the_server(server: Settings, sip: Settings) -> Iterator[ConfigFinding]:
    """
    Yield findings about a `ws_url` that does not reach livekit-server.

    livekit-server has no TLS of its own, so a wss URL reaches something in front of it and is not
    checked.
    """
    url = urlsplit(sip.text("ws_url"))
    if url.scheme not in _PLAIN_SCHEMES:
        return
    port = server.number("port", default=HTTP_PORT)
    try:
        given = url.port or _PLAIN_SCHEMES[url.scheme]
    except ValueError:
        given = 0
    if given != port:
        yield sip.finding(
            Severity.ERROR if is_loopback(url.hostname) else Severity.WARNING,
            "ws_url",
            what=phrase("pair.other-port", given=str(given), port=str(port)),
        )
    bound = server.texts("bind_addresses")
    if is_loopback(url.hostname) and bound and not any(_covers(b, url.hostname) for b in bound):
        what = phrase("pair.other-address", host=str(url.hostname), bound=", ".join(bound))
        yield sip.error("ws_url", what=what)


def _covers(bound: str, host: str | None) -> bool:
    if bound in {"", "0.0.0.0", "::", host}:  # noqa: S104 - compared with, not bound to
        return True
    return host == "localhost" and is_loopback(bound)


def _on_one_machine(server: Settings, sip: Settings) -> bool:
    """
    Return whether the files prove that both services run on the same machine.
    """
    if is_loopback(urlsplit(sip.text("ws_url")).hostname):
        return True
    shared = endpoints(sip) & endpoints(server)
    return any(is_loopback(endpoint.rpartition(":")[0]) for endpoint in shared)
