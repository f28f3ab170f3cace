"""
Rules for the section `redis`, common to both services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import yaml

from livekit_conformance.config_doctor.findings import ConfigFinding
from livekit_conformance.config_doctor.services import SERVER, SIP, ConfiguredService
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.config_doctor.values import HIGHEST_PORT, integer
from livekit_conformance.judges.bus import Mode, RedisUse
from livekit_conformance.wording import phrase

_LOOPBACK = {"localhost": "127.0.0.1", "::1": "127.0.0.1"}
_PORT = "6379"
# In the order in which the services look at them (livekit/protocol redis/redis.go).
_MODES: Mapping[str, Mode] = MappingProxyType(
    {"sentinel_addresses": "sentinel", "cluster_addresses": "cluster"}
)
_DEFAULT_USER = "default"
_WITHOUT_REDIS = {SIP.name: "effect.refuses", SERVER.name: "effect.off-the-bus"}


def check_redis(settings: Settings, service: ConfiguredService) -> Iterator[ConfigFinding]:
    """
    Yield findings unless the section gives the address of Redis as a host and a port.
    """
    has_many = any(settings.texts("redis", key) for key in _MODES)
    address = "" if has_many else settings.text("redis", "address")
    if address and (code := _wrong_address(address)):
        yield settings.error("redis", "address", what=phrase(code, service=service.name))
    if isinstance(settings.node("redis"), yaml.MappingNode) and not endpoints(settings):
        effect = phrase(_WITHOUT_REDIS[service.name], service=service.name)
        yield settings.error("redis", what=phrase("redis.no-address", effect=effect))
    has_certificate, has_key = (
        bool(settings.text("redis", "tls", f"client_{part}_file")) for part in ("cert", "key")
    )
    if settings.says_yes("redis", "tls", "enabled") and has_certificate and not has_key:
        what = phrase("redis.no-key-file", service=service.name)
        yield settings.error("redis", "tls", "client_cert_file", what=what)


def _wrong_address(address: str) -> str | None:
    if "://" in address:
        return "redis.url"
    if ":" not in address:
        return "redis.no-port"
    is_port = 0 < (integer(address.rpartition(":")[2]) or 0) <= HIGHEST_PORT
    return None if is_port else "redis.invalid-port"


def endpoints(settings: Settings) -> frozenset[str]:
    """
    Return the addresses of Redis, normalised: host:port, or those of the sentinels or the cluster.
    """
    for key in _MODES:
        if many := settings.texts("redis", key):
            return frozenset(_plain(address) for address in many)
    address = settings.text("redis", "address")
    return frozenset({_plain(address)} if address else ())


def use_of(settings: Settings, service: ConfiguredService) -> RedisUse | None:
    """
    Return how a service uses Redis; None if its file has no usable address.
    """
    ports = {integer(address.rpartition(":")[2]) for address in endpoints(settings)}
    known = frozenset(filter(None, ports))
    if not known:
        return None
    return RedisUse(
        service=service.name,
        mode=next((m for key, m in _MODES.items() if settings.texts("redis", key)), "alone"),
        ports=known,
        user=settings.text("redis", "username") or _DEFAULT_USER,
        tls=settings.says_yes("redis", "tls", "enabled") or settings.says_yes("redis", "use_tls"),
    )


def _plain(address: str) -> str:
    # If the address is a URL by mistake, keep the part that may be shown.
    address = address.rpartition("://")[2].rpartition("@")[2]
    host, colon, port = address.rpartition(":")
    host = (host if colon else port).strip("[]").lower()
    return f"{_LOOPBACK.get(host, host)}:{port if colon else _PORT}"
