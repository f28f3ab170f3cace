"""
Rules for values in livekit-sip.yaml that are well-formed but wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from livekit_conformance.config_doctor.addresses import is_address, is_network
from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.listeners import collisions, sip_listeners
from livekit_conformance.config_doctor.log_rules import check_level
from livekit_conformance.config_doctor.port_rules import check_ports
from livekit_conformance.config_doctor.redis_rules import check_redis
from livekit_conformance.config_doctor.secret_rules import check_secrets
from livekit_conformance.config_doctor.services import SIP
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.config_doctor.tls_rules import check_tls
from livekit_conformance.config_doctor.values import number, port_range, seconds

_NOT_IN_A_HOSTNAME = frozenset("$%{}[]:/| ")
_RINGING_S = (1.0, 60.0)
_EXCLUSIVE = (
    ("use_external_ip", "nat_1_to_1_ip"),
    ("media_use_external_ip", "media_nat_1_to_1_ip"),
)
_FROM_ENVIRONMENT = {
    "api_key": "LIVEKIT_API_KEY",
    "api_secret": "LIVEKIT_API_SECRET",
    "ws_url": "LIVEKIT_WS_URL",
}


def check_sip_rules(sip: Settings) -> Iterator[ConfigFinding]:
    """
    Apply the rules for livekit-sip.yaml alone.
    """
    if sip.node("redis") is None:
        yield sip.finding(
            Severity.ERROR,
            "redis",
            problem="is missing",
            consequence=SIP.refuses,
            remedy="Write `redis: {address: HOST:6379}`, the same as in livekit.yaml",
        )
    else:
        yield from check_redis(sip, SIP)
    yield from _account(sip)
    yield from _addresses(sip)
    yield from _replaced(sip)
    yield from _hostname(sip)
    yield from check_tls(sip)
    if sip.text("cluster_id"):
        yield sip.finding(
            Severity.WARNING,
            "cluster_id",
            problem="is set",
            consequence="the open-source livekit-server does not find livekit-sip for outbound "
            "calls (no response from servers)",
            remedy="Delete it, unless the server has clusters",
        )
    yield from check_level(sip, SIP, "logging", "level")
    yield from check_secrets(sip)
    yield from check_ports(sip, SIP)
    yield from collisions(sip_listeners(sip), severity=Severity.ERROR)


def _account(sip: Settings) -> Iterator[ConfigFinding]:
    for key, variable in _FROM_ENVIRONMENT.items():
        if not sip.text(key):
            yield sip.finding(
                Severity.WARNING,
                key,
                problem="is missing",
                consequence=f"calls are rejected with 486 unless {variable} is set for livekit-sip",
                remedy=f"Write `{key}: ...`, or set {variable}",
            )
    url = sip.text("ws_url")
    if url and urlsplit(url).scheme not in {"ws", "wss", "http", "https"}:
        yield sip.finding(
            Severity.ERROR,
            "ws_url",
            problem="does not begin with ws:// or wss://",
            consequence="livekit-sip cannot join rooms: calls are rejected with 486",
            remedy="Write ws://HOST:7880 or wss://HOST",
        )


def _addresses(sip: Settings) -> Iterator[ConfigFinding]:
    for switch, address in _EXCLUSIVE:
        if sip.says_yes(switch) and sip.text(address):
            yield sip.finding(
                Severity.ERROR,
                switch,
                problem=f"is on together with {address}",
                consequence=SIP.refuses,
                remedy=f"Keep {address} and switch {switch} off, or the other way round",
            )
    for key in ("listen_ip", "nat_1_to_1_ip", "media_nat_1_to_1_ip"):
        text = sip.text(key)
        if text and not is_address(text):
            yield sip.finding(
                Severity.ERROR,
                key,
                problem="is not an IP address",
                consequence=SIP.refuses,
                remedy="Write an address without a port: 192.0.2.1",
            )
    # Only used if the address is not given.
    network = "" if sip.text("nat_1_to_1_ip") else sip.text("local_net")
    if network and not is_network(network):
        yield sip.finding(
            Severity.ERROR,
            "local_net",
            problem="is not a network",
            consequence=SIP.refuses,
            remedy="Write an address and the length of the prefix: 192.0.2.0/24",
        )


def _hostname(sip: Settings) -> Iterator[ConfigFinding]:
    name = sip.text("sip_hostname")
    if set(name.replace("${IP}", "")) & _NOT_IN_A_HOSTNAME:
        yield sip.finding(
            Severity.ERROR,
            "sip_hostname",
            problem="holds more than a host name: a scheme, a port or a path",
            consequence=SIP.refuses,
            remedy="Write only the name; livekit-sip replaces ${IP} in it by the address",
        )


def _replaced(sip: Settings) -> Iterator[ConfigFinding]:
    """
    Yield findings for values that livekit-sip replaces with its defaults.
    """
    ringing = sip.text("sip_ringing_interval")
    length = seconds(ringing)
    low, high = _RINGING_S
    if length is not None and not low <= length <= high:
        yield sip.finding(
            Severity.WARNING,
            "sip_ringing_interval",
            problem=f"{ringing} is not between {low:g} s and {high:g} s",
            consequence="livekit-sip uses 1 s instead",
            remedy="Choose a value within the limits",
        )
    if _is_number(share := sip.text("max_cpu_utilization")) and not 0 < (number(share) or 0) <= 1:
        yield sip.finding(
            Severity.WARNING,
            "max_cpu_utilization",
            problem=f"{share} is not a fraction above 0, up to 1",
            consequence="livekit-sip uses 0.9 instead",
            remedy="Write 0.9 for 90 %",
        )
    rtp = sip.text("rtp_port")
    if port_range(rtp) and "-" not in rtp:
        yield sip.finding(
            Severity.WARNING,
            "rtp_port",
            problem="is a single number",
            consequence="only the start of the range is set; its end stays 20000",
            remedy=f"Write {rtp}-20000, or the intended range",
        )


def _is_number(text: str) -> bool:
    return number(text) is not None
