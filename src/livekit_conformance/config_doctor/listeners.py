"""
Who listens where: two listeners of one machine must not want the same port.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from livekit_conformance.config_doctor.findings import Finding, Severity
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.config_doctor.values import port_range

# The defaults of the services.
HTTP_PORT = 7880
_RTC_TCP_PORT = 7881
_RTC_PORTS = (50000, 60000)
_RELAY_PORTS = (30000, 40000)
_SIP_PORT = 5060
_SIP_TLS_PORT = 5061
_RTP_PORTS = (10000, 20000)


@dataclass(frozen=True, slots=True)
class Listener:
    """
    The ports that one setting makes a service use, `first` to `last`, over `udp`, `tcp` or both.
    """

    settings: Settings
    path: tuple[str, ...]
    first: int
    last: int
    protocols: frozenset[str]

    def collides(self, other: Listener) -> bool:
        """
        Whether both want some port over the same protocol.
        """
        return bool(
            self.protocols & other.protocols
            and self.first <= other.last
            and other.first <= self.last
        )

    def __str__(self) -> str:
        ports = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{'.'.join(self.path)} of {self.settings.file} ({ports})"


_TCP = frozenset({"tcp"})
_UDP = frozenset({"udp"})


def server_listeners(server: Settings) -> list[Listener]:
    """
    What livekit-server listens on, defaults included.
    """
    found = [
        _one(server, "port", default=HTTP_PORT),
        _one(server, "prometheus", "port"),
        _one(server, "prometheus_port"),
        _one(server, "debug_handler", "port"),
    ]
    # Zero switches ICE over TCP off; only an absent key means the default.
    default = 0 if server.text("rtc", "tcp_port") else _RTC_TCP_PORT
    found.append(_one(server, "rtc", "tcp_port", default=default))
    mux = port_range(server.text("rtc", "udp_port"))
    start = server.number("rtc", "port_range_start")
    if mux and mux[0]:
        found.append(Listener(server, ("rtc", "udp_port"), *mux, _UDP))
    if start or not (mux and mux[0]):
        first = start or _RTC_PORTS[0]
        last = server.number("rtc", "port_range_end", default=_RTC_PORTS[1])
        found.append(Listener(server, ("rtc", "port_range_start"), first, last, _UDP))
    if server.says_yes("turn", "enabled"):
        relay = [
            server.number("turn", f"relay_range_{end}", default=port)
            for end, port in zip(("start", "end"), _RELAY_PORTS, strict=True)
        ]
        found += [
            _one(server, "turn", "udp_port", protocols=_UDP),
            _one(server, "turn", "tls_port"),
            Listener(server, ("turn", "relay_range_start"), relay[0], relay[1], _UDP),
        ]
    return [listener for listener in found if listener is not None]


def sip_listeners(sip: Settings) -> list[Listener]:
    """
    What livekit-sip listens on, defaults included.
    """
    announced = sip.number("sip_port", default=_SIP_PORT)
    bound = "sip_port_listen" if sip.number("sip_port_listen") else "sip_port"
    port = sip.number("sip_port_listen", default=announced)
    found: list[Listener | None] = [
        Listener(sip, (bound,), port, port, _TCP | _UDP),
        *(_one(sip, key) for key in ("health_port", "prometheus_port", "pprof_port")),
    ]
    if sip.node("tls"):
        port = sip.number(
            "tls", "port_listen", default=sip.number("tls", "port", default=_SIP_TLS_PORT)
        )
        found.append(Listener(sip, ("tls", "port"), port, port, _TCP))
    found.append(Listener(sip, ("rtp_port",), *rtp_ports(sip), _UDP))
    return [listener for listener in found if listener is not None]


def rtp_ports(sip: Settings) -> tuple[int, int]:
    """
    The range that livekit-sip takes RTP ports from. A single number sets only its start.
    """
    text = sip.text("rtp_port")
    given = port_range(text)
    if given is None:
        return _RTP_PORTS
    return given if "-" in text else (given[0], _RTP_PORTS[1])


def collisions(
    listeners: list[Listener], others: list[Listener] | None = None, *, severity: Severity
) -> Iterator[Finding]:
    """
    The pairs of listeners that collide: among themselves, or with `others`.
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
                problem=f"overlaps with {one}: itself it is {other}",
                consequence="on one machine one of the two cannot listen, or media gets lost",
                remedy="Choose other ports for one of them",
            )


def _one(
    settings: Settings,
    *path: str,
    default: int = 0,
    protocols: frozenset[str] = _TCP,
) -> Listener | None:
    port = settings.number(*path, default=default)
    return Listener(settings, path, port, port, protocols) if port else None
