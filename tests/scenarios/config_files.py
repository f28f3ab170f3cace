"""
Configuration files for livekit-server and livekit-sip, with good and bad values.

A file is a good one in which the sections of a case replace its own. The expected behaviour is not
recorded here: the linter predicts it, and the service shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SECRET = "a-secret-of-more-than-32-bytes-0123456789"
# A run fills in the names in capitals. FREE1 to FREE3 are ports without a listener.
_GOOD = MappingProxyType(
    {
        "livekit-server": {
            "bind_addresses": "bind_addresses: [ADDRESS]",
            "redis": "redis: {address: 'REDIS'}",
            "keys": f"keys: {{APIkey: {SECRET}}}",
            "rtc": "rtc: {node_ip: 127.0.0.1, tcp_port: 0}",
        },
        "livekit-sip": {
            "redis": "redis: {address: 'REDIS'}",
            "api_key": "api_key: APIkey",
            "api_secret": f"api_secret: {SECRET}",
            "ws_url": "ws_url: ws://ADDRESS:7880",
            "listen_ip": "listen_ip: ADDRESS",
            "nat_1_to_1_ip": "nat_1_to_1_ip: ADDRESS",
            # The service reports only here that it is ready.
            "logging": "logging: {level: debug}",
        },
    }
)
_SECTION = re.compile(r"^(\w+):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """
    A file for a service. `encode` makes its bytes, `environ` is the environment of the service.

    With `alone` the text is the whole file.
    """

    service: str
    name: str
    text: str
    alone: bool = False
    encode: Callable[[str], bytes] = str.encode
    environ: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.service}: {self.name}"

    def content(self, values: Mapping[str, str]) -> bytes:
        """
        Return the file, with the values of a run filled in.
        """
        text = f"{self.text}\n" if self.text else ""
        if not self.alone:
            own = set(_SECTION.findall(text))
            kept = [line for name, line in _GOOD[self.service].items() if name not in own]
            text = text + "".join(f"{line}\n" for line in kept)
        for name, value in values.items():
            text = text.replace(name, value)
        return self.encode(text)


def _server(name: str, text: str, **how: object) -> Case:
    return Case("livekit-server", name, text, **how)  # type: ignore[arg-type]  # as the fields


def _sip(name: str, text: str, **how: object) -> Case:
    return Case("livekit-sip", name, text, **how)  # type: ignore[arg-type]  # as the fields


_RTC = "rtc: {node_ip: 127.0.0.1, tcp_port: 0"
_TURN = "turn: {enabled: true, bind_addresses: [ADDRESS]"
_SIMPLE = """\
redis: {address: 'REDIS'}
listen_ip: ADDRESS
nat_1_to_1_ip: ADDRESS
logging: {level: debug}"""
_HALF_A_PAIR = "redis: {address: 'REDIS', tls: {enabled: yes, client_cert_file: CERTIFICATE}}"
_REGIONS = "node_selector: {kind: regionaware, regions: [{name: eu, lat: 50, lon: 8}]}"
_TLS = "tls: {certs: [{cert_file: CERTIFICATE, key_file: PRIVATE}]"

SERVER_CASES = (
    _server("good", ""),
    # -- YAML
    _server("unclosed list", "port: ["),
    _server("tab at the start of a line", "room:\n\tempty_timeout: 5"),
    _server("tab between key and value", "port:\t7880\t# as always"),
    _server("tab behind a dash", "bind_addresses:\n-\tADDRESS"),
    _server("tab behind a value", "region: eu\t"),
    _server("empty key", "room: {~: 1}"),
    _server("key twice", "port: 7880\nport: 7880"),
    _server("key twice inside a section", "room:\n  auto_create: true\n  auto_create: true"),
    _server("list at the top", "- port", alone=True),
    _server("text at the top", "port", alone=True),
    _server("empty file", "", alone=True),
    _server("comments only", "# port: 7880", alone=True, environ={"LIVEKIT_KEYS": f"a: {SECRET}"}),
    _server("second document", "port: 7880", encode=lambda text: f"{text}---\nprot: 1\n".encode()),
    _server(
        "second document that is no YAML", "", encode=lambda text: f"{text}---\na: [\n".encode()
    ),
    _server("byte order mark", "port: 7880", encode=lambda text: text.encode("utf-8-sig")),
    _server("UTF-16", "port: 7880", encode=lambda text: text.encode("utf-16")),
    _server("Latin-1", "region: Köln", encode=lambda text: text.encode("latin-1")),
    _server(
        "Windows line ends", "port: 7880", encode=lambda text: text.replace("\n", "\r\n").encode()
    ),
    _server("control character", "region: a\x01b"),
    _server("alias without anchor", "region: *here"),
    _server("alias", "region: &here eu\nlog_level: *here"),
    _server("anchor twice", "region: &here eu\nlog_level: &here info"),
    _server("merged section", "limit: &some {num_tracks: 5}\nroom: {<<: *some}"),
    _server("merged section that fits", "room: {<<: {auto_create: true}, empty_timeout: 5}"),
    _server(
        "merged value that does not fit but is not used",
        "room: {<<: {empty_timeout: x}, empty_timeout: 5}",
    ),
    _server("merge of a value", "room: {<<: 5}"),
    _server("merge of itself", "room: &room {<<: *room}"),
    _server("key that is a list", "? [a]\n: b"),
    # -- keys
    _server("misspelt key", "prot: 7880"),
    _server("key of livekit-sip", "sip_port: 5060"),
    _server("key in a section that has none", "sip: {trunk: a}"),
    _server("key in the wrong place", "udp_port: 7882"),
    _server("setting of the sample file", "debug_handler_port: 6060"),
    _server("other case", "Region: eu"),
    # -- values
    _server("port in quotes", "port: '7880'"),
    _server("port with a point", "port: 7880.7"),
    _server("port in octal", "port: 0o17310"),
    _server("port below zero", "port: -1"),
    _server("port above 65535", "port: 70000"),
    _server("duration without unit", "room: {create_room_timeout: 10}"),
    _server("duration", "room: {create_room_timeout: 1m30s}"),
    _server("zero as duration, in quotes", "room: {create_room_timeout: '0'}"),
    _server("duration where seconds belong", "room: {empty_timeout: 10s}"),
    _server("more than 32 bits", "room: {empty_timeout: 4294967296}"),
    _server("more than 8 bits", "audio: {active_level: 256}"),
    _server("yes", f"development: yes\n{_RTC}, udp_port: FREE1}}"),
    _server("true in quotes", "development: 'true'"),
    _server("one address in the place of a list", "bind_addresses: ADDRESS"),
    _server("section as text", "room: none"),
    _server("section that is empty", "room:\nlogging:"),
    _server("level that is none", "logging: {level: loud}"),
    # -- rules
    _server("no keys", "keys:"),
    _server("keys as text", f"keys: 'APIkey: {SECRET}'"),
    _server("short secret", "keys: {APIkey: short}"),
    _server("no keys in development mode", f"keys:\ndevelopment: true\n{_RTC}, udp_port: FREE1}}"),
    _server("webhook key unknown", "webhook: {api_key: APIother, urls: ['http://ADDRESS:1/']}"),
    _server("webhook key missing", "webhook: {urls: ['http://ADDRESS:1/']}"),
    _server("webhook key unknown, no URL", "webhook: {api_key: APIother}"),
    _server(
        "webhook key without secret", "keys: {APIkey: ''}\nwebhook: {api_key: APIkey, urls: [x]}"
    ),
    _server("webhook", "webhook: {api_key: APIkey, urls: ['http://ADDRESS:1/']}"),
    _server("Redis as text", "redis: REDIS"),
    _server("Redis without address", "redis: {db: 1}"),
    _server("Redis without port", "redis: {address: ADDRESS}"),
    _server("Redis as URL", "redis: {address: 'redis://REDIS'}"),
    _server("address with port", "bind_addresses: ['ADDRESS:7880']"),
    _server("address twice", "bind_addresses: [ADDRESS, ADDRESS]"),
    _server("node_ip as name", "rtc: {node_ip: localhost, tcp_port: 0}"),
    _server("range of media ports", f"{_RTC}, port_range_start: 50000, port_range_end: 50100}}"),
    _server(
        "range of media ports, reversed",
        f"{_RTC}, port_range_start: 9, port_range_end: 8}}",
    ),
    _server("range of media ports, half", f"{_RTC}, port_range_start: 50000}}"),
    _server("range beyond 65535", f"{_RTC}, port_range_start: 60000, port_range_end: 70000}}"),
    _server("UDP ports reversed", f"{_RTC}, udp_port: 7900-7800}}"),
    _server("UDP port as mapping", f"{_RTC}, udp_port: {{start: 7800, end: 7900}}}}"),
    _server("UDP port above 65535", f"{_RTC}, udp_port: 70000}}"),
    _server("TCP forced", f"{_RTC}, force_tcp: true}}"),
    _server("TCP port above 65535", "rtc: {node_ip: 127.0.0.1, tcp_port: 70000}"),
    _server("networks that are none", f"{_RTC}, ips: {{includes: [eth0]}}}}"),
    _server("networks", f"{_RTC}, ips: {{includes: [127.0.0.0/8]}}}}"),
    _server("one port for API and metrics", "prometheus: {port: 7880}"),
    _server(
        "one port for metrics and debugging",
        "prometheus: {port: 6789}\ndebug_handler: {port: 6789}",
    ),
    _server("one port for metrics, twice", "prometheus: {port: 6789}\nprometheus_port: 6789"),
    _server(
        "one port for API and ICE over TCP",
        "port: FREE1\nrtc: {node_ip: 127.0.0.1, tcp_port: FREE1}",
    ),
    _server("TURN without ports", f"{_TURN}}}"),
    _server("TURN over UDP", f"{_TURN}, udp_port: 3478}}"),
    _server("TURN over TLS without domain", f"{_TURN}, tls_port: 5349, external_tls: true}}"),
    _server(
        "TURN over TLS, poor domain", f"{_TURN}, tls_port: 5349, external_tls: true, domain: turn}}"
    ),
    _server("TURN over TLS", f"{_TURN}, tls_port: 5349, external_tls: true, domain: turn.test}}"),
    _server("TURN over TLS without certificate", f"{_TURN}, tls_port: 5349, domain: turn.test}}"),
    _server("TURN port above 65535", f"{_TURN}, udp_port: 70000}}"),
    _server("TURN relay above 65535", "turn: {relay_range_end: 70000}"),
    _server("TURN off, port above 65535", "turn: {udp_port: 70000}"),
    _server("selector that is none", "node_selector: {kind: best}"),
    _server("selector by region without region", "node_selector: {kind: regionaware}"),
    _server(
        "selector by region",
        f"region: eu\n{_REGIONS}",
    ),
    _server(
        "selector by another region",
        f"region: us\n{_REGIONS}",
    ),
)

SIP_CASES = (
    _sip("good", ""),
    _sip(
        "simple variant",
        _SIMPLE,
        alone=True,
    ),
    # -- YAML
    _sip("unclosed list", "sip_port: ["),
    _sip("tab at the start of a line", "tcp:\n\tdial_port: 1-2"),
    _sip("tab between key and value", "sip_port:\t5060\t# as always"),
    _sip("key twice", "sip_port: 5060\nsip_port: 5060"),
    _sip("key twice in a section that is ignored", "webhook:\n  a: 1\n  a: 2"),
    _sip("empty file", "", alone=True),
    _sip("comments only", "# nothing", alone=True),
    _sip("second document", "", encode=lambda text: f"{text}---\nsip_port: x\n".encode()),
    _sip("byte order mark", "", encode=lambda text: text.encode("utf-8-sig")),
    _sip("Latin-1", "cluster_id: Köln", encode=lambda text: text.encode("latin-1")),
    _sip("Windows line ends", "", encode=lambda text: text.replace("\n", "\r\n").encode()),
    _sip("alias without anchor", "api_key: *here"),
    _sip("anchor in a key that is ignored", "bus: &bus {address: 'REDIS'}\nredis: *bus"),
    _sip("merged section", "bus: &bus {address: 'REDIS'}\nredis: {<<: *bus, db: 0}"),
    # -- keys that are ignored
    _sip("misspelt key", "sip_prot: 5070"),
    _sip("log_level", "log_level: debug"),
    _sip("timeouts of the report", "connection_timeout: 30s\nkeep_alive: 25s"),
    _sip(
        "reconnection of the report",
        "auto_reconnect: true\nreconnect_delay: 1s",
    ),
    _sip("webhooks of the report", "webhook: {retry: 3, timeout: 5s}"),
    _sip("health check of the report", "health_check: {enabled: true, interval: 30s}"),
    _sip("keys of livekit-server", "port: 7880\nkeys: {a: b}\nrtc: {tcp_port: 7881}"),
    _sip("unknown key in a known section", "experimental: {wait: true}"),
    # -- values
    _sip("port in quotes", "sip_port: '5060'"),
    _sip("port above 65535", "sip_port: 70000"),
    _sip("port below zero", "health_port: -1"),
    _sip("health port above 65535", "health_port: 70000"),
    _sip("health port", "health_port: FREE1"),
    _sip("duration without unit", "media_timeout: 30"),
    _sip("duration", "media_timeout: 30s"),
    _sip("ringing interval out of its limits", "sip_ringing_interval: 2m"),
    _sip("negative draining", "rtp_draining_idle_timeout: -1s"),
    _sip("CPU as percent", "max_cpu_utilization: 90"),
    _sip("CPU as text", "max_cpu_utilization: 90%"),
    _sip("RTP ports reversed", "rtp_port: 10000-9000"),
    _sip("RTP ports with blanks", "rtp_port: 10000 - 20000"),
    _sip("RTP ports as mapping", "rtp_port: {start: 10000, end: 20000}"),
    _sip("RTP ports as list", "rtp_port: [10000, 20000]"),
    _sip("RTP ports beyond 65535", "rtp_port: 60000-70000"),
    _sip("one RTP port", "rtp_port: 12000"),
    _sip("codecs as list", "codecs: [PCMU/8000]"),
    _sip("codecs", "codecs: {PCMU/8000: false}"),
    _sip("yes in quotes", "symmetric_rtp: 'yes'"),
    _sip("true in quotes", "symmetric_rtp: 'true'"),
    _sip("logging as text", "logging: debug"),
    _sip("key that is a number", "api_key: 12345"),
    # -- rules
    _sip("Redis missing", "redis:"),
    _sip("Redis without address", "redis: {}"),
    _sip("Redis as text", "redis: REDIS"),
    _sip("Redis without port", "redis: {address: ADDRESS}"),
    _sip("Redis as URL", "redis: {address: 'redis://REDIS'}"),
    _sip("Redis on a port that is none", "redis: {address: 'ADDRESS:redis-port'}"),
    _sip(
        "Redis certificate without its key",
        _HALF_A_PAIR,
    ),
    _sip("account missing", "api_key:\napi_secret:\nws_url:"),
    _sip("ws_url without scheme", "ws_url: ADDRESS:7880"),
    _sip("placeholders", "api_key: <api-key>\napi_secret: ${SECRET}"),
    _sip("two ways to the address", "use_external_ip: true"),
    _sip(
        "two ways to the address of media",
        "media_use_external_ip: true\nmedia_nat_1_to_1_ip: 127.0.0.1",
    ),
    _sip("listen_ip with port", "listen_ip: 'ADDRESS:5060'"),
    _sip("listen_ip as name", "listen_ip: localhost"),
    _sip("nat_1_to_1_ip as name", "nat_1_to_1_ip: sip.test"),
    _sip("media_nat_1_to_1_ip as name", "media_nat_1_to_1_ip: media.test"),
    _sip("network that is none", "nat_1_to_1_ip:\nlocal_net: 192.0.2.0"),
    _sip("network that is none, not asked for", "local_net: 192.0.2.0"),
    _sip("host name with port", "sip_hostname: 'sip.test:5060'"),
    _sip("host name", "sip_hostname: sip.test"),
    _sip("one port for SIP and health", "sip_port: FREE1\nhealth_port: FREE1"),
    _sip("one port for health and metrics", "health_port: FREE1\nprometheus_port: FREE1"),
    _sip("SIP port inside the RTP ports", "sip_port: 15060"),
    _sip("TLS without certificates", "tls: {port: 5061}"),
    _sip("TLS, empty", "tls: {}"),
    _sip("TLS, certificate without key", "tls: {certs: [{cert_file: CERTIFICATE}]}"),
    _sip("TLS", f"{_TLS}}}"),
    _sip("TLS version", f"{_TLS}, min_version: tls1.2}}"),
    _sip("TLS version that is none", f"{_TLS}, min_version: '1.2'}}"),
    _sip("TLS on the port of SIP", f"{_TLS}, port: 5060}}"),
)

CASES = (*SERVER_CASES, *SIP_CASES)
