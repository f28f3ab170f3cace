"""
Findings in livekit.yaml and livekit-sip.yaml, and values that are accepted.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from livekit_conformance.config_doctor import Severity, check, check_server, check_sip
from livekit_conformance.config_doctor.services import SERVER, SIP
from livekit_conformance.config_doctor.values import FITS
from livekit_conformance.provisioners.local.stack import KeyPair, server_config, sip_config

KEYS = KeyPair("APIkey", "a-secret-of-more-than-32-bytes-0123456789")
ADDRESS = "127.9.9.9"
SECRET = f"api_secret: {KEYS.secret}\n"


def server(**changes: Any) -> dict[str, Any]:
    return merged(server_config(ADDRESS, KEYS, "http://127.9.9.9:9000/webhooks/livekit"), changes)


def sip(**changes: Any) -> dict[str, Any]:
    return merged(sip_config(ADDRESS, KEYS), changes)


def merged(config: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """
    Merge sections key by key; None removes a key.
    """
    both = {
        key: config[key] | value if isinstance(value, dict) and key in config else value
        for key, value in changes.items()
    }
    return {key: value for key, value in (config | both).items() if value is not None}


def found(server_file: dict[str, Any], sip_file: dict[str, Any]) -> set[tuple[str, str]]:
    findings = check(yaml.safe_dump(server_file), yaml.safe_dump(sip_file))
    return {(finding.severity.value, finding.key) for finding in findings}


def test_the_files_of_a_good_stack_are_left_alone():
    assert check(yaml.safe_dump(server()), yaml.safe_dump(sip())) == []


def test_a_finding_names_place_problem_consequence_and_remedy():
    (finding,) = [f for f in check_sip("redis: {address: h:1}\nmedia_timout: 5s\n") if f.line == 2]

    assert (finding.file, finding.column, finding.key) == ("livekit-sip.yaml", 1, "media_timout")
    assert finding.severity is Severity.ERROR
    assert "ignores it" in finding.consequence.en
    assert 'Did you mean "media_timeout"?' in finding.remedy.en
    assert str(finding).startswith("livekit-sip.yaml:2:1: media_timout: ")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("media_timout", "media_timout"),
        ("apiSecret", "apiSecret"),
        ("log-level", "log-level"),
        ("nat_1_to_2_ip", "nat_1_to_2_ip"),
        ("tSov5-xx", "***"),
        ("jmGk2Oe9", "***"),
        ("sjHv2.FV", "***"),
        ("ojsvxflfkyltijzmdyasvxejq", "***"),
        ("Xq9zLm2wTr0ub4d", "***"),
    ],
)
def test_an_unknown_key_that_may_be_a_secret_is_not_shown(key, shown):
    (finding,) = [f for f in check_sip(f"redis: {{address: h:1}}\n{key}: 1\n") if f.line == 2]

    assert finding.key == shown


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("port: 1\nport: 2\n", 2, 1, "occurs twice, first on line 1"),
        ("rtc:\n  tcp_port: 1\n  udp_port: 1\n  tcp_port: 2\n", 4, 3, "occurs twice"),
        ("port: [\n", 2, 1, "not YAML"),
        ("\tport: 1\n", 1, 1, "not YAML"),
        ("- port\n", 1, 1, "not a mapping"),
        ("prot: 7880\n", 1, 1, 'Did you mean "port"?'),
        ("sip: {trunk: 1}\n", 1, 7, "sip has no keys"),
        ("min_version: a\nudp_port: 7882\n", 2, 1, "belongs elsewhere: rtc.udp_port"),
        ("debug_handler_port: 1\n", 1, 1, "Write `debug_handler: {port: ...}`"),
        ("room: {create_room_timeout: 10}\n", 1, 29, "write 10s"),
        ("room:\n- a\n", 2, 1, "a list where a mapping belongs"),
        ("bind_addresses: 0.0.0.0\n", 1, 17, "a value where a list belongs"),
        ("webhook: {urls: {a: b}}\n", 1, 17, "a mapping where a list belongs"),
        ("region: [a]\n", 1, 9, "a list where a value belongs"),
        ("port: 70000\n", 1, 1, "not between 0 and 65535"),
        ("port: '7880'\n", 1, 7, "without quotes"),
        ("development: 'true'\n", 1, 14, "without quotes"),
        ("rtc: {udp_port: 9-8}\n", 1, 17, "not above the first"),
        ("rtc: {port_range_start: 200, port_range_end: 100}\n", 1, 30, "below port_range_start"),
        ("rtc: {tcp_port: 7880}\n", 1, 7, "overlaps with port of livekit.yaml"),
        ("turn: {enabled: true, udp_port: 50100}\n", 1, 23, "overlaps"),
        ("a:\n? [b]\n: c\n", 2, 3, "a key that is not text"),
        ("room: {<<: 5}\n", 1, 8, "merges something that is not a mapping"),
        ("sip_port: 5060\n", 1, 1, "livekit-sip has it: write it into livekit-sip.yaml"),
        ("audio: {active_level: 256}\n", 1, 23, "more than 255"),
        (
            "rtc: {udp_port: {start: 1}}\n",
            1,
            17,
            "silently ignores it and uses its default",
        ),
        ("rtc: {tcp_port: 70000}\n", 1, 7, "not between 0 and 65535"),
        ("rtc: {port_range_start: 60000, port_range_end: 70000}\n", 1, 32, "uses port 4464"),
        ("rtc: {port_range_start: 60000}\n", 1, 7, "is set without port_range_end"),
        ("rtc: {udp_port: 7882, port_range_start: 1, port_range_end: 9}\n", 1, 7, "together with"),
        ("rtc: {force_tcp: yes, tcp_port: 0}\n", 1, 7, "without a tcp_port"),
        ("rtc: {ips: {includes: [eth0]}}\n", 1, 13, "eth0 is not a network"),
        ("rtc: {node_ip: livekit}\n", 1, 16, "not an IP address"),
        ("bind_addresses: ['127.0.0.1:7880']\n", 1, 1, "more than an address"),
        ("bind_addresses: ['0.0.0.0', '127.0.0.1']\n", 1, 1, "the wildcard address and another"),
        ("bind_addresses: ['::1', '::1']\n", 1, 1, "lists an address twice"),
        ("turn: {enabled: yes}\n", 1, 8, "without a tls_port or a udp_port"),
        ("turn: {enabled: yes, tls_port: 5349}\n", 1, 8, "no domain"),
        ("turn: {enabled: yes, tls_port: 5349, domain: t}\n", 1, 8, "an invalid domain"),
        ("turn: {enabled: yes, tls_port: 5349, domain: t.test}\n", 1, 8, "no cert_file"),
        ("node_selector: {kind: best}\n", 1, 17, "Write one of: any, cpuload"),
        ("node_selector: {kind: regionaware}\n", 1, 1, "region: is missing"),
        ("log_level: loud\n", 1, 1, "logs from level info"),
        ("room: {max_participants: 1}\n", 1, 8, "caller and agent are two"),
        ("limit: {max_participant_identity_length: 5}\n", 1, 9, "Write at least 20"),
        ("room: {max_room_name_length: 12}\n", 1, 8, "keeps callers or agents out"),
        ("room: {enabled_codecs: [{mime: video/VP8}]}\n", 1, 8, "does not contain audio/opus"),
        ("webhook: {urls: ['app/hook']}\n", 1, 11, "does not begin with http://"),
        ("keys: {APIkey12: changeme}\n", 1, 8, "is a placeholder"),
        ("keys: {APIkey12: short}\n", 1, 8, "has 5 bytes, fewer than 32"),
        ("redis: {address: 'h:redis'}\n", 1, 9, "an invalid port"),
        ("prometheus_port: 7880\n", 1, 1, "the service refuses to start: it cannot listen twice"),
    ],
)
def test_what_is_wrong_in_the_servers_file_is_found_at_its_place(text, line, column, words):
    places = {(f.line, f.column): str(f) for f in check_server(text) if words in str(f)}

    assert (line, column) in places, check_server(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "redis: is missing"),
        ("redis: h:6379", "a value where a mapping belongs"),
        ("redis: {address: redis://h}", "is a URL"),
        ("redis: {address: h}", "has no port"),
        ("redis: {db: 1}", "names no address"),
        ("log_level: debug", "Write `logging: {level: ...}`"),
        ("webhook: {timeout: 5s}", "livekit-server sends the webhooks"),
        ("connection_timeout: 30s", "There is no such setting"),
        ("media_timeout: 30", "write 30s"),
        ("rtp_port: 10000-9000", "not above the first"),
        ("rtp_port: 12000", "only the start of the range is set"),
        ("sip_ringing_interval: 2m", "livekit-sip uses 1 s instead"),
        ("max_cpu_utilization: 90", "livekit-sip uses 0.9 instead"),
        ("use_external_ip: true\nnat_1_to_1_ip: 192.0.2.1", "is on together with nat_1_to_1_ip"),
        ("cluster_id: eu", "no response from servers"),
        ("tls: {port: 5061}", "has no certs"),
        ("ws_url: livekit:7880", "does not begin with ws://"),
        ("health_port: 8080\nprometheus_port: 8080", "overlaps"),
        ("health_port: 5060", "overlaps"),
        ("sip_port: 15060", "media cannot use the shared ports"),
        ("sip_port: 70000", "livekit-sip uses port 4464 instead"),
        ("health_port: 70000", "livekit-sip refuses to start"),
        ("health_port: -1", "switches the listener off"),
        ("rtp_port: 60000-70000", "no such ports"),
        ("rtp_port: [1, 2]", "silently ignores it and uses its default"),
        ("listen_ip: '127.0.0.1:5060'", "is not an IP address"),
        ("local_net: 192.0.2.0", "is not a network"),
        ("sip_hostname: 'sip.test:5060'", "more than a host name"),
        ("tls: {certs: [{cert_file: a}]}", "without cert_file or key_file"),
        ("tls: {certs: [{cert_file: a, key_file: b}], min_version: '1.2'}", "tls1.2"),
        ("tls: {certs: [{cert_file: a, key_file: b}], port: 5060}", "overlaps"),
        ("api_secret: ${SECRET}", "is a placeholder"),
        ("api_secret: short", "has 5 bytes, fewer than 32"),
        ("logging: {level: loud}", "logs from level info"),
        ("rtc: {tcp_port: 1}", "livekit-server has it: write it into livekit.yaml, as rtc"),
        ("udp_port: 7882", "as rtc.udp_port / turn.udp_port"),
    ],
)
def test_what_is_wrong_in_the_sip_services_file_is_found(text, words):
    assert any(words in str(finding) for finding in check_sip(text + "\n")), check_sip(text)


@pytest.mark.parametrize(
    "text",
    [
        "media_timeout: 1m30s",
        "media_timeout: '15s'",
        "rtp_draining_idle_timeout: -1s",
        "symmetric_rtp: yes",
        "codecs: {PCMU/8000: false}",
        "api_key: 12345",
        "logging:",
        "media_timeout: null",
        "rtp_port: 20000 - 30000",
        "tls: {certs: [{cert_file: a, key_file: b}], alpn: []}",
        "base: &redis {address: h:6379}",
        "udp_max_payload: 1_200",
        "enable_jitter_buffer_prob: 1",
        "sip_hostname: sip-${IP}.voice.test",
        "media_timeout:\t15s",
        "rtp_port: &ports 10000-20000\ntcp: {dial_port: &ports 30000-31000}",
        "tcp: {<<: {dial_port: x}, dial_port: 1-2}",
        # The content of an unknown key is not checked.
        "base: {a: 1, a: 2}",
        "nat_1_to_1_ip: 192.0.2.1\nlocal_net: anything",
    ],
)
def test_what_livekit_sip_reads_is_left_alone(text):
    beside = f"redis: {{address: h:6379}}\napi_key: a\n{SECRET}ws_url: ws://h:7880\n"
    kept = "" if text.startswith("api_key") else "api_key: a\n"
    known = {"base"}

    findings = check_sip(beside.replace("api_key: a\n", kept) + text + "\n")

    assert [finding for finding in findings if finding.key not in known] == []


def test_a_merged_section_counts_as_written():
    text = f"redis:\n  <<: &bus {{address: h:6379}}\n  db: 1\nws_url: ws://h\napi_key: a\n{SECRET}"

    assert check_sip(text) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"redis": {"address": "127.9.9.9:6380"}}, ("error", "redis.address")),
        ({"redis": {"password": "p"}}, ("warning", "redis.password")),
        ({"api_key": "APIother"}, ("error", "api_key")),
        ({"api_secret": "another-secret-of-more-than-32-bytes-0"}, ("error", "api_secret")),
        ({"ws_url": "ws://127.9.9.9:7881"}, ("error", "ws_url")),
        ({"ws_url": "ws://127.0.0.1:7880"}, ("error", "ws_url")),
        ({"ws_url": "ws://livekit:80"}, ("warning", "ws_url")),
        ({"rtp_port": "45000-55000"}, ("error", "rtp_port")),
        ({"sip_port": 7880}, ("error", "sip_port")),
    ],
)
def test_what_the_files_do_not_agree_on_is_found(changes, expected):
    assert found(server(), sip(**changes)) == {expected}


@pytest.mark.parametrize(
    ("server_changes", "sip_changes"),
    [
        # TLS ends at a proxy in front of the server, whose port may be any.
        ({}, {"ws_url": "wss://voice.test"}),
        ({"redis": {"address": "localhost:6379"}}, {"redis": {"address": "127.0.0.1:6379"}}),
        ({"redis": {"address": "Bus:6379"}}, {"redis": {"address": "bus:6379"}}),
        ({"redis": {"db": 1}}, {"redis": {"db": 2}}),
        ({"keys": None, "key_file": "/etc/keys"}, {"api_key": "APIother"}),
        ({"bind_addresses": ["0.0.0.0"]}, {"ws_url": "ws://127.0.0.1:7880"}),  # noqa: S104
        ({"rtc": {"port_range_start": 20001, "port_range_end": 30000}}, {}),
    ],
)
def test_what_may_differ_is_left_alone(server_changes, sip_changes):
    assert found(server(**server_changes), sip(**sip_changes)) == set()


def test_a_server_without_redis_leaves_the_bus_without_a_server():
    assert ("error", "redis") in found(server(redis=None), sip())


def test_overlapping_ranges_on_machines_of_their_own_are_only_a_warning():
    far = {"address": "bus.test:6379"}

    seen = found(
        server(redis=far), sip(redis=far, ws_url="wss://voice.test", rtp_port="50000-60000")
    )

    assert seen == {("warning", "rtp_port")}


def test_a_webhook_key_that_the_server_does_not_have_is_found():
    webhook = {"api_key": "APIother"}

    assert found(server(webhook=webhook), sip()) == {("error", "webhook.api_key")}


def test_no_finding_tells_a_value_that_may_be_secret():
    canary = "canary-Zq81"
    text = "\n".join(
        [
            f"keys: {canary}",
            f"redis: {{address: '{canary}', password: [{canary}], tls: {canary}}}",
            f"webhook: {{api_key: [{canary}], urls: {canary}}}",
            f"turn: {{enabled: {canary}}}",
            f"api_key: {canary}",
            f"api_secret: {{x: {canary}}}",
        ]
    )

    findings = [*check_server(text), *check_sip(text), *check(text, text)]

    assert findings
    assert canary not in "\n".join(map(str, findings))


@pytest.mark.parametrize("service", [SERVER, SIP], ids=lambda service: service.name)
def test_every_kind_of_a_key_table_is_known(service):
    def kinds(table):
        match table:
            case dict():
                for inner in table.values():
                    yield from kinds(inner)
            case [inner]:
                yield from kinds(inner)
            case _:
                yield table

    assert set(kinds(service.keys)) <= {*FITS, "any"}


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "a", "{", "\0", "? [a]\n: b\n", "1: 2\n"]
)
def test_nothing_that_is_read_ends_in_an_exception(text):
    assert isinstance(check(text, text), list)


def test_a_mapping_that_contains_itself_or_ever_more_of_the_same_is_read_once():
    levels = "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, {{<<: *a{n - 1}}}]}}\n" for n in range(1, 40))

    assert check_server("room: &room {<<: *room, prot: 1}\n")
    assert check_server(f"a0: &a0 {{b: 1}}\n{levels}limit: *a39\n")


def test_the_deprecated_port_for_metrics_may_be_the_other_one_too():
    text = "keys: {APIkey12: " + KEYS.secret + "}\nprometheus_port: 1\nprometheus: {port: 1}\n"

    assert check_server(text) == []


def test_in_development_livekit_server_makes_its_keys_up():
    hook = "development: true\nwebhook: {urls: ['http://app/'], api_key: KEY}\n"

    assert check_server(hook.replace("KEY", "devkey")) == []
    assert [f.key for f in check_server(hook)] == ["webhook.api_key"]


@pytest.mark.parametrize(
    "text",
    [
        "room: {max_participants: 2}\n",
        "room: {max_participants: 0}\n",
        "limit: {max_room_name_length: 256, max_participant_identity_length: 256}\n",
        "room: {enabled_codecs: [{mime: audio/OPUS}, {mime: audio/red}]}\n",
        "room: {enabled_codecs: []}\n",
    ],
)
def test_limits_that_leave_room_for_a_call_are_left_alone(text):
    assert not [finding for finding in check_server(text) if finding.key.startswith(("room", "l"))]
