"""
Find listeners that collide: two on one machine must not use the same port.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.config_doctor.values import HIGHEST_PORT, port_range
from livekit_conformance.environments.yaml_document import dotted
from livekit_conformance.wording import phrase

# The defaults of the services.
HTTP_PORT = 7880
_RTC_TCP_PORT = 7881
_RTC_PORTS = (50000, 60000)
_DEV_UDP_PORT = 7882
_RELAY_PORTS = (30000, 40000)
_SIP_PORT = 5060
_SIP_TLS_PORT = 5061
_RTP_PORTS = (10000, 20000)


@dataclass(frozen=True, slots=True)
class PortClaim:
    """
    Ports that a service uses because of one setting, `first` to `last`, over `udp`, `tcp` or both.

    Ports with `is_needed` are opened at start, and the start fails if they are taken. Of the
    others, the service skips ports that are taken, call by call.
    """

    settings: Settings
    path: tuple[str, ...]
    first: int
    last: int
    protocols: frozenset[str]
    is_needed: bool = True

    def collides(self, other: PortClaim) -> bool:
        """
        Return whether both claim a common port over the same protocol.
        """
        return bool(
            self.protocols & other.protocols
            and self.first <= other.last
            and other.first <= self.last
        )

    @property
    def ports(self) -> str:
        """
        The ports as one number or as a range.
        """
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


_TCP = frozenset({"tcp"})
_UDP = frozenset({"udp"})


def server_listeners(server: Settings) -> list[PortClaim]:
    """
    Return the port claims of livekit-server, defaults included.
    """
    # The deprecated setting wins if both are present.
    metrics = ("prometheus_port",) if server.number("prometheus_port") else ("prometheus", "port")
    # Zero disables ICE over TCP; only an absent key means the default.
    default = 0 if server.text("rtc", "tcp_port") else _RTC_TCP_PORT
    found = [
        _one(server, "port", default=HTTP_PORT),
        _one(server, *metrics),
        _one(server, "debug_handler", "port"),
        _one(server, "rtc", "tcp_port", default=default),
        _media(server),
    ]
    if server.says_yes("turn", "enabled"):
        first, last = (server.number("turn", f"relay_range_{end}") for end in ("start", "end"))
        relay = (first, last) if first and last else _RELAY_PORTS
        found += [
            _one(server, "turn", "udp_port", protocols=_UDP),
            _one(server, "turn", "tls_port"),
            PortClaim(server, ("turn", "relay_range_start"), *relay, _UDP, is_needed=False),
        ]
    return _real(found)


def _media(server: Settings) -> PortClaim | None:
    """
    Return the claim for media: the port range if both ends are set, else the single port, else the
    default; None if only the start of the range is set or UDP is off.
    """
    if server.says_yes("rtc", "force_tcp"):
        return None
    mux = port_range(server.text("rtc", "udp_port"))
    start, end = (server.number("rtc", f"port_range_{end}") for end in ("start", "end"))
    if start and end:
        return PortClaim(server, ("rtc", "port_range_start"), start, end, _UDP, is_needed=False)
    if mux and mux[0]:
        return PortClaim(server, ("rtc", "udp_port"), *mux, _UDP)
    if start:
        return None
    if server.says_yes("development"):
        return PortClaim(server, ("rtc", "udp_port"), _DEV_UDP_PORT, _DEV_UDP_PORT, _UDP)
    return PortClaim(server, ("rtc", "port_range_start"), *_RTC_PORTS, _UDP, is_needed=False)


def sip_listeners(sip: Settings) -> list[PortClaim]:
    """
    Return the port claims of livekit-sip, defaults included.
    """
    announced = sip.number("sip_port", default=_SIP_PORT)
    bound = "sip_port_listen" if sip.number("sip_port_listen") else "sip_port"
    port = sip.number("sip_port_listen", default=announced)
    found: list[PortClaim | None] = [
        PortClaim(sip, (bound,), port, port, _TCP | _UDP),
        *(_one(sip, key) for key in ("health_port", "prometheus_port", "pprof_port")),
    ]
    if sip.node("tls"):
        port = sip.number(
            "tls", "port_listen", default=sip.number("tls", "port", default=_SIP_TLS_PORT)
        )
        found.append(PortClaim(sip, ("tls", "port"), port, port, _TCP))
    found.append(PortClaim(sip, ("rtp_port",), *rtp_ports(sip), _UDP, is_needed=False))
    return _real(found)


def rtp_ports(sip: Settings) -> tuple[int, int]:
    """
    Return the range from which livekit-sip takes RTP ports. A single number sets only its start.
    """
    text = sip.text("rtp_port")
    given = port_range(text)
    if given is None:
        return _RTP_PORTS
    return given if "-" in text else (given[0], _RTP_PORTS[1])


def collisions(
    listeners: list[PortClaim], others: list[PortClaim] | None = None, *, severity: Severity
) -> Iterator[ConfigFinding]:
    """
    Yield a finding for each pair of listeners that collide: among themselves, or with `others`.
    """
    pairs = (
        combinations(listeners, 2)
        if others is None
        else ((one, other) for one in listeners for other in others)
    )
    for one, other in pairs:
        if one.path == other.path and one.settings is other.settings:
            continue
        if one.collides(other):
            yield other.settings.finding(
                severity,
                *other.path,
                what=phrase(
                    "port.overlaps",
                    other=dotted(one.path),
                    file=one.settings.file,
                    ports=one.ports,
                    own=other.ports,
                    effect=phrase(_effect(one, other)),
                ),
            )


def _effect(one: PortClaim, other: PortClaim) -> str:
    if not (one.is_needed and other.is_needed):
        return "effect.media-lost"
    return "effect.twice" if one.settings is other.settings else "effect.one-of-two"


def _real(found: Iterable[PortClaim | None]) -> list[PortClaim]:
    """
    Return the claims without those that are switched off and those on ports that do not exist.
    """
    return [each for each in found if each is not None and 0 < each.first <= HIGHEST_PORT]


def _one(
    settings: Settings,
    *path: str,
    default: int = 0,
    protocols: frozenset[str] = _TCP,
) -> PortClaim | None:
    port = settings.number(*path, default=default)
    return PortClaim(settings, path, port, port, protocols) if port else None
