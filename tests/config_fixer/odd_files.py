"""
Files as people write them, each with its repair: only `<<before|after>>` may change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from livekit_conformance.config_doctor.services import SERVER, SIP, ConfiguredService

_CHANGE = re.compile(r"<<(.*?)\|(.*?)>>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class OddFile:
    """
    Text of a file with its expected changes marked in it.
    """

    name: str
    service: ConfiguredService
    marked: str

    @property
    def before(self) -> str:
        return _CHANGE.sub(lambda change: change[1], self.marked)

    @property
    def after(self) -> str:
        return _CHANGE.sub(lambda change: change[2], self.marked)


R = "redis: {address: 'h:1'}\n"
# Secrets in the files have the length that livekit-server requires.
S = "9f3c1d7a5b2e48608d1f6c3b7a90e2d4"
K = f"keys:\n  APIodd: {S}\n"

_SIP = {
    "comments": "# head\n\n" + R + "<<log_level|logging:\n  level>>: debug   # why: ##\n# tail\n",
    "comment-without-a-blank-line": R + "#<not a key>\n<<sip_prot|sip_port>>: 1\n",
    "windows": "# head\r\nredis:\r\n  address: h:1\r\n<<log_level|logging:\r\n  level>>: info\r\n",
    "windows-inside-only": "redis:\r\n  address: h:1\n<<sip_prot|sip_port>>: 5060\r\n",
    "byte-order-mark": "\ufeff<<sip_prot|sip_port>>: 5060\n" + R,
    "byte-order-mark-and-move": "\ufeff<<log_level|logging:\n  level>>: info\n" + R,
    "no-final-newline": R + "media_timeout: <<30|30s>>",
    "no-final-newline-move": (
        "logging:\n  json: true<<|\n  level: info>>\nredis: {address: 'h:1'}<<\nlog_level: info|>>"
    ),
    "many-final-newlines": R + "media_timeout: <<30|30s>>\n\n\n",
    "trailing-blanks": R + "media_timeout:   <<30|30s>>  \t \n<<sip_prot|sip_port>>: 5060   \n",
    "tab-in-quotes": R + 'sip_hostname: "a\tb"\nmedia_timeout: <<30|30s>>\n',
    "tab-before-comment": R + "media_timeout: <<30|30s>>\t# thirty\n",
    "four-blanks": (
        "redis:\n    address: h:1\n"
        "logging:\n    json: true # keep<<|\n    level: info # c>>\n"
        "<<log_level: info # c\n|>>"
    ),
    "four-blanks-new": "redis:\n    address: h:1\n<<log_level|logging:\n    level>>: info\n",
    "indented-top-level": "  redis: {address: 'h:1'}\n  <<log_level|logging:\n    level>>: info\n",
    "anchor-elsewhere": (
        "redis: &r\n  address: h:1\ncodecs: &c {PCMU: true}\nmedia_timeout: <<30|30s>>\n"
    ),
    "alias-elsewhere": "api_key: &k APIodd\ncluster_id: *k\n" + R + "<<sip_prot|sip_port>>: 5060\n",
    "flow": "{redis: {address: 'h:1'}, <<log_level|logging: {level>>: info<<|}>>}\n",
    "flow-on-lines": "{\n  redis: {address: 'h:1'}, # r\n  <<sip_prot|sip_port>>: 5060, # p\n}\n",
    "flow-section": R + "logging: {<<|level: info, >>json: true}\n<<log_level: info\n|>>",
    "empty-flow-section": R + "logging: {<<|level: info>>}\n<<log_level: info\n|>>",
    "empty-section": R + "logging:<<| {level: info}>>   # nothing yet\n<<log_level: info\n|>>",
    "quoted-keys": R + "\"<<sip_prot|sip_port>>\": 5060\n'<<bind_address|listen_ip>>': 127.0.0.1\n",
    "quotes-kept": R + "media_timeout: '<<30|30s>>'\nsip_ringing_interval: \"<<2|2s>>\"\n",
    "quotes-off": R + "sip_port: <<'5060'|5060>>\nsymmetric_rtp: <<\"true\"|true>>\n",
    "colon-apart": R + "sip_port  :   <<'5060'|5060>>\n<<sip_hostnam|sip_hostname>> : a\n",
    "block-text": R + "jaeger_url: |\n  http://a\n   # no comment\n\nmedia_timeout: <<30|30s>>\n",
    "folded-text": R + "jaeger_url: >-\n  http://a\n<<sip_prot|sip_port>>: 5060\n",
    "text-over-lines": R + "jaeger_url: 'http://a\n  b'\n<<sip_prot|sip_port>>: 5060\n",
    "order": "ws_url: ws://h\n<<port|sip_port>>: 5062\napi_key: APIodd\nredis: {address: 'h:1'}\n",
    "document-marks": "---\n" + R + "<<sip_prot|sip_port>>: 5060\n...\n",
    "directive": "%YAML 1.1\n---\n" + R + "<<sip_prot|sip_port>>: 5060\n",
    "cyrillic": "# порт\n" + R + "jaeger_url: 'адрес' # ё\n<<sip_prot|sip_port>>: 5060 # порт\n",
    "emoji": "# \U0001f4de\n" + R + "<<sip_prot|sip_port>>: 5060 # \U0001f4de\n",
    "health-check": R + "<<health_check: true|health_port: 8080>>  # please\n",
    "units": R + "media_timeout: <<30 seconds|30s>>\nmedia_timeout_initial: <<1 min|1m>>\n",
    "camels": R + "<<sipPort|sip_port>>: 5060\n<<RTP-Port|rtp_port>>: 10000-20000\n",
    "range": R + 'rtp_port: "<<10000:20000|10000-20000>>"\n',
    "redis-as-a-value": "redis: <<h:6379|{address: h:6379}>> # r\n",
    "redis-as-a-url": "redis:\n  address: <<redis://h|h:6379>>\n",
    "equal-twice": R + "sip_port: 5060 # a\n<<sip_port: 5060 # b\n|>>rtp_port: 10000-20000\n",
    "list-of-one": R + "<<bind_addresses: [127.0.0.1]|listen_ip: 127.0.0.1>>\n",
    "two-in-one": R + "<<media_timout|media_timeout>>: <<30|30s>> # c\n",
    "old-line-ends": "redis: {address: 'h:1'}\r<<log_level|logging:\r  level>>: info\r",
}
_SERVER = {
    "wishes-go": (
        K + "# c\n<<reconnect:\n  attempts: 10\n  # inner\n  delay: 1s\n|>># d\n"
        "port: 7880\n<<keep_alive: 25s # k\n|>>"
    ),
    "wish-in-flow": f"{{keys: {{APIodd: {S}}}, port: 7880<<, keep_alive: 25s|>>}}\n",
    "first-wish-in-flow": f"{{<<keep_alive: 25s, |>>keys: {{APIodd: {S}}}}}\n",
    "last-wish-without-newline": K + "port: 7880<<\nkeep_alive: 25s|>>",
    "section-is-made": K + "<<debug_handler_port|debug_handler:\n  port>>: 6789 # d\n",
    "section-is-there": (
        K + "rtc:\n  tcp_port: 7881<<|\n  use_ice_lite: true # i>>\n<<use_ice_lite: true # i\n|>>"
    ),
    "pair-strays": (
        K + "<<port_range_start: 50000\nport_range_end: 60000\n|>>"
        "rtc:\n  tcp_port: 7881<<|\n  port_range_start: 50000\n  port_range_end: 60000>>\n"
    ),
    "list-in-block": (
        K + "bind_addresses: <<127.0.0.1|[127.0.0.1]>>\n"
        "node_stats:\n  stats_rate_measurement_intervals:\n    - <<10|10s>> # a\n    - 20s\n"
    ),
    "seconds-are-counted": K
    + "room: {empty_timeout: <<5m|300>>, create_room_timeout: <<10|10s>>}\n",
    "webhooks": K
    + "<<webhooks|webhook>>:\n  urls: [http://a/]<<|\n  api_key: APIodd>>\n<<  timeout: 5s\n|>>",
}
ODD_FILES = tuple(
    OddFile(name, service, marked)
    for service, files in ((SIP, _SIP), (SERVER, _SERVER))
    for name, marked in files.items()
)
