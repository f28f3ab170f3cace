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
from livekit_conformance.environments.spelling import close_match
from livekit_conformance.wording import Phrase, phrase

# Each value is a kind in `values.FITS`, `any`, a section, a list of one kind, or {"*": kind}.
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ConfiguredService:
    """
    Service with its configuration file. `unknown_key` is the code of its reaction to a key that it
    does not have.

    A wrong value breaks `link`, or the link that `links` has for its section. `instead` maps keys
    that people write in vain to the advice on them. A file with only comments contains no document:
    with `needs_document`, the service refuses such a file, but starts with an empty one.
    """

    name: str
    file: str
    unknown_key: str
    link: Link
    links: Mapping[str, Link]
    instead: Mapping[str, Phrase]
    needs_document: bool = False

    def link_of(self, key: str) -> Link:
        """
        Return the link of the chain that a wrong value of `key` breaks.

        A misspelt key has the link of the one that was meant.
        """
        section = key.partition(".")[0]
        meant = section if section in self.keys else close_match(section, self.keys) or section
        return self.links.get(meant, self.link)

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


def _write(line: str) -> Phrase:
    return phrase("advice.write", line=line)


_NO_TIMEOUT = phrase("advice.no-timeout")
_NOTHING = phrase("advice.nothing-to-set")
_ALWAYS_RECONNECTS = phrase("advice.always-reconnects")
_WEBHOOKS_ELSEWHERE = phrase("advice.server-sends-webhooks")
_TRUNKS = phrase("advice.trunks-by-api")

SIP = ConfiguredService(
    "livekit-sip",
    "livekit-sip.yaml",
    "reaction.ignores",
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
            "log_level": _write("logging: {level: ...}"),
            "port": _write("sip_port"),
            "bind_address": _write("listen_ip"),
            "bind_addresses": _write("listen_ip"),
            "health_check": phrase("advice.health-port"),
            "timeout": _NO_TIMEOUT,
            "connection_timeout": _NO_TIMEOUT,
            "connect_timeout": _NO_TIMEOUT,
            "keep_alive": _NOTHING,
            "keepalive": _NOTHING,
            "keep_alive_interval": _NOTHING,
            "reconnect": _ALWAYS_RECONNECTS,
            "auto_reconnect": _ALWAYS_RECONNECTS,
            "max_reconnect_attempts": _ALWAYS_RECONNECTS,
            "reconnect_attempts": _ALWAYS_RECONNECTS,
            "reconnect_delay": _ALWAYS_RECONNECTS,
            "webhook": _WEBHOOKS_ELSEWHERE,
            "webhooks": _WEBHOOKS_ELSEWHERE,
            "circuit_breaker": phrase("advice.no-breaker"),
            "registration": phrase("advice.no-register"),
            "trunks": _TRUNKS,
            "dispatch_rules": phrase("advice.rules-by-api"),
        }
    ),
)
SERVER = ConfiguredService(
    "livekit-server",
    "livekit.yaml",
    "reaction.refuses",
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
            "debug_handler_port": _write("debug_handler: {port: ...}"),
            "api_key": _write("keys: {KEY: SECRET}"),
            "api_secret": _write("keys: {KEY: SECRET}"),
            "webhooks": _write("webhook: {urls: [...], api_key: ...}"),
            "trunks": _TRUNKS,
        }
    ),
    needs_document=True,
)
BOTH = (SERVER, SIP)
