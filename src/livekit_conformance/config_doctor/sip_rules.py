"""
Rules for values in livekit-sip.yaml that are well-formed but wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

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
from livekit_conformance.environments.addresses import is_address, is_network
from livekit_conformance.wording import phrase

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
        yield sip.error("redis", what=phrase("redis.missing"))
    else:
        yield from check_redis(sip, SIP)
    yield from _account(sip)
    yield from _addresses(sip)
    yield from _replaced(sip)
    yield from _hostname(sip)
    yield from check_tls(sip)
    if sip.text("cluster_id"):
        yield sip.warning("cluster_id", what=phrase("cluster.set"))
    yield from check_level(sip, SIP, "logging", "level")
    yield from check_secrets(sip)
    yield from check_ports(sip, SIP)
    yield from collisions(sip_listeners(sip), severity=Severity.ERROR)


def _account(sip: Settings) -> Iterator[ConfigFinding]:
    for key, variable in _FROM_ENVIRONMENT.items():
        if not sip.text(key):
            yield sip.warning(key, what=phrase("account.missing", key=key, variable=variable))
    url = sip.text("ws_url")
    if url and urlsplit(url).scheme not in {"ws", "wss", "http", "https"}:
        yield sip.error("ws_url", what=phrase("server-url.no-scheme"))


def _addresses(sip: Settings) -> Iterator[ConfigFinding]:
    for switch, address in _EXCLUSIVE:
        if sip.says_yes(switch) and sip.text(address):
            what = phrase("address.two-choices", other=address, switch=switch)
            yield sip.error(switch, what=what)
    for key in ("listen_ip", "nat_1_to_1_ip", "media_nat_1_to_1_ip"):
        text = sip.text(key)
        if text and not is_address(text):
            yield sip.error(key, what=phrase("address.invalid"))
    # Only used if the address is not given.
    network = "" if sip.text("nat_1_to_1_ip") else sip.text("local_net")
    if network and not is_network(network):
        yield sip.error("local_net", what=phrase("address.not-a-network"))


def _hostname(sip: Settings) -> Iterator[ConfigFinding]:
    name = sip.text("sip_hostname")
    if set(name.replace("${IP}", "")) & _NOT_IN_A_HOSTNAME:
        yield sip.error("sip_hostname", what=phrase("address.no-hostname"))


def _replaced(sip: Settings) -> Iterator[ConfigFinding]:
    """
    Yield findings for values that livekit-sip replaces with its defaults.
    """
    ringing = sip.text("sip_ringing_interval")
    length = seconds(ringing)
    low, high = _RINGING_S
    if length is not None and not low <= length <= high:
        what = phrase("ringing.replaced", value=ringing, low=low, high=high)
        yield sip.warning("sip_ringing_interval", what=what)
    if _is_number(share := sip.text("max_cpu_utilization")) and not 0 < (number(share) or 0) <= 1:
        yield sip.warning("max_cpu_utilization", what=phrase("cpu.replaced", value=share))
    rtp = sip.text("rtp_port")
    if port_range(rtp) and "-" not in rtp:
        yield sip.warning("rtp_port", what=phrase("rtp.single-number", first=rtp))


def _is_number(text: str) -> bool:
    return number(text) is not None
