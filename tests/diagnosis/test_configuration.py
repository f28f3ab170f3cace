"""
Causes named for errors in the configuration files.
"""

from dataclasses import replace

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.config_doctor import ConfigFinding, Severity, check
from livekit_conformance.config_doctor.judge import level_of, link_of
from livekit_conformance.diagnosis.chain_state import chain_of
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.findings import Level
from livekit_conformance.observations import Observation
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.diagnosis.signs import log, named, record, seen

SERVER = """\
port: 7880
redis: {address: "127.0.0.1:6379"}
keys: {APIkey: a-secret-that-is-long-enough-for-all}
rtc: {tcp_port: 0}
"""
SIP = """\
api_key: APIkey
api_secret: a-secret-that-is-long-enough-for-all
ws_url: ws://127.0.0.1:7880
redis: {address: "127.0.0.1:6379"}
"""

AGREE = record("1.5-configs-agree")
NO_CALL = record("1.5-invite-is-not-rejected", link=Link.JOIN)
JOINS = record("1.1-sip-service-joins-the-server", Verdict.PASS)
SERVER_SILENT = record("1.1-server-answers", Verdict.BLOCKED, Link.SERVER)
SERVER_RUNS = record("1.1-server-answers", Verdict.PASS)
SIP_SILENT = record("1.5-sip-answers-options", Verdict.BLOCKED, Link.SIP_SOCKET)
SIP_RUNS = record("1.5-sip-answers-options", Verdict.PASS)


def observed(finding: ConfigFinding, level: Level | None) -> Observation:
    return seen(
        "config",
        file=finding.file,
        key=finding.key,
        link=link_of(finding),
        severity="error" if level == "MUST" else "warning",
        what=finding.what.code,
        reaction=finding.reaction,
        between_files=finding.is_between_files,
    )


def blamed(records: list[CheckRecord], server: str = SERVER, sip: str = SIP) -> list[str]:
    """
    Return the causes, if the checks of the files came after these.
    """
    so_far = chain_of(records)
    judged = [
        (finding, level_of(finding, working=so_far.working, broken=so_far.broken))
        for finding in check(server, sip)
    ]
    levels = {level for _, level in judged if level}
    if not levels:
        return []
    agree = record("1.5-configs-agree", Verdict.FAIL if "MUST" in levels else Verdict.WARN)
    findings = [observed(finding, level) for finding, level in judged]
    return [found.id for found in diagnose([*records, agree], findings)]


def test_good_files_have_no_finding():
    assert [each for each in check(SERVER, SIP) if each.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    "setting",
    [
        "flood_protection: {enabled: true}",
        "rate_limits: {invite: 5}",
        "room_mapper: {prefix: voice}",
        "log_level: debug",
        "port: 5070",
        "bind_address: 127.0.0.1",
    ],
)
def test_an_invented_setting_of_livekit_sip_has_no_effect(setting):
    found = blamed([SIP_RUNS, SERVER_RUNS, NO_CALL], sip=f"{SIP}{setting}\n")

    assert "settings-have-no-effect" in found
    # Where nothing of a call is broken, it hurts nobody.
    assert blamed([SIP_RUNS, SERVER_RUNS, JOINS], sip=f"{SIP}{setting}\n") == []


def test_a_misspelt_setting_stands_at_the_link_of_the_one_that_was_meant():
    silent = record("1.5-audio-flows-both-ways", link=Link.MEDIA)
    sip = f"{SIP}rtp_prot: 20000-20100\n"
    findings = [observed(each, level_of(each, broken={Link.MEDIA})) for each in check(SERVER, sip)]

    found = {each.id: each.link for each in diagnose([silent, AGREE], findings)}

    assert found["settings-have-no-effect"] == Link.MEDIA


@pytest.mark.parametrize(
    "line",
    [
        "webhooks: {urls: []}",
        "turn: {enabled: maybe}",
        "prometheus: {port: 7880}",
        "logging: {level: info",
    ],
)
def test_a_livekit_yaml_that_cannot_start_explains_the_silent_server(line):
    first, *_ = blamed([SERVER_SILENT, SIP_RUNS], server=f"{SERVER}{line}\n")

    assert first == "server-does-not-start"


@pytest.mark.parametrize(
    "line",
    [
        "sip_port: fifty",
        "health_port: 5060",
        "use_external_ip: true\nnat_1_to_1_ip: 192.0.2.1",
        "logging: {level: info",
    ],
)
def test_a_livekit_sip_yaml_that_cannot_start_explains_the_silent_service(line):
    first, *_ = blamed([SERVER_RUNS, SIP_SILENT], sip=f"{SIP}{line}\n")

    assert first == "sip-service-does-not-start"


def test_the_same_file_beside_a_running_service_is_a_warning_for_its_next_start():
    found = blamed([SERVER_RUNS, SIP_RUNS], server=f"{SERVER}webhooks: {{}}\n")

    assert found == ["service-will-not-start-again"]


def test_a_webhook_key_that_is_none_of_keys_is_named_before_the_silent_server():
    webhook = "webhook: {urls: ['http://127.0.0.1:1/'], api_key: APIother}\n"

    found = blamed([SERVER_SILENT, SIP_RUNS], server=SERVER + webhook)

    assert found[0] == "webhook-key-is-not-known"
    assert "server-does-not-start" not in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("long-enough-for-all", "another-deployment"),
        ("APIkey", "APIother"),
        ("ws://127.0.0.1:7880", "ws://127.0.0.1:7890"),
        ("ws://127.0.0.1:7880", "tcp://127.0.0.1:7880"),
        ("127.0.0.1:6379", "127.0.0.1:6380"),
        ("api_key", "rtp_port: 50000-50100\napi_key"),
    ],
)
def test_what_the_files_say_differently_is_a_contradiction(old, new):
    found = blamed([SERVER_RUNS, SIP_RUNS], sip=SIP.replace(old, new))

    assert found == ["service-files-disagree"]


@pytest.mark.parametrize(
    ("old", "new", "works"),
    [
        # A relay forwards the port.
        ("ws_url: ws://127.0.0.1:7880", "ws_url: ws://127.0.0.1:7890", JOINS),
        # Two names of one Redis.
        ("127.0.0.1:6379", "redis.example:6379", record("1.5-bus-has-a-server", Verdict.PASS)),
    ],
)
def test_files_that_disagree_where_the_link_works_hurt_nobody(old, new, works):
    sip = SIP.replace(old, new)

    assert blamed([SERVER_RUNS, SIP_RUNS, works], sip=sip) == []
    broken = replace(works, verdict=Verdict.FAIL, broken_link=BY_ID[works.id].link)
    assert "service-files-disagree" in blamed([SERVER_RUNS, SIP_RUNS, broken], sip=sip)


@pytest.mark.parametrize(
    ("server", "sip"),
    [
        (f"{SERVER}prot: 7880\n", SIP),
        # The file was edited: livekit-sip still runs with the former secret.
        (SERVER, SIP.replace("long-enough-for-all", "another-deployment")),
        # Calls work with a secret that everybody knows, and with ports that collide now and then.
        (SERVER.replace("a-secret-that-is-long-enough-for-all", "changeme"), SIP),
        (SERVER, f"{SIP}rtp_port: 50000-50100\n"),
    ],
)
def test_what_nothing_makes_up_for_is_a_violation_though_all_links_work(server, sip):
    assert "MUST" in {level_of(each, working=set(Link)) for each in check(server, sip)}


def test_a_file_that_cannot_be_read_contradicts_nothing():
    findings = check(SERVER + "a: [\n", SIP)

    assert [finding.file for finding in findings] == ["livekit.yaml"]


def test_both_a_setting_without_effect_and_a_contradiction_are_named():
    sip = SIP.replace("long-enough-for-all", "another") + "log_level: debug\n"

    found = blamed([SERVER_RUNS, SIP_RUNS, NO_CALL], sip=sip)

    assert found == ["service-files-disagree", "settings-have-no-effect"]


@pytest.mark.parametrize(
    ("service", "words", "cause"),
    [
        ("livekit-server", "api_key is required to use webhooks", "webhook-key-is-not-known"),
        (
            "livekit-server",
            "could not parse config: yaml: line 22: did not find expected ',' or ']'",
            "server-does-not-start",
        ),
        (
            "livekit-server",
            "listen tcp 127.0.0.1:7880: bind: address already in use",
            "server-does-not-start",
        ),
        (
            "livekit-server",
            "stat /nowhere/keys: no such file or directory",
            "server-does-not-start",
        ),
        (
            "livekit-sip",
            "use_external_ip and nat_1_to_1_ip can not both be set",
            "sip-service-does-not-start",
        ),
        ("livekit-sip", "redis configuration is required", "sip-service-does-not-start"),
    ],
)
def test_the_last_words_of_a_service_are_certain(service, words, cause):
    silent = SERVER_SILENT if service == "livekit-server" else SIP_SILENT

    first, *_ = named([silent], log(words, service=service))

    assert first == (cause, "certain")


SENTENCE = "server not connected to any network"


@pytest.mark.parametrize(
    "seen",
    [
        seen(
            "process",
            service="livekit-sip",
            tail=f'{{"msg":"ringing interval"}}\n{SENTENCE}\n',
        ),
        log(SENTENCE),
    ],
    ids=["started by us", "its log"],
)
def test_a_machine_without_a_network_is_certain_and_said_first(seen):
    # The check that the provisioner blocks; and the same for a deployment without an answer.
    for silent in (record("1.1-profile-is-complete", Verdict.BLOCKED), SIP_SILENT):
        assert named([silent], seen)[0] == ("sip-service-has-no-network", "certain")


def test_a_livekit_sip_that_answers_has_a_network():
    assert named([SIP_RUNS, AGREE], log(SENTENCE))[0][0] != "sip-service-has-no-network"


def test_a_setting_stands_at_the_broken_link_that_it_tells_of():
    setting = seen(
        "config", file="livekit.yaml", key="room.enabled_codecs", link="sip-join", severity="error"
    )
    files = record("1.5-configs-agree")

    (found,) = diagnose([files, record("1.1-sip-service-joins-the-server")], [setting])
    assert (found.id, found.link) == ("setting-breaks-calls", Link.JOIN)
    assert len(found.checks) == 2
    (alone,) = diagnose([files], [setting])
    assert (alone.id, alone.link) == ("setting-breaks-calls", Link.CONFIGURATION)


def test_a_doubtful_setting_is_possible_where_its_link_is_broken():
    setting = seen(
        "config",
        file="livekit-sip.yaml",
        key="rtp_port",
        link="media",
        severity="warning",
    )

    (found,) = diagnose([record("1.5-audio-flows-both-ways", link="media")], [setting])
    assert (found.id, found.confidence) == ("setting-is-doubtful", "possible")
    assert diagnose([record("1.1-clock-agrees", Verdict.PASS)], [setting]) == ()
