"""
Rules for values in livekit.yaml that are well-formed but wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from livekit_conformance.config_doctor.call_rules import check_calls
from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.listeners import collisions, server_listeners
from livekit_conformance.config_doctor.log_rules import check_level
from livekit_conformance.config_doctor.port_rules import check_ports
from livekit_conformance.config_doctor.redis_rules import check_redis
from livekit_conformance.config_doctor.secret_rules import check_secrets
from livekit_conformance.config_doctor.services import SERVER
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.config_doctor.values import port_range
from livekit_conformance.environments.addresses import is_address, is_network
from livekit_conformance.wording import phrase

# The key pair that livekit-server uses in development mode if it has no keys.
_DEVELOPMENT_KEYS = {"devkey": "secret"}
_SELECTORS = ("any", "cpuload", "sysload", "regionaware", "random")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+\.?", re.IGNORECASE)


def check_server_rules(server: Settings) -> Iterator[ConfigFinding]:
    """
    Apply the rules for livekit.yaml alone.
    """
    yield from check_redis(server, SERVER)
    yield from _keys(server)
    yield from _webhooks(server)
    yield from _addresses(server)
    yield from _media(server)
    yield from _turn(server)
    yield from _selector(server)
    yield from check_calls(server)
    yield from check_level(server, SERVER, "logging", "level")
    yield from check_level(server, SERVER, "log_level")
    yield from check_secrets(server)
    yield from check_ports(server, SERVER)
    yield from collisions(server_listeners(server), severity=Severity.ERROR)


def known_keys(server: Settings) -> dict[str, str] | None:
    """
    Return the key pairs that livekit-server accepts; None if they are in a separate file.
    """
    if server.text("key_file"):
        return None
    pairs = server.pairs("keys")
    return _DEVELOPMENT_KEYS if not pairs and server.says_yes("development") else pairs


def check_endpoint(server: Settings, url: str) -> Iterator[ConfigFinding]:
    """
    Yield findings unless all webhooks are delivered to `url`.
    """
    urls = server.texts("webhook", "urls")
    if url not in urls:
        shown = {"urls": ", ".join(map(_shown, urls))} if urls else {}
        code = "webhook.other-urls" if urls else "webhook.no-urls"
        yield server.error("webhook", "urls", what=phrase(code, url=_shown(url), **shown))
    if server.node("webhook", "filter_params") is not None:
        # A warning only: which events the application needs is its own decision.
        what = phrase("webhook.leaves-out-events")
        yield server.warning("webhook", "filter_params", what=what)


def _shown(url: str) -> str:
    """
    Return a URL without the parts that may be secret.
    """
    scheme, colon, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    public = f"{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
    return f"{scheme}{colon}{public}" if colon else scheme.partition("?")[0]


def _keys(server: Settings) -> Iterator[ConfigFinding]:
    if known_keys(server) == {}:
        yield server.warning("keys", what=phrase("keys.missing"))


def _webhooks(server: Settings) -> Iterator[ConfigFinding]:
    urls, keys = server.texts("webhook", "urls"), known_keys(server)
    key = server.text("webhook", "api_key")
    if keys and urls and not keys.get(key):
        bad = "bad-key.no-secret" if key in keys else "bad-key.unknown"
        problem = phrase(bad if key else "bad-key.missing")
        yield server.error("webhook", "api_key", what=phrase("webhook.bad-key", problem=problem))
    for url in urls:
        if urlsplit(url).scheme.lower() not in {"http", "https"}:
            what = phrase("webhook.no-scheme", url=_shown(url))
            yield server.error("webhook", "urls", what=what)


def _addresses(server: Settings) -> Iterator[ConfigFinding]:
    bound = server.texts("bind_addresses")
    wildcards = {"", "0.0.0.0", "::"} & {*bound}  # noqa: S104 - compared with, not bound to
    problem: str | None = None
    if any(":" in address and not is_address(address) for address in bound):
        problem = "bind.more-than-address"
    elif len(bound) != len({*bound}):
        problem = "bind.twice"
    elif wildcards and len(bound) > 1:
        problem = "bind.wildcard"
    if problem:
        what = phrase("address.cannot-listen", problem=phrase(problem))
        yield server.error("bind_addresses", what=what)
    for part in ("includes", "excludes"):
        for network in server.texts("rtc", "ips", part):
            if not is_network(network):
                what = phrase("address.no-network", network=network)
                yield server.error("rtc", "ips", part, what=what)


def _media(server: Settings) -> Iterator[ConfigFinding]:
    start, end = (server.number("rtc", f"port_range_{end}") for end in ("start", "end"))
    if server.says_yes("rtc", "force_tcp"):
        if server.text("rtc", "tcp_port") and not server.number("rtc", "tcp_port"):
            yield server.error("rtc", "force_tcp", what=phrase("media.tcp-without-port"))
        return
    if start and end and end % 65536 < start % 65536:
        yield server.error("rtc", "port_range_end", what=phrase("media.reversed-range"))
    elif bool(start) != bool(end):
        there, missing = ("start", "end") if start else ("end", "start")
        what = phrase("media.half-a-range", missing=missing)
        yield server.warning("rtc", f"port_range_{there}", what=what)
    elif start and port_range(server.text("rtc", "udp_port")):
        yield server.warning("rtc", "udp_port", what=phrase("media.port-and-range"))


def _turn(server: Settings) -> Iterator[ConfigFinding]:
    if not server.says_yes("turn", "enabled"):
        return
    tls, udp = (server.number("turn", f"{kind}_port") for kind in ("tls", "udp"))
    domain = server.text("turn", "domain")
    is_external = server.says_yes("turn", "external_tls")
    problem: str | None = None
    if tls <= 0 and udp <= 0:
        problem = "turn.no-port"
    elif tls > 0 and not _DOMAIN.fullmatch(domain):
        problem = "turn.invalid-domain" if domain else "turn.no-domain"
    elif (
        tls > 0
        and not is_external
        and not all(server.text("turn", f"{part}_file") for part in ("cert", "key"))
    ):
        problem = "turn.no-certificate"
    if problem:
        what = phrase("turn.incomplete", problem=phrase(problem))
        yield server.error("turn", "enabled", what=what)


def _selector(server: Settings) -> Iterator[ConfigFinding]:
    kind = server.text("node_selector", "kind")
    if kind and kind not in _SELECTORS:
        what = phrase("node.no-selector", choices=", ".join(_SELECTORS))
        yield server.error("node_selector", "kind", what=what)
    region = server.text("region")
    regions = server.mappings("node_selector", "regions")
    if kind == "regionaware" and (
        not region or (regions and region not in {each.get("name") for each in regions})
    ):
        code = "node.unknown-region" if region else "node.no-region"
        yield server.error("region", what=phrase(code))
