"""
The command `config check`: its input, its output, and its exit status.
"""

from __future__ import annotations

import json
import re

import pytest

from livekit_conformance.cli.main import main
from livekit_conformance.config_doctor.recognition import recognise
from livekit_conformance.config_doctor.services import SERVER, SIP
from tests.russian import english_in

SECRET = "a-secret-of-more-than-32-bytes-0123456789"
LIVEKIT = f"""\
port: 7880
redis: {{address: "127.0.0.1:6379"}}
keys: {{APIkey12345: {SECRET}}}
rtc: {{tcp_port: 0}}
webhook: {{api_key: APIkey12345, urls: ["http://app:8000/webhooks/livekit"]}}
"""
LIVEKIT_SIP = f"""\
redis: {{address: "127.0.0.1:6379"}}
api_key: APIkey12345
api_secret: {SECRET}
ws_url: ws://127.0.0.1:7880
"""
SIMPLE = 'redis: {address: "127.0.0.1:6379"}\n'


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """
    Return a function that writes files, runs the command, and returns its status and output.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **files):
        for name, content in files.items():
            path = tmp_path / name.replace("_yaml", ".yaml").replace("_", "-")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        status = main(["config", "check", *arguments])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run


def test_good_files_are_ok(check):
    status, output = check(
        "livekit.yaml", "livekit-sip.yaml", livekit_yaml=LIVEKIT, livekit_sip_yaml=LIVEKIT_SIP
    )

    assert status == 0
    assert output.splitlines() == [
        "livekit.yaml (livekit-server): nothing is wrong",
        "",
        "livekit-sip.yaml (livekit-sip): nothing is wrong",
        "",
        "both together: nothing is wrong",
        "",
        "OK: 0 errors, 0 warnings",
    ]


def test_an_error_has_its_place_consequence_and_remedy_and_ends_with_1(check):
    status, output = check("livekit.yaml", livekit_yaml=f"{LIVEKIT}prot: 7881\n")

    assert status == 1
    assert output.splitlines() == [
        "livekit.yaml (livekit-server)",
        "livekit.yaml:6:1: error: prot: livekit-server has no such key",
        "    therefore: livekit-server refuses to start",
        '    to do: Did you mean "port"?',
        "",
        "NOT OK: 1 error, 0 warnings",
    ]


def test_the_simple_variant_is_ok_with_a_word_about_the_environment(check):
    status, output = check("livekit-sip.yaml", livekit_sip_yaml=SIMPLE)

    assert status == 0
    assert "unless LIVEKIT_API_SECRET is set" in output
    assert output.endswith("OK: 0 errors, 3 warnings\n")


def test_one_file_of_each_service_is_a_pair(check):
    other = LIVEKIT_SIP.replace("6379", "6380")

    status, output = check(
        "livekit.yaml", "livekit-sip.yaml", livekit_yaml=LIVEKIT, livekit_sip_yaml=other
    )

    assert status == 1
    assert "both together\nlivekit-sip.yaml:1:9: error: redis.address: is another Redis" in output


def test_of_several_files_of_a_service_none_is_a_pair(check):
    status, output = check(
        *("livekit.yaml", "a-sip.yaml", "b-sip.yaml"),
        livekit_yaml=LIVEKIT,
        a_sip_yaml=LIVEKIT_SIP,
        b_sip_yaml=LIVEKIT_SIP.replace("6379", "6380"),
    )

    assert status == 0
    assert "together" not in output


def test_a_pair_of_which_one_is_no_yaml_is_not_compared(check):
    _, output = check(
        "livekit.yaml", "livekit-sip.yaml", livekit_yaml="port: [\n", livekit_sip_yaml=LIVEKIT_SIP
    )

    assert "both together: not compared, because one of them cannot be read" in output


def test_json_says_the_same(check):
    status, output = check(
        *("--json", "livekit.yaml", "livekit-sip.yaml"),
        livekit_yaml=f"{LIVEKIT}prot: 7881\n",
        livekit_sip_yaml=LIVEKIT_SIP,
    )

    told = json.loads(output)
    server, sip, both = told["checked"]
    assert (told["exit_status"], told["errors"], told["warnings"]) == (status, 1, 0)
    assert [each["service"] for each in (server, sip, both)] == [SERVER.name, SIP.name, None]
    assert server["findings"] == [
        {
            "severity": "error",
            "file": "livekit.yaml",
            "line": 6,
            "column": 1,
            "key": "prot",
            "problem": "livekit-server has no such key",
            "consequence": "livekit-server refuses to start",
            "remedy": 'Did you mean "port"?',
            "first_line": None,
        }
    ]


@pytest.mark.parametrize(
    ("url", "status"),
    [("http://app:8000/webhooks/livekit", 0), ("http://app:8000/", 1)],
)
def test_the_webhooks_have_to_go_where_the_operator_says(check, url, status):
    told, output = check("livekit.yaml", "--webhook-url", url, livekit_yaml=LIVEKIT)

    assert told == status
    assert ("livekit, but not http://app:8000/\n" in output) == bool(status)


def test_a_webhook_url_without_a_file_to_look_for_it_is_a_question(check):
    status, output = check(
        "livekit-sip.yaml", "--webhook-url", "http://app/", livekit_sip_yaml=LIVEKIT_SIP
    )

    assert status == 4
    assert "--webhook-url: there is no livekit.yaml" in output


def test_a_file_whose_service_is_not_clear_is_asked_about(check):
    status, output = check("config.yaml", config_yaml=SIMPLE)

    assert status == 4
    assert "write `--server config.yaml` or `--sip config.yaml`" in output
    assert output.endswith("INCOMPLETE: 1 not checked; 0 errors, 0 warnings\n")


def test_an_option_says_which_service_a_file_is_for(check):
    status, output = check("--sip", "config.yaml", config_yaml=SIMPLE)

    assert status == 0
    assert "config.yaml (livekit-sip)" in output


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.yaml", "cannot be read: `No such file or directory`"),
        (".", "a directory"),
        ("/dev/null", "not a file"),
        ("a\0b", "cannot be read"),
    ],
)
def test_what_is_no_file_is_told_and_the_others_are_checked(check, name, words):
    status, output = check(name, "livekit-sip.yaml", livekit_sip_yaml="sip_port: x\n")

    assert status == 4
    assert words in output
    assert "livekit-sip.yaml:1:11: error: sip_port: not a whole number" in output


def test_what_is_too_large_for_a_configuration_is_not_read(check):
    status, output = check("livekit.yaml", livekit_yaml="#" * (1024 * 1024 + 1))

    assert status == 4
    assert "is this a configuration file?" in output


def test_bytes_of_unknown_meaning_are_no_configuration(check):
    status, output = check("data.yaml", data_yaml=b"\xff\xfa\x00\x01")

    assert status == 4
    assert "data.yaml: not UTF-8 text; is this a configuration file?" in output


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"port: 7880\nregion: K\xf6ln\n", "livekit.yaml:2:10: error: top level: not UTF-8 text"),
        (b"port: 7880\nregion: \x01\n", "livekit.yaml:2:9: error: top level: a control character"),
        (b"\tport: 7880\n", "livekit.yaml:1:1: error: top level: not YAML"),
        (b"# nothing\n", "livekit.yaml:1:1: error: top level: holds comments only"),
        (b"port: 1\nport: 2\n", "livekit.yaml:2:1: error: port: the key occurs twice"),
        (b"region: *eu\n", "livekit.yaml:1:9: error: top level: not YAML: found undefined alias\n"),
    ],
)
def test_what_livekit_server_cannot_read_is_an_error_at_its_place(check, content, line):
    status, output = check("livekit.yaml", livekit_yaml=content)

    assert status == 1
    assert line in output
    assert "livekit-server refuses to start" in output


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(": ", ":\t").encode(),
        lambda text: f"---\n{text}...\n".encode(),
        lambda text: f"{text}---\n".encode(),
    ],
    ids=["byte order mark", "UTF-16", "Windows line ends", "tabs", "markers", "empty second"],
)
def test_what_the_services_read_is_read(check, encode):
    status, output = check("livekit.yaml", livekit_yaml=encode(LIVEKIT))

    assert (status, output.splitlines()[-1]) == (0, "OK: 0 errors, 0 warnings"), output


@pytest.mark.parametrize("more", ["prot: 1\n", "a: [\n"])
def test_a_second_document_is_only_a_warning(check, more):
    status, output = check("livekit.yaml", livekit_yaml=f"{LIVEKIT}---\n{more}")

    assert status == 0
    assert "warning: top level: a second document" in output
    assert "prot" not in output


def test_an_empty_file_says_what_it_lacks(check):
    status, output = check("livekit.yaml", livekit_yaml="")

    assert status == 0
    assert "refuses to start unless LIVEKIT_KEYS is set" in output


def test_no_file_at_all_is_wrong_usage(check):
    assert check()[0] == 4


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_no_secret_is_ever_told(check, arguments):
    canary = "canary" + "0123456789" * 3
    server = f"""\
redis: {{address: "redis://:{canary}@h:6379", password: [{canary}]}}
keys: {{APIkey12345: {canary[:20]}, {canary}: APIkey12345, x: [{canary}]}}
webhook: {{api_key: {canary}, urls: ["http://u:{canary}@h/p?t={canary}", "ftp://{canary}@h/"]}}
prometheus: {{port: "{canary}", password: {canary}}}
rtc: {{turn_servers: [{{credential: {canary}, port: {canary}}}]}}
{canary}: 1
"""
    sip = f"""\
api_key: {canary}
api_secret: [{canary}]
api_secret: {canary}
redis: {{address: "redis://:other{canary}@h:6379"}}
ws_url: tcp://{canary}@h
sip_port: {canary}
"""

    _, output = check(
        *(*arguments, "livekit.yaml", "livekit-sip.yaml", "bad-sip.yaml"),
        livekit_yaml=server,
        livekit_sip_yaml=sip,
        bad_sip_yaml=f"api_secret: *{canary}\n",
    )

    assert "livekit.yaml" in output
    assert canary[:20] not in output


@pytest.mark.parametrize(
    ("name", "text", "service"),
    [
        ("livekit.yaml", "", SERVER),
        ("livekit.prod.yml", "", SERVER),
        ("livekit-server.yaml", "", SERVER),
        ("/etc/livekit/sip.yaml", "", SIP),
        ("livekit-sip.yaml", "port: 7880\nkeys: {}\n", SIP),
        ("config.yaml", "port: 7880\n", SERVER),
        ("config.yaml", "ws_url: ws://h\nlogging: {}\n", SIP),
        ("config.yaml", "api_key: a\nsip_port: [\n", SIP),
        ("config.yaml", "redis: {}\n", None),
        ("config.yaml", "", None),
        ("sip-server.yaml", "", None),
        ("sip-server.yaml", "ws_url: ws://h\n", SIP),
    ],
)
def test_a_file_is_recognised_by_its_name_and_else_by_its_keys(name, text, service):
    assert recognise(name, text) is service


def test_everything_is_in_russian_except_the_verdict(check):
    status, output = check(
        *("--lang", "ru", "livekit.yaml", "livekit-sip.yaml", "absent.yaml"),
        livekit_yaml=f"{LIVEKIT}prot: 7881\n",
        livekit_sip_yaml=LIVEKIT_SIP,
    )

    assert status == 4
    assert [line for line in output.splitlines() if english_in(line)] == []
    for line in (
        "livekit-sip.yaml (livekit-sip): замечаний нет",
        "оба файла вместе: замечаний нет",
        "INCOMPLETE: не проверено: 1; 1 ошибка, 0 предупреждений",
    ):
        assert line in output.splitlines()
    for start in ("livekit.yaml:6:1: ошибка: prot: ", "    следствие: ", "    что делать: "):
        assert start in output
    assert "не проверено: absent.yaml: не прочитать: `No such file or directory`" in output


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ((), {}),
        (("folder.yaml",), {}),
        (("x.yaml",), {"x_yaml": "a: 1\n"}),
        (("x.yaml",), {"x_yaml": b"\xff\xfe\xfa"}),
        (("livekit.yaml",), {"livekit_yaml": b"\xff"}),
        (("livekit.yaml", "livekit-sip.yaml"), {"livekit_yaml": "port: [", "livekit_sip_yaml": ""}),
        (("livekit.yaml",), {"livekit_yaml": "#" * 2**20 + "\n"}),
        (("livekit-sip.yaml", "--webhook-url", "http://h/"), {"livekit_sip_yaml": SIMPLE}),
    ],
)
def test_what_cannot_be_judged_is_told_in_russian(check, tmp_path, arguments, files):
    (tmp_path / "folder.yaml").mkdir()

    _, output = check("--lang", "ru", *arguments, **files)

    assert re.search("[а-я]{3}", output)
    assert [line for line in output.splitlines() if english_in(line)] == []


def test_json_is_in_the_language_that_is_asked_for(check):
    _, output = check("--lang", "ru", "--json", "livekit.yaml", livekit_yaml="prot: 1\n")

    told = json.loads(output)
    (server,) = told["checked"]
    assert told["verdict"].startswith("NOT OK: ")
    for finding in server["findings"]:
        assert finding["severity"] in {"error", "warning"}
        words = [finding[name] for name in ("problem", "consequence", "remedy")]
        assert [english_in(text) for text in words] == [[], [], []]
