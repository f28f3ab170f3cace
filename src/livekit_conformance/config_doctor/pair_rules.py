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

_NO_SERVER = 'calls are refused: "auth check failed", "no response from servers"'
_NO_JOIN = "livekit-sip cannot join rooms: calls are rejected with 486"
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
        yield server.finding(
            Severity.ERROR,
            "redis",
            problem="names no address",
            consequence=f"the server is not on the bus: {_NO_SERVER}",
            remedy="Write the same `redis` as in livekit-sip.yaml",
        )
    elif ours and ours != theirs:
        yield sip.finding(
            Severity.ERROR,
            "redis",
            "address",
            problem=f"is another Redis ({', '.join(sorted(ours))}) than that of livekit.yaml "
            f"({', '.join(sorted(theirs))})",
            consequence=_NO_SERVER,
            remedy="Write the same Redis address into both files, spelt the same way",
        )
    elif ours:
        for key in ("username", "password", "use_tls"):
            if sip.text("redis", key) != server.text("redis", key):
                yield sip.finding(
                    Severity.WARNING,
                    "redis",
                    key,
                    problem="differs from livekit.yaml",
                    consequence="unless Redis accepts both values, one of the services cannot "
                    "connect",
                    remedy="Write the same value into both files",
                )


def _known_pair(server: Settings, sip: Settings) -> Iterator[ConfigFinding]:
    keys, key, secret = known_keys(server), sip.text("api_key"), sip.text("api_secret")
    if not keys or not key:
        return
    if key not in keys:
        yield sip.finding(
            Severity.ERROR,
            "api_key",
            problem="is not one of the keys in livekit.yaml",
            consequence=_NO_JOIN,
            remedy="Write one of the keys below `keys` in livekit.yaml",
        )
    elif secret and secret != keys[key]:
        yield sip.finding(
            Severity.ERROR,
            "api_secret",
            problem="is not the secret of this key in livekit.yaml",
            consequence=_NO_JOIN,
            remedy="Write the secret of this key from livekit.yaml",
        )


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
            problem=f"has port {given}, but livekit-server listens on {port}",
            consequence=f"unless something forwards it, {_NO_JOIN}",
            remedy=f"Write port {port}",
        )
    bound = server.texts("bind_addresses")
    if is_loopback(url.hostname) and bound and not any(_covers(b, url.hostname) for b in bound):
        yield sip.finding(
            Severity.ERROR,
            "ws_url",
            problem=f"leads to {url.hostname}, but livekit-server listens on {', '.join(bound)}",
            consequence=_NO_JOIN,
            remedy="Write one of bind_addresses, or add the address there",
        )


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
