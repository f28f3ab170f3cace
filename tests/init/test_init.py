"""
Output of `init`: the origin of each value, no secret, and no overwritten file.
"""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from livekit_conformance.cli.main import main
from livekit_conformance.environments.loader import load
from livekit_conformance.environments.variable_checks import DEPLOYMENT_VARIABLES
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.wording import LANGUAGES

KEY, SECRET = "APIabcdefgh12", "canary-secret-that-is-long-enough"
NAMES = (*DEPLOYMENT_VARIABLES, "REDIS_URL", "REDIS_PASSWORD")
THREE = {"LIVEKIT_URL": "ws://127.0.0.1:1", "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}
SERVER = f"""\
port: 7890
keys:
  {KEY}: {SECRET}
redis: {{address: "10.0.0.5:6379", password: canary-redis}}
webhook: {{api_key: {KEY}, urls: ["https://voice.test/hook"]}}
"""
SIP = f"""\
api_key: {KEY}
api_secret: {SECRET}
ws_url: ws://127.0.0.1:7890
sip_port: 5070
redis: {{address: "10.0.0.5:6379", password: canary-redis}}
"""
COMPOSE = f"""\
services:
  livekit:
    image: livekit/livekit-server:v1.13.5
    ports: ["17880:7880"]
    volumes: ["./conf/livekit.yaml:/etc/livekit.yaml:ro"]
  sip:
    image: livekit/sip:v1.8.0
    ports: ["15060:5060/udp"]
    environment:
      SIP_CONFIG_BODY: |
        api_key: {KEY}
        api_secret: {SECRET}
        ws_url: ws://livekit:7880
        redis: {{address: "redis:6379"}}
  redis:
    image: redis:7
    ports: [{{target: 6379, published: "16379"}}]
  app:
    image: app
    environment:
      - LIVEKIT_URL=ws://livekit:7880
      - LIVEKIT_API_SECRET=${{LIVEKIT_API_SECRET}}
      - SIP_PASSWORD=canary-sip-password
      - SIP_NUMBER=+15550123
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """
    Return an empty working folder, and unset all the variables.
    """
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def init(capsys):
    """
    Return a function that runs the command; its output and files must not contain a canary.
    """

    def run(*arguments, lang="en"):
        status = main(["init", "mine", f"--lang={lang}", *arguments])
        said = capsys.readouterr()
        written = [path.read_text() for path in (PROFILE, Path(".env.example")) if path.exists()]
        assert "canary" not in "".join([said.out, said.err, *written])
        return status, said.out, said.err

    return run


PROFILE = Path("config/mine.yaml")


def loaded(**environ):
    return load(
        str(PROFILE), environ={**THREE, **environ}, env_file=None, config_dir=Path()
    ).profile


def test_an_empty_folder_gives_a_profile_of_variables_and_the_list_of_what_is_missing(init):
    status, out, _ = init()

    assert status == 1
    for name in THREE:
        assert f"set {name}" in out
    assert "When these are set, run: livekit-conformance doctor --env config/mine.yaml" in out
    assert loaded().livekit.url == THREE["LIVEKIT_URL"]
    assert loaded(SIP_SERVER="sip.test", SIP_NUMBER="1").sip.server == "sip.test"
    example = Path(".env.example").read_text()
    assert [line for line in example.splitlines() if line.endswith("=")] == [
        f"{name}=" for name in (*DEPLOYMENT_VARIABLES, "REDIS_URL")
    ]


def test_an_env_file_alone_is_referred_to(init, folder):
    lines = "".join(f"{name}={value}\r\n" for name, value in THREE.items())
    (folder / ".env").write_bytes(lines.encode())

    status, out, _ = init("--no-check")

    assert status == 0
    assert "livekit.url: from .env, as LIVEKIT_URL" in out
    assert "url: ${LIVEKIT_URL}   # .env" in PROFILE.read_text()


def test_variables_are_referred_to_and_the_result_is_checked(init, monkeypatch):
    for name, value in THREE.items():
        monkeypatch.setenv(name, value)

    status, out, _ = init()

    assert status == 1
    assert "profile `config/mine.yaml` loads (kind live)" in out
    assert "`127.0.0.1:1` does not accept connections" in out


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
def test_the_files_of_the_services_give_addresses_and_name_their_secrets(init, folder, ends):
    (folder / "livekit.yaml").write_bytes(SERVER.replace("\n", ends).encode())
    (folder / "livekit-sip.yaml").write_bytes(SIP.replace("\n", ends).encode())

    status, out, _ = init()

    assert status == 1
    assert "livekit.url: from livekit-sip.yaml:3" in out
    assert "livekit.api_secret is in livekit-sip.yaml:2, and credentials are never copied" in out
    assert "set LIVEKIT_API_SECRET to it" in out
    assert "has another value" not in out
    profile = loaded(REDIS_PASSWORD="made-up-1")
    assert profile.livekit.url == "ws://127.0.0.1:7890"
    assert profile.sip.server == "127.0.0.1:5070"
    assert profile.webhook.url == "https://voice.test/hook"
    assert profile.redis == "redis://:made-up-1@10.0.0.5:6379/0"
    assert profile.deployment.livekit_server_config == Path("livekit.yaml")
    assert profile.deployment.livekit_sip_config == Path("livekit-sip.yaml")
    assert loaded().redis is None


def test_a_compose_file_gives_what_is_published(init, folder):
    (folder / "docker-compose.yml").write_text(COMPOSE)
    (folder / "conf").mkdir()
    (folder / "conf/livekit.yaml").write_text(SERVER.replace("7890", "7880"))

    _, out, _ = init()

    profile = loaded()
    assert profile.livekit.url == "ws://127.0.0.1:17880"
    assert profile.sip.server == "127.0.0.1:15060"
    assert profile.sip.number == "+15550123"
    assert profile.redis is None
    assert profile.deployment.livekit_server_config == Path("conf/livekit.yaml")
    assert [source.service for source in profile.logs] == ["livekit-server", "livekit-sip"]
    assert profile.logs[0].command[-1] == "livekit"
    assert "sip.password is in docker-compose.yml:20, and credentials are never copied" in out
    # One of the two is not the bus of the other.
    assert "redis: docker-compose.yml (SIP_CONFIG_BODY):4 has another value" in out


def test_values_that_contradict_each_other_are_told_with_the_one_taken(init, folder, monkeypatch):
    monkeypatch.setenv("LIVEKIT_URL", "wss://voice.test")
    (folder / "livekit.yaml").write_text(SERVER)

    _, out, _ = init("--no-check")

    assert "livekit.url: livekit.yaml:1 has another value; environment is used" in out


def test_a_value_that_a_profile_cannot_have_is_not_taken(init, folder):
    urls = '["https://carrier:canary-password@voice.test/hook"]'
    (folder / "livekit.yaml").write_text(SERVER.replace('["https://voice.test/hook"]', urls))
    (folder / "livekit-sip.yaml").write_text(SIP.replace("ws://127.0.0.1:7890", "127.0.0.1:7890"))

    _, out, _ = init()

    assert "webhook.url: the value in livekit.yaml:5 is not used: it holds a secret" in out
    assert "livekit.url: the value in livekit-sip.yaml:3 is not used: not a URL" in out
    assert loaded().livekit.url == "ws://127.0.0.1:7890"


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("livekit.yaml", "port: [7880\nkeys:\n", "livekit.yaml:2:"),
        ("livekit-sip.yaml", "- a\n", "livekit-sip.yaml:1: not a mapping"),
        ("docker-compose.yml", "services:\n\tlivekit: {}\n", "docker-compose.yml:2:"),
        (".env", "LIVEKIT_URL=a\nnot a variable\n", ".env: line 2: not of the form NAME=value"),
    ],
)
def test_broken_input_is_refused_with_its_line_and_nothing_is_written(
    init, folder, name, text, place
):
    (folder / name).write_text(text)

    status, out, err = init()

    assert (status, out) == (4, "")
    assert place in err
    assert not PROFILE.exists()
    assert not Path(".env.example").exists()


def test_bytes_that_are_no_text_are_refused(init, folder):
    (folder / "livekit.yaml").write_bytes(b"port: 7880\nkeys: \xff\n")

    status, _, err = init()

    assert status == 4
    assert "livekit.yaml:2: not UTF-8 text: save it as UTF-8" in err


def test_no_file_is_overwritten_without_force(init, folder):
    init()
    PROFILE.write_text("kind: mock\n")
    Path(".env.example").write_text("mine\n")

    status, _, err = init()

    assert status == 4
    assert "config/mine.yaml is there already" in err
    assert PROFILE.read_text() == "kind: mock\n"
    assert "kept .env.example" in init("--output", "other.yaml")[1]
    assert Path(".env.example").read_text() == "mine\n"
    assert init("--force")[0] == 1
    assert "kind: live" in PROFILE.read_text()
    assert "LIVEKIT_URL=" in Path(".env.example").read_text()


def test_a_place_that_cannot_be_written_is_named(init, folder):
    (folder / "config").write_text("a file\n")

    status, _, err = init()

    assert status == 4
    assert "config/mine.yaml: cannot be written:" in err
    assert "--output" in err


def test_a_read_only_folder_is_named(init, folder):
    # Root may write everywhere, so switch to another account meanwhile.
    init("--output", "loads-every-module.yaml")
    user = os.geteuid()
    folder.chmod(0o555)
    os.seteuid(user or 65534)
    try:
        status, _, err = init()
    finally:
        os.seteuid(user)
        folder.chmod(0o700)

    assert status == 4
    assert "config/mine.yaml: cannot be written: Permission denied" in err


class Terminal(io.StringIO):
    """
    A user at a terminal who types answers.
    """

    def isatty(self):
        return True


def test_a_person_is_asked_for_what_is_not_found_and_asked_again(init, monkeypatch):
    answers = ["voice.test", "wss://voice.test", "sip.test:5060", "", "+15550123", "", ""]
    monkeypatch.setattr(sys, "stdin", Terminal("\n".join([*answers, ""])))

    _, out, _ = init("--no-check")

    assert "Not usable: not a URL" in out
    assert "api_secret (" not in out
    profile = loaded()
    assert profile.livekit.url == "wss://voice.test"
    assert profile.sip.server == "sip.test:5060"
    assert profile.sip.number == "+15550123"
    assert "REDIS_URL:-" in PROFILE.read_text()


def test_yes_asks_nothing(init, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal("wss://voice.test\n"))

    _, out, _ = init("--yes")

    assert "empty to leave it out" not in out
    assert "url: ${LIVEKIT_URL}" in PROFILE.read_text()


def test_files_and_folders_may_be_named(init, folder):
    (folder / "etc").mkdir()
    (folder / "etc/edge.yaml").write_text(SERVER)
    (folder / "etc/odd.yaml").write_text("a: 1\n")

    assert init("--from", "etc/edge.yaml")[0] == 1
    assert loaded().livekit.url == "ws://127.0.0.1:7890"
    assert init("--from", "etc/odd.yaml", "--force")[0] == 4
    assert "etc/none: there is no such file" in init("--from", "etc/none", "--force")[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_said_in_the_language_asked_for(init, folder, language):
    (folder / "livekit.yaml").write_text(SERVER)

    _, out, _ = init(lang=language)

    word = {"en": "never copied", "ru": "не копируются"}[language]
    assert word in out


@pytest.mark.parametrize("url", ["ws://livekit:port", "ws://[", "ws://livekit:99999", "livekit"])
def test_an_address_that_is_none_is_told_wherever_it_stands(init, folder, url):
    (folder / "docker-compose.yml").write_text(COMPOSE.replace("ws://livekit:7880", url))
    (folder / "livekit-sip.yaml").write_text(SIP.replace("ws://127.0.0.1:7890", url))

    status, out, _ = init()

    assert status == 1
    for place in ("docker-compose.yml:20", "livekit-sip.yaml:3"):
        assert f"livekit.url: the value in {place} is not used" in out
    assert loaded().livekit.url == "ws://127.0.0.1:17880"


async def test_a_profile_of_a_deployment_that_works_is_in_order(folder):
    config = MockConfig(api_key=KEY, api_secret=SECRET, log_dir=folder)
    async with Mock(config) as mock:
        environ = {**os.environ, **THREE, "LIVEKIT_URL": mock.url}
        command = (
            sys.executable,
            "-m",
            "livekit_conformance.cli",
            "init",
            "mine",
            "--lang=en",
        )
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        out, _ = await process.communicate()

    said = out.decode()
    assert process.returncode == 0, said
    assert "PROBLEM" not in said
    assert "not set: `SIP_SERVER`" in said
