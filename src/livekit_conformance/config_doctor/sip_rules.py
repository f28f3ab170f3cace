"""
What livekit-sip does with values that are well-formed and still wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import yaml

from livekit_conformance.config_doctor.findings import Finding, Severity
from livekit_conformance.config_doctor.listeners import collisions, sip_listeners
from livekit_conformance.config_doctor.redis_rules import check_redis
from livekit_conformance.config_doctor.services import SIP
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.config_doctor.values import port_range, seconds

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


def check_sip_rules(sip: Settings) -> Iterator[Finding]:
    """
    Rules of livekit-sip.yaml alone.
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
    if sip.node("tls") is not None and not isinstance(sip.node("tls", "certs"), yaml.SequenceNode):
        yield sip.finding(
            Severity.ERROR,
            "tls",
            problem="has no certs",
            consequence=SIP.refuses,
            remedy="Write `certs: [{cert_file: ..., key_file: ...}]` below it, or delete tls",
        )
    if sip.text("cluster_id"):
        yield sip.finding(
            Severity.WARNING,
            "cluster_id",
            problem="is set",
            consequence="the open-source livekit-server does not find livekit-sip for outbound "
            "calls (no response from servers)",
            remedy="Delete it, unless the server has clusters",
        )
    yield from collisions(sip_listeners(sip), severity=Severity.ERROR)


def _account(sip: Settings) -> Iterator[Finding]:
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


def _addresses(sip: Settings) -> Iterator[Finding]:
    for switch, address in _EXCLUSIVE:
        if sip.says_yes(switch) and sip.text(address):
            yield sip.finding(
                Severity.ERROR,
                switch,
                problem=f"is on beside {address}",
                consequence=SIP.refuses,
                remedy=f"Keep {address} and switch {switch} off, or the other way round",
            )


def _replaced(sip: Settings) -> Iterator[Finding]:
    """
    Values that livekit-sip puts its defaults in the place of.
    """
    ringing = sip.text("sip_ringing_interval")
    length = seconds(ringing)
    low, high = _RINGING_S
    if length is not None and not low <= length <= high:
        yield sip.finding(
            Severity.WARNING,
            "sip_ringing_interval",
            problem=f"{ringing} is not from {low:g} s to {high:g} s",
            consequence="livekit-sip takes 1 s instead",
            remedy="Choose a value within the limits",
        )
    if _is_number(share := sip.text("max_cpu_utilization")) and not 0 < float(share) <= 1:
        yield sip.finding(
            Severity.WARNING,
            "max_cpu_utilization",
            problem=f"{share} is not a share above 0, up to 1",
            consequence="livekit-sip takes 0.9 instead",
            remedy="Write 0.9 for 90 %",
        )
    rtp = sip.text("rtp_port")
    if port_range(rtp) and "-" not in rtp:
        yield sip.finding(
            Severity.WARNING,
            "rtp_port",
            problem="is one number",
            consequence="only the start of the range is set; its end stays 20000",
            remedy=f"Write {rtp}-20000, or the range that is meant",
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
