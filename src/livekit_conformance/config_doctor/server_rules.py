"""
Rules for values in livekit.yaml that are well-formed but wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from livekit_conformance.config_doctor.addresses import is_address, is_network
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
        shown = ", ".join(map(_shown, urls))
        yield server.finding(
            Severity.ERROR,
            "webhook",
            "urls",
            problem=f"contains {shown}, but not {_shown(url)}" if urls else "is missing",
            consequence="livekit-server does not deliver to the endpoint",
            remedy=f"Write {_shown(url)}",
        )
    if server.node("webhook", "filter_params") is not None:
        yield server.finding(
            # A warning only: which events the application needs is its own decision.
            Severity.WARNING,
            "webhook",
            "filter_params",
            problem="leaves out events",
            consequence="livekit-server does not deliver them",
            remedy="Delete it",
        )


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
        yield server.finding(
            Severity.WARNING,
            "keys",
            problem="is missing",
            consequence=f"{SERVER.refuses} unless LIVEKIT_KEYS is set in its environment",
            remedy="Write `keys: {KEY: SECRET}`",
        )


def _webhooks(server: Settings) -> Iterator[ConfigFinding]:
    urls, keys = server.texts("webhook", "urls"), known_keys(server)
    key = server.text("webhook", "api_key")
    if keys and urls and not keys.get(key):
        has_no_secret = "has no secret in keys" if key in keys else "is not one of keys"
        yield server.finding(
            Severity.ERROR,
            "webhook",
            "api_key",
            problem=has_no_secret if key else "is missing",
            consequence=SERVER.refuses,
            remedy="Write one of the keys below `keys`",
        )
    for url in urls:
        if urlsplit(url).scheme.lower() not in {"http", "https"}:
            yield server.finding(
                Severity.ERROR,
                "webhook",
                "urls",
                problem=f"{_shown(url)} does not begin with http:// or https://",
                consequence="livekit-server delivers nothing there",
                remedy="Write the whole URL of the endpoint",
            )


def _addresses(server: Settings) -> Iterator[ConfigFinding]:
    bound = server.texts("bind_addresses")
    wildcards = {"", "0.0.0.0", "::"} & {*bound}  # noqa: S104 - compared with, not bound to
    problem = ""
    if any(":" in address and not is_address(address) for address in bound):
        problem = "contains more than an address: a port, or a scheme"
    elif len(bound) != len({*bound}):
        problem = "lists an address twice"
    elif wildcards and len(bound) > 1:
        problem = "lists the wildcard address and another one"
    if problem:
        yield server.finding(
            Severity.ERROR,
            "bind_addresses",
            problem=problem,
            consequence=f"{SERVER.refuses}: it cannot listen there",
            remedy="Write each address once, without a port",
        )
    for part in ("includes", "excludes"):
        for network in server.texts("rtc", "ips", part):
            if not is_network(network):
                yield server.finding(
                    Severity.ERROR,
                    *("rtc", "ips", part),
                    problem=f"{network} is not a network",
                    consequence=SERVER.refuses,
                    remedy="Write an address and the length of the prefix: 192.0.2.0/24",
                )


def _media(server: Settings) -> Iterator[ConfigFinding]:
    start, end = (server.number("rtc", f"port_range_{end}") for end in ("start", "end"))
    if server.says_yes("rtc", "force_tcp"):
        if server.text("rtc", "tcp_port") and not server.number("rtc", "tcp_port"):
            yield server.finding(
                Severity.ERROR,
                *("rtc", "force_tcp"),
                problem="is on without a tcp_port",
                consequence=SERVER.refuses,
                remedy="Write `tcp_port: 7881`, or switch force_tcp off",
            )
        return
    if start and end and end % 65536 < start % 65536:
        yield server.finding(
            Severity.ERROR,
            *("rtc", "port_range_end"),
            problem="is below port_range_start",
            consequence=f"{SERVER.refuses}: it has no port for media",
            remedy="Choose a port above port_range_start",
        )
    elif bool(start) != bool(end):
        there, missing = ("start", "end") if start else ("end", "start")
        yield server.finding(
            Severity.WARNING,
            *("rtc", f"port_range_{there}"),
            problem=f"is set without port_range_{missing}",
            consequence="livekit-server ignores it: media uses other ports",
            remedy="Write both of them",
        )
    elif start and port_range(server.text("rtc", "udp_port")):
        yield server.finding(
            Severity.WARNING,
            *("rtc", "udp_port"),
            problem="is set together with port_range_start",
            consequence="livekit-server ignores it: media uses the port range",
            remedy="Keep one of them",
        )


def _turn(server: Settings) -> Iterator[ConfigFinding]:
    if not server.says_yes("turn", "enabled"):
        return
    tls, udp = (server.number("turn", f"{kind}_port") for kind in ("tls", "udp"))
    domain = server.text("turn", "domain")
    is_external = server.says_yes("turn", "external_tls")
    problem = ""
    if tls <= 0 and udp <= 0:
        problem = "is on without a tls_port or a udp_port"
    elif tls > 0 and not _DOMAIN.fullmatch(domain):
        problem = "has a tls_port, but no domain" if not domain else "has an invalid domain"
    elif (
        tls > 0
        and not is_external
        and not all(server.text("turn", f"{part}_file") for part in ("cert", "key"))
    ):
        problem = "has a tls_port, but no cert_file or no key_file"
    if problem:
        yield server.finding(
            Severity.ERROR,
            *("turn", "enabled"),
            problem=problem,
            consequence=SERVER.refuses,
            remedy="Write what is missing, or switch TURN off",
        )


def _selector(server: Settings) -> Iterator[ConfigFinding]:
    kind = server.text("node_selector", "kind")
    if kind and kind not in _SELECTORS:
        yield server.finding(
            Severity.ERROR,
            *("node_selector", "kind"),
            problem="is not a selector of livekit-server",
            consequence=SERVER.refuses,
            remedy=f"Write one of: {', '.join(_SELECTORS)}",
        )
    region = server.text("region")
    regions = server.mappings("node_selector", "regions")
    if kind == "regionaware" and (
        not region or (regions and region not in {each.get("name") for each in regions})
    ):
        yield server.finding(
            Severity.ERROR,
            "region",
            problem="is not one of node_selector.regions" if region else "is missing",
            consequence=f"{SERVER.refuses} unless LIVEKIT_REGION is set in its environment",
            remedy="Write the name of one of the regions",
        )
