"""
Rules for ports that do not exist: the parsers accept any number, and its effect depends on the
setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from livekit_conformance.config_doctor.findings import ConfigFinding
from livekit_conformance.config_doctor.services import SERVER, SIP, ConfiguredService
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.config_doctor.values import HIGHEST_PORT, integer, port_range
from livekit_conformance.wording import phrase

# Effects of a number above 65535. If it is cut to 16 bits, it becomes another port.
_CUT = "effect.cut"
_OFF = "effect.off"
_REFUSED = "effect.refuses"
_NO_MEDIA = "effect.no-media"

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
                ("tcp", "dial_port"): "effect.no-calls-over-tcp",
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
    for path, effect in _BEYOND[service.name].items():
        if path[0] == "turn" and not settings.says_yes("turn", "enabled"):
            continue
        text = settings.text(*path)
        ports = port_range(text)
        value = ports[1] if ports else integer(text)
        if value is None or 0 <= value <= HIGHEST_PORT:
            continue
        if value < 0 and service is SERVER and path[0] != "turn":
            continue  # Does not fit the type: `check_structure` reports it.
        is_off = value < 0 and effect != _CUT
        cut = value % (HIGHEST_PORT + 1)
        follows = phrase(_OFF if is_off else effect, service=service.name, cut=cut)
        what = phrase("port.beyond", value=value, highest=HIGHEST_PORT, effect=follows)
        yield settings.error(*path, what=what)
