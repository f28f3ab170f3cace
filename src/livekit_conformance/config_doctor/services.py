"""
The two services whose configuration files are read: their keys, and their reaction to a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from livekit_conformance.catalogue.chain import Link

# Each value is a kind in `values.FITS`, `any`, a section, a list of one kind, or {"*": kind}.
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ConfiguredService:
    """
    Service with its configuration file. `unknown_key` is its reaction to a key that it does not
    have.

    A wrong value breaks `link`, or the link that `links` has for its section. `instead` maps keys
    that people write in vain to the remedy. A file with only comments contains no document: with
    `needs_document`, the service refuses such a file, but starts with an empty one.
    """

    name: str
    file: str
    unknown_key: str
    link: Link
    links: Mapping[str, Link]
    instead: Mapping[str, str]
    needs_document: bool = False

    @property
    def refuses(self) -> str:
        """
        The consequence of a value of the wrong type.
        """
        return f"{self.name} refuses to start"

    def link_of(self, key: str) -> Link:
        """
        Return the link of the chain that a wrong value of `key` breaks.
        """
        return self.links.get(key.partition(".")[0], self.link)

    @property
    def keys(self) -> Table:
        """
        The table of the service's keys.
        """
        return _table(self.name)


# libyaml, where PyYAML was built with it, reads the larger table in 3 instead of 30 ms.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _table(name: str) -> Table:
    path = files("livekit_conformance.config_doctor") / "keys" / f"{name}.yaml"
    table: Table = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - safe
    return table


_NO_TIMEOUT = (
    "There is no such setting: the bus answers within 1 s or not at all. You can set "
    "`room.create_room_timeout` in livekit.yaml and the ringing time-out of a trunk"
)
_ALWAYS_RECONNECTS = "Delete it: livekit-sip always reconnects, and this cannot be configured"
_WEBHOOKS_ELSEWHERE = (
    "Delete it: livekit-server sends the webhooks, with four retries that cannot be configured. "
    "You can set `webhook.resource_url_notifier.max_age` in livekit.yaml"
)

SIP = ConfiguredService(
    "livekit-sip",
    "livekit-sip.yaml",
    "livekit-sip ignores it without a word",
    Link.SIP_SOCKET,
    MappingProxyType(
        {
            "api_key": Link.JOIN,
            "api_secret": Link.JOIN,
            "cluster_id": Link.BUS_SIP,
            "codecs": Link.OFFER,
            "logging": Link.LOGS,
            "max_active_calls": Link.CAPACITY,
            "max_cpu_utilization": Link.CAPACITY,
            "media_nat_1_to_1_ip": Link.MEDIA,
            "media_timeout": Link.AUDIO,
            "media_timeout_initial": Link.AUDIO,
            "media_use_external_ip": Link.MEDIA,
            "redis": Link.BUS,
            "rtp_port": Link.MEDIA,
            "symmetric_rtp": Link.MEDIA,
            "ws_url": Link.JOIN,
        }
    ),
    MappingProxyType(
        {
            "log_level": "Write `logging: {level: ...}`",
            "port": "Write `sip_port`",
            "bind_address": "Write `listen_ip`",
            "bind_addresses": "Write `listen_ip`",
            "health_check": "Write `health_port: 8080` (it reports CPU load only)",
            "timeout": _NO_TIMEOUT,
            "connection_timeout": _NO_TIMEOUT,
            "connect_timeout": _NO_TIMEOUT,
            "keep_alive": "Delete it: there is nothing to set",
            "keepalive": "Delete it: there is nothing to set",
            "keep_alive_interval": "Delete it: there is nothing to set",
            "reconnect": _ALWAYS_RECONNECTS,
            "auto_reconnect": _ALWAYS_RECONNECTS,
            "max_reconnect_attempts": _ALWAYS_RECONNECTS,
            "reconnect_attempts": _ALWAYS_RECONNECTS,
            "reconnect_delay": _ALWAYS_RECONNECTS,
            "webhook": _WEBHOOKS_ELSEWHERE,
            "webhooks": _WEBHOOKS_ELSEWHERE,
            "circuit_breaker": "Delete it: LiveKit has no circuit breaker",
            "registration": "Delete it: livekit-sip does not REGISTER",
            "trunks": "Create trunks through the API: lk sip inbound create",
            "dispatch_rules": "Create rules through the API: lk sip dispatch create",
        }
    ),
)
SERVER = ConfiguredService(
    "livekit-server",
    "livekit.yaml",
    "livekit-server refuses to start",
    Link.SERVER,
    MappingProxyType(
        {
            "agents": Link.AGENT,
            "key_file": Link.API_KEY,
            "keys": Link.API_KEY,
            "limit": Link.JOIN,
            "log_level": Link.LOGS,
            "logging": Link.LOGS,
            "node_selector": Link.NODE,
            "psrpc": Link.BUS,
            "redis": Link.BUS,
            "region": Link.NODE,
            "room": Link.JOIN,
            "rtc": Link.WEBRTC,
            "signal_relay": Link.WEBRTC,
            "turn": Link.WEBRTC,
            "webhook": Link.DELIVERY,
        }
    ),
    MappingProxyType(
        {
            "debug_handler_port": "Write `debug_handler: {port: ...}`",
            "api_key": "Write `keys: {KEY: SECRET}`",
            "api_secret": "Write `keys: {KEY: SECRET}`",
            "webhooks": "Write `webhook: {urls: [...], api_key: ...}`",
            "trunks": "Create trunks through the API: lk sip inbound create",
        }
    ),
    needs_document=True,
)
BOTH = (SERVER, SIP)
