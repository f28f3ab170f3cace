"""
Failures in variables and configuration files.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.environments.profile import DeploymentFiles, Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.process import Process
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.real_stack import Scene

Act = Callable[[Scene], Awaitable[None]]

_NO_SERVER = frozenset({"server-not-running", "server-unreachable", "sip-bus-has-no-server"})
_NO_SIP = frozenset({"sip-not-running", "sip-unreachable", "bus-has-no-sip-service"})
_NO_CERTIFICATE = {"cert_file": "/nowhere/cert.pem", "key_file": "/nowhere/key.pem"}
_TURN = {"enabled": True, "tls_port": 5349, "domain": "turn.example.org", **_NO_CERTIFICATE}
_INVENTED_PORT = 5070
_BROKEN_YAML = "logging: {level: info\n  json: true\n"


def _server(**settings: Any) -> Act:
    async def act(broken: Scene) -> None:
        await broken.restart(broken.stack.server, **settings)

    return act


def _sip(**settings: Any) -> Act:
    async def act(broken: Scene) -> None:
        await broken.restart(broken.stack.sip, **settings)

    return act


async def _broken_yaml_of_the_server(broken: Scene) -> None:
    stack = broken.stack
    _spoil(stack.server_config_file)
    await _start_in_vain(broken, stack.server)


async def _broken_yaml_of_livekit_sip(broken: Scene) -> None:
    stack = broken.stack
    _spoil(stack.sip_config_file)
    await _start_in_vain(broken, stack.sip)


def _spoil(file: Path) -> None:
    file.write_text(file.read_text() + _BROKEN_YAML)


async def _start_in_vain(broken: Scene, process: Process) -> None:
    await process.stop()
    try:
        await broken.stack.start(process)
    except Blocked:
        return
    raise AssertionError(f"{process.name} starts with a file that is no YAML")


async def _edit_the_file_of_the_server(broken: Scene) -> None:
    _edit(broken.stack.server_config_file, webhooks={"urls": []})


async def _edit_the_secret_of_livekit_sip(broken: Scene) -> None:
    _edit(broken.stack.sip_config_file, api_secret="the-secret-of-another-deployment")


def _edit(file: Path, **settings: Any) -> None:
    """
    Change a file that the running service has already read.
    """
    content = yaml.safe_load(file.read_text()) | settings
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def _at_the_invented_port(profile: Profile) -> Profile:
    server = f"{profile.sip.address[0]}:{_INVENTED_PORT}"
    return profile.model_copy(update={"sip": profile.sip.model_copy(update={"server": server})})


def _without_logs(profile: Profile) -> Profile:
    return profile.model_copy(update={"logs": ()})


def _without_files(profile: Profile) -> Profile:
    return profile.model_copy(update={"deployment": DeploymentFiles()})


def _no_server(name: str, story: str, act: Act) -> Scenario:
    return Scenario(name, story, "server-does-not-start", Link.TCP, act=act, also=_NO_SERVER)


def _no_sip(name: str, story: str, act: Act) -> Scenario:
    cause = "sip-service-does-not-start"
    return Scenario(name, story, cause, Link.SIP_SOCKET, act=act, also=_NO_SIP)


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "no-opus-and-no-logs",
        "livekit.yaml enables video codecs only, and no log is there to tell.",
        "setting-breaks-calls",
        Link.JOIN,
        server={"room": {"enabled_codecs": [{"mime": "video/VP8"}]}},
        profile=_without_logs,
    ),
    Scenario(
        "room-for-one-and-no-logs",
        "livekit.yaml lets one participant into a room, and no log is there to tell.",
        "limit-keeps-participants-out",
        Link.AGENT,
        server={"room": {"max_participants": 1}},
        profile=_without_logs,
        also=frozenset({"setting-is-doubtful"}),
    ),
    Scenario(
        "sip-invented-address",
        "livekit-sip.yaml says port and bind_address: livekit-sip listens where it would without.",
        "sip-listens-elsewhere",
        Link.SIP_SOCKET,
        sip={"port": _INVENTED_PORT, "bind_address": "127.0.0.1", "log_level": "debug"},
        profile=_at_the_invented_port,
        also=frozenset({"settings-have-no-effect", "sip-unreachable"}),
        row=14,
    ),
    _no_server(
        "server-unknown-key",
        "livekit.yaml says webhooks for webhook: livekit-server does not start.",
        _server(webhooks={"urls": ["http://127.0.0.1/"]}),
    ),
    _no_server(
        "server-wrong-type",
        "A port in livekit.yaml is a word.",
        _server(rtc={"port_range_start": "fifty-thousand"}),
    ),
    _no_server(
        "server-two-listeners",
        "Metrics and API of livekit-server want the same port.",
        _server(prometheus={"port": 7880}),
    ),
    Scenario(
        "server-at-an-address-of-nobody",
        "livekit.yaml has an address in `bind_addresses` that its machine does not have.",
        "server-cannot-listen",
        Link.TCP,
        act=_server(bind_addresses=["192.0.2.1"]),
        also=_NO_SERVER | {"service-files-disagree"},
    ),
    Scenario(
        "sip-at-an-address-of-nobody",
        "livekit-sip.yaml has a `listen_ip` that its machine does not have.",
        "sip-service-cannot-listen",
        Link.SIP_SOCKET,
        act=_sip(listen_ip="192.0.2.1"),
        also=_NO_SIP,
    ),
    Scenario(
        "server-without-keys",
        "livekit.yaml has no keys; only the log from before the run is there to tell.",
        "server-has-no-keys",
        Link.TCP,
        act=_server(keys={}, webhook={}),
        profile=_without_files,
        also=_NO_SERVER,
    ),
    Scenario(
        "server-without-its-certificate",
        "The file of a certificate is missing; the log from before the run has the words of Go.",
        "server-has-ended",
        Link.TCP,
        act=_server(turn=_TURN),
        profile=_without_files,
        also=_NO_SERVER,
    ),
    Scenario(
        "sip-without-its-certificate",
        "The file of a certificate is missing; the log from before the run has the words of Go.",
        "sip-service-has-ended",
        Link.SIP_SOCKET,
        act=_sip(tls={"port": 5061, "certs": [_NO_CERTIFICATE]}),
        profile=_without_files,
        also=_NO_SIP,
    ),
    Scenario(
        "server-without-its-key-file",
        "livekit.yaml names a `key_file` that is not there; only the log is there to tell.",
        "server-does-not-start",
        Link.TCP,
        act=_server(key_file="/nowhere/keys"),
        profile=_without_files,
        also=_NO_SERVER,
    ),
    _no_server("server-broken-yaml", "livekit.yaml is no YAML.", _broken_yaml_of_the_server),
    Scenario(
        "server-unknown-key-in-the-log",
        "livekit-server does not know a key; only its log is there to tell.",
        "server-does-not-start",
        Link.SERVER,
        act=_server(log_levels="debug"),
        by="diagnose",
    ),
    _no_sip("sip-wrong-type", "A port in livekit-sip.yaml is a word.", _sip(sip_port="fifty")),
    _no_sip(
        "sip-two-listeners",
        "Health check and SIP of livekit-sip want the same port.",
        _sip(health_port=5060),
    ),
    _no_sip(
        "sip-two-addresses",
        "livekit-sip.yaml says both use_external_ip and nat_1_to_1_ip.",
        _sip(use_external_ip=True),
    ),
    _no_sip("sip-without-redis", "livekit-sip.yaml has no redis.", _sip(redis=None)),
    _no_sip("sip-broken-yaml", "livekit-sip.yaml is no YAML.", _broken_yaml_of_livekit_sip),
    Scenario(
        "rtp-ranges-overlap",
        "Both services take their RTP ports from the same range.",
        "service-files-disagree",
        Link.CONFIGURATION,
        sip={"rtp_port": "50000-50100"},
    ),
    Scenario(
        "sip-file-with-other-secret",
        "livekit-sip.yaml has got another secret since livekit-sip was started.",
        "service-files-disagree",
        Link.CONFIGURATION,
        act=_edit_the_secret_of_livekit_sip,
    ),
    Scenario(
        "server-file-edited",
        "livekit.yaml has got an unknown key since livekit-server was started.",
        "service-will-not-start-again",
        Link.CONFIGURATION,
        act=_edit_the_file_of_the_server,
    ),
)
