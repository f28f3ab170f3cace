"""
What livekit-server does with values that are well-formed and still wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.config_doctor.findings import Finding, Severity
from livekit_conformance.config_doctor.listeners import collisions, server_listeners
from livekit_conformance.config_doctor.redis_rules import check_redis
from livekit_conformance.config_doctor.services import SERVER
from livekit_conformance.config_doctor.settings import Settings


def check_server_rules(server: Settings) -> Iterator[Finding]:
    """
    Rules of livekit.yaml alone.
    """
    yield from check_redis(server, SERVER)
    keys = known_keys(server)
    if keys == {} and not server.says_yes("development"):
        yield server.finding(
            Severity.WARNING,
            "keys",
            problem="is missing",
            consequence=f"{SERVER.refuses} unless LIVEKIT_KEYS is set for it",
            remedy="Write `keys: {KEY: SECRET}`",
        )
    if keys and server.texts("webhook", "urls"):
        key = server.text("webhook", "api_key")
        if key not in keys:
            yield server.finding(
                Severity.ERROR,
                "webhook",
                "api_key",
                problem="is not one of keys" if key else "is missing",
                consequence=SERVER.refuses,
                remedy="Write one of the keys below `keys`",
            )
    start = server.number("rtc", "port_range_start")
    end = server.number("rtc", "port_range_end")
    if start and end and end < start:
        yield server.finding(
            Severity.ERROR,
            "rtc",
            "port_range_end",
            problem="is below port_range_start",
            consequence="livekit-server has no port for media",
            remedy="Choose a port above port_range_start",
        )
    yield from collisions(server_listeners(server), severity=Severity.ERROR)


def known_keys(server: Settings) -> dict[str, str] | None:
    """
    The key pairs that livekit-server knows; None when they are in a file of their own.
    """
    return None if server.text("key_file") else server.pairs("keys")
