"""
The section `redis`, which both services have.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.config_doctor.findings import Finding, Severity
from livekit_conformance.config_doctor.services import Service
from livekit_conformance.config_doctor.settings import Settings

_LOOPBACK = {"localhost": "127.0.0.1", "::1": "127.0.0.1"}
_PORT = "6379"


def check_redis(settings: Settings, service: Service) -> Iterator[Finding]:
    """
    Does the section say where Redis is, as a host and a port?
    """
    address = settings.text("redis", "address")
    if "://" in address:
        yield settings.finding(
            Severity.ERROR,
            "redis",
            "address",
            problem="is a URL",
            consequence=f"{service.name} cannot connect to Redis",
            remedy="Write HOST:6379; user name and password have keys of their own",
        )
    elif address and ":" not in address:
        yield settings.finding(
            Severity.ERROR,
            "redis",
            "address",
            problem="has no port",
            consequence=f"{service.name} cannot connect to Redis",
            remedy=f"Write HOST:{_PORT}",
        )
    if settings.node("redis") is not None and not endpoints(settings):
        yield settings.finding(
            Severity.ERROR,
            "redis",
            problem="names no address",
            consequence=f"{service.name} does not connect to Redis",
            remedy="Write `address: HOST:6379` below it",
        )


def endpoints(settings: Settings) -> frozenset[str]:
    """
    Where Redis is, in one spelling: host:port, or the addresses of sentinels or of a cluster.
    """
    for key in ("sentinel_addresses", "cluster_addresses"):
        if many := settings.texts("redis", key):
            return frozenset(_plain(address) for address in many)
    address = settings.text("redis", "address")
    return frozenset({_plain(address)} if address else ())


def _plain(address: str) -> str:
    host, colon, port = address.rpartition(":")
    host = (host if colon else port).strip("[]").lower()
    return f"{_LOOPBACK.get(host, host)}:{port if colon else _PORT}"
