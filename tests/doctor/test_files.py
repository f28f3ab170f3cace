"""
Configuration files and logs, as far as this machine can read them.
"""

from __future__ import annotations

import os

import pytest
import yaml

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor import files
from livekit_conformance.doctor.findings import LinkMark
from livekit_conformance.environments.profile import Profile
from tests.doctor.conftest import complete, the_problem, wrong

ENDPOINT = "https://app.test/webhooks/livekit"
SERVER = {
    "port": 7880,
    "keys": {"APIabcdefgh12": "made-up-secret-that-is-long-enough"},
    "redis": {"address": "127.0.0.1:6379"},
    "webhook": {"api_key": "APIabcdefgh12", "urls": [ENDPOINT]},
}
SIP = {
    "api_key": "APIabcdefgh12",
    "api_secret": "made-up-secret-that-is-long-enough",
    "ws_url": "ws://127.0.0.1:7880",
    "redis": {"address": "127.0.0.1:6379"},
}


def profile(tmp_path, server=None, sip=None, logs=()):
    named = {}
    for key, content in (("livekit_server_config", server), ("livekit_sip_config", sip)):
        if content is not None:
            path = tmp_path / f"{key}.yaml"
            path.write_text(yaml.safe_dump(content))
            named[key] = str(path)
    return Profile.model_validate(
        {
            "kind": "live",
            "allow": ["read"],
            "livekit": {"api_key": "APIabcdefgh12"},
            "webhook": {"url": ENDPOINT},
            "deployment": named,
            "logs": list(logs),
        }
    )


def test_files_that_agree_are_fine(tmp_path):
    found = complete(files.look_at_configs(profile(tmp_path, SERVER, SIP)))

    assert [f.mark for f in found] == [LinkMark.OK]


def test_files_that_disagree_are_told_with_line_and_remedy(tmp_path):
    other = {**SIP, "redis": {"address": "127.0.0.2:6379"}}

    (found,) = wrong(complete(files.look_at_configs(profile(tmp_path, SERVER, other))))

    assert found.mark is LinkMark.PROBLEM
    assert found.text.en.startswith("livekit-sip.yaml:")
    assert "is another Redis" in found.text.en
    assert "same Redis" in found.remedy.en


@pytest.mark.parametrize("which", ["server", "sip"])
def test_one_file_alone_is_looked_at_too(tmp_path, which):
    content = {"server": {**SERVER, "flood_protection": True}, "sip": {**SIP, "log_level": "info"}}

    found = complete(files.look_at_configs(profile(tmp_path, **{which: content[which]})))

    assert len(wrong(found)) == 1
    assert [f.mark for f in found].count(LinkMark.NOT_CHECKED) == 1


def test_a_file_that_may_not_be_read_is_a_problem(tmp_path):
    gone = profile(tmp_path, SERVER, SIP)
    gone.deployment.livekit_sip_config.unlink()

    found = the_problem(files.look_at_configs(gone))

    assert "deployment.livekit_sip_config" in found.text.en
    assert "No such file" in found.text.en


def test_another_endpoint_and_another_key_than_the_profiles_are_told(tmp_path):
    server = {**SERVER, "webhook": {**SERVER["webhook"], "urls": ["http://localhost:3000/hook"]}}
    asked = profile(tmp_path, server, SIP)
    asked = asked.model_copy(
        update={"livekit": asked.livekit.model_copy(update={"api_key": "APIother"})}
    )

    found = wrong(complete(files.look_at_configs(asked)))

    assert [("keys" in f.text.en, "webhook.urls" in f.text.en) for f in found] == [
        (True, False),
        (False, True),
    ]
    assert ENDPOINT in found[1].remedy.en


def test_events_that_are_left_out_are_a_warning(tmp_path):
    server = {**SERVER, "webhook": {**SERVER["webhook"], "filter_params": {}}}

    (found,) = wrong(complete(files.look_at_configs(profile(tmp_path, server, SIP))))

    assert (found.mark, found.what.data["key"]) == (LinkMark.WARNING, "webhook.filter_params")


def test_keys_that_the_file_does_not_show_are_not_looked_at(tmp_path):
    server = {**SERVER, "keys": None, "key_file": "/etc/livekit/keys"}

    (found,) = [
        f
        for f in complete(files.look_at_configs(profile(tmp_path, server, SIP)))
        if f.what.code == "config.keys-elsewhere"
    ]

    assert (found.link, found.mark) == (Link.CONFIGURATION, LinkMark.NOT_CHECKED)
    assert "webhook.api_key" in found.remedy.en


def log(path, service="livekit-server"):
    return {"service": service, "path": str(path)}


def test_a_log_that_can_be_read_says_how_old_it_is(tmp_path):
    path = tmp_path / "server.log"
    path.write_text("a line\n")
    os.utime(path, (1000.0, 1000.0))

    (found, other) = complete(
        files.look_at_logs(profile(tmp_path, logs=[log(path)]), now=1000.0 + 7200)
    )

    assert (found.link, found.mark) == (Link.LOGS, LinkMark.OK)
    assert "last written 2 h ago" in found.text.en
    assert "последняя запись 2 ч назад" in found.text.ru
    assert (other.mark, "livekit-sip" in other.text.en) == (LinkMark.NOT_CHECKED, True)


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_readable_log_is_a_problem_and_nobody_waits_for_it(tmp_path, kind):
    path = tmp_path / "server.log"
    {"missing": lambda _: None, "folder": os.mkdir, "pipe": os.mkfifo}[kind](path)

    found = the_problem(files.look_at_logs(profile(tmp_path, logs=[log(path)])))

    assert str(path) in found.text.en
    assert files.lines_of_log(path) == []


def test_the_command_of_a_log_is_looked_for_and_not_run(tmp_path):
    marker = tmp_path / "ran"
    sources = [
        {"service": "livekit-server", "command": ["touch", str(marker)]},
        {"service": "livekit-sip", "command": ["no-such-program-here"]},
    ]

    found = complete(files.look_at_logs(profile(tmp_path, logs=sources)))

    assert [f.mark for f in found] == [LinkMark.NOT_CHECKED, LinkMark.PROBLEM]
    assert not marker.exists()


def test_of_a_huge_log_beginning_and_end_are_read(tmp_path):
    path = tmp_path / "server.log"
    with path.open("wb") as huge:
        huge.write(b'{"level":"info","ts":1.0,"msg":"first"}\n')
        huge.seek(2**30)
        huge.write(b'\n{"level":"info","ts":2.0,"msg":"last"}\n')

    messages = [line.message for line in files.lines_of_log(path)]

    assert (messages[0], messages[-1]) == ("first", "last")
