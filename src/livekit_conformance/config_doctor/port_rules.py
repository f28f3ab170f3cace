"""
Rules for ports that do not exist: the parsers accept any number, and its effect depends on the
setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.services import SERVER, SIP, ConfiguredService
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.config_doctor.values import HIGHEST_PORT, integer, port_range

# Effects of a number above 65535. If it is cut to 16 bits, it becomes another port.
_CUT = "it is cut to 16 bits: {name} uses port {cut} instead"
_OFF = "it counts as zero, which switches the listener off"
_REFUSED = "{name} refuses to start"
_NO_MEDIA = "{name} has no such ports: calls that need one of them have no media"

_BEYOND: Mapping[str, Mapping[tuple[str, ...], str]] = MappingProxyType(
    {
        SIP.name: MappingProxyType(
            {
                ("sip_port",): _CUT,
                ("sip_port_listen",): _CUT,
                ("tls", "port"): _CUT,
                ("tls", "port_listen"): _CUT,
                ("health_port",): _REFUSED,
                ("prometheus_port",): _REFUSED,
                ("pprof_port",): _REFUSED,
                ("rtp_port",): _NO_MEDIA,
                ("tcp", "dial_port"): "{name} has no such ports: calls over TCP fail",
            }
        ),
        SERVER.name: MappingProxyType(
            {
                ("port",): _REFUSED,
                ("prometheus", "port"): _REFUSED,
                ("prometheus_port",): _REFUSED,
                ("debug_handler", "port"): _REFUSED,
                ("rtc", "tcp_port"): _REFUSED,
                ("rtc", "udp_port"): _REFUSED,
                ("rtc", "port_range_start"): _CUT,
                ("rtc", "port_range_end"): _CUT,
                ("turn", "udp_port"): _REFUSED,
                ("turn", "tls_port"): _REFUSED,
            }
        ),
    }
)


def check_ports(settings: Settings, service: ConfiguredService) -> Iterator[ConfigFinding]:
    """
    Yield findings for ports above 65535, and for negative ports that do not already stop the
    service.
    """
    for path, consequence in _BEYOND[service.name].items():
        if path[0] == "turn" and not settings.says_yes("turn", "enabled"):
            continue
        text = settings.text(*path)
        ports = port_range(text)
        value = ports[1] if ports else integer(text)
        if value is None or 0 <= value <= HIGHEST_PORT:
            continue
        if value < 0 and service is SERVER and path[0] != "turn":
            continue  # Does not fit the type: `check_structure` reports it.
        is_off = value < 0 and consequence is not _CUT
        yield settings.finding(
            Severity.ERROR,
            *path,
            problem=f"not a port: {value} is not between 0 and {HIGHEST_PORT}",
            consequence=(_OFF if is_off else consequence).format(
                name=service.name, cut=value % (HIGHEST_PORT + 1)
            ),
            remedy="Choose a valid port",
        )
