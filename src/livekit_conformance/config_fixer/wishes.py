"""
Settings that people want in livekit-sip.yaml, and the honest answer to each wish.

Most of these settings do not exist: livekit-sip silently ignores such keys, and livekit-server
refuses to start because of them. So only the one that exists is written: `health_port`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from livekit_conformance.environments.yaml_document import KeyPath

HEALTH_PORT = 8080
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Wish:
    """
    Setting that people want: its name, the wanted value, the answer, and the keys they write for
    it.
    """

    name: str
    wanted: str
    answer: str
    keys: frozenset[str]


WISHES: Mapping[str, Wish] = MappingProxyType(
    {
        wish.name: wish
        for wish in (
            Wish(
                "connection-timeout",
                "30s",
                "neither service has such a setting. Requests on the bus time out by themselves "
                "after 1 s to 3 s, and `ringing_timeout` of the trunk or of the call, set through "
                "the API, limits the ringing. For the requests of an application, set `deadline` "
                "in config/retry_policies.yaml: livekit_conformance.client follows it",
                frozenset(
                    {
                        "connection_timeout",
                        "connect_timeout",
                        "connectionTimeout",
                        "sip_timeout",
                        "request_timeout",
                    }
                ),
            ),
            Wish(
                "keep-alive",
                "25s",
                "not configurable: both services keep their connections to Redis and to rooms "
                "alive by themselves. livekit-sip ends a call without media after `media_timeout` "
                "of livekit-sip.yaml (15 s)",
                frozenset(
                    {
                        "keep_alive",
                        "keepalive",
                        "keep_alive_interval",
                        "keepalive_interval",
                        "keep_alive_timeout",
                        "keepAlive",
                        "ping_interval",
                    }
                ),
            ),
            Wish(
                "reconnect",
                "10 attempts, 1s apart",
                "always on and not configurable: livekit-sip reconnects to Redis and to rooms by "
                "itself (10 attempts for a room, with growing delays). For an application, set "
                "`attempts` and `first_delay` in config/retry_policies.yaml: "
                "livekit_conformance.client follows them",
                frozenset(
                    {
                        "reconnect",
                        "auto_reconnect",
                        "autoReconnect",
                        "reconnection",
                        "reconnect_attempts",
                        "max_reconnect_attempts",
                        "reconnect_delay",
                        "reconnect_interval",
                        "retry_policy",
                        "retry_policies",
                        "circuit_breaker",
                    }
                ),
            ),
            Wish(
                "webhook-retry",
                "3 attempts",
                "not a task of livekit-sip: livekit-server sends the webhooks, with four retries "
                "1 s to 30 s apart that cannot be configured. You can set the maximum age of an "
                "event: `webhook.resource_url_notifier.max_age` in livekit.yaml (30 s). For the "
                "deliveries of an application, set `webhook` in config/retry_policies.yaml",
                frozenset({"webhook_retry", "webhook_retries", "webhook_max_retries"}),
            ),
            Wish(
                "webhook-timeout",
                "5s",
                "neither service has such a setting: the receiver must answer fast. The suites "
                "measure it against `webhook.timeout` of the profile (config/NAME.yaml)",
                frozenset({"webhook_timeout"}),
            ),
            Wish(
                "health-check",
                str(HEALTH_PORT),
                "`health_port` of livekit-sip.yaml: HTTP 200 while it accepts calls, 429 under "
                "load, 503 while it shuts down. It does not show whether Redis and livekit-server "
                "are reachable; `livekit-conformance doctor` does. livekit-server answers GET / on "
                "its `port` without any setting",
                frozenset({"health_check", "healthcheck", "healthCheck"}),
            ),
        )
    }
)
# The same wishes, written below `webhook`.
_BELOW_WEBHOOK: Mapping[str, str] = MappingProxyType(
    {
        "retry": "webhook-retry",
        "retries": "webhook-retry",
        "retry_count": "webhook-retry",
        "retry_delay": "webhook-retry",
        "max_retries": "webhook-retry",
        "timeout": "webhook-timeout",
    }
)


def wish_of(path: KeyPath) -> Wish | None:
    """
    Return the wish that a key of a file expresses, or None.
    """
    match path:
        case (str(name),):
            return next((wish for wish in WISHES.values() if name in wish.keys), None)
        case ("webhook" | "webhooks", str(name)) if name in _BELOW_WEBHOOK:
            return WISHES[_BELOW_WEBHOOK[name]]
        case _:
            return None


def parse_wish(text: str) -> tuple[Wish, str]:
    """
    Return the wish and its value from `NAME` or `NAME=VALUE`.

    Raises ValueError if there is no such wish, or if the value is not a port where one is needed.
    """
    name, _, value = text.partition("=")
    wish = WISHES.get(name)
    if wish is None:
        raise ValueError(f"no such wish: {name} (there are {', '.join(WISHES)})")
    value = value or wish.wanted
    is_port = value.isdecimal() and value.isascii() and 0 < int(value) <= _HIGHEST_PORT
    if wish is WISHES["health-check"] and not is_port:
        raise ValueError(f"health-check needs a port from 1 to {_HIGHEST_PORT}")
    return wish, value
