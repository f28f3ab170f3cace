"""
The real services take and refuse the files that the linter says they do.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from livekit_conformance.config_doctor import Severity, check_server, check_sip
from livekit_conformance.config_doctor.services import SERVER as SERVER_FILE
from livekit_conformance.config_doctor.services import SIP as SIP_FILE
from livekit_conformance.provisioners.local.binaries import SERVER, SIP, find

_WITHIN_S = 20.0
_REFUSED = "could not parse config"
_NO_REDIS = "unable to connect to redis"

KEYS = "keys: {APIkey: a-secret-of-more-than-32-bytes-0123456789}\n"
# One value of each kind.
SAMPLES = {
    "text": "127.0.0.1",
    "bool": False,
    "int": 1,
    "uint": 1,
    "float": 0.5,
    "port": 1024,
    "port-range": "10000-20000",
    "duration": "1s",
    "any": None,
}


def sample(kind: Any) -> Any:
    match kind:
        case dict():
            # Some of the names that are free have to be numbers.
            return {1 if key == "*" else key: sample(inner) for key, inner in kind.items()}
        case [inner]:
            return [sample(inner)]
        case _:
            return SAMPLES[kind]


async def said_by_server(text: str, folder: Path) -> str:
    """
    What livekit-server says when it reads a file and tells the ports it would use.
    """
    path = folder / "livekit.yaml"
    path.write_text(text)
    program = find(SERVER, os.environ).path
    return await said(str(program), "--config", str(path), "--node-ip", "127.0.0.1", "ports")


async def said_by_sip(text: str, folder: Path) -> str:
    """
    What livekit-sip says when it reads a file and then finds no Redis.
    """
    path = folder / "livekit-sip.yaml"
    path.write_text(text)
    return await said(str(find(SIP, os.environ).path), "--config", str(path))


async def said(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _WITHIN_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # Both end with status 0 after a file that they refuse, so it tells nothing.
    return output.decode()


@pytest.fixture(scope="module")
def nowhere() -> Iterator[str]:
    """
    An address where no Redis can be.
    """
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield "127.0.0.1:{1}".format(*bound.getsockname())


def refuses(findings: list[Any]) -> bool:
    """
    Whether a start is refused for certain by what the file says.
    """
    return any(
        f.severity is Severity.ERROR and "refuses to start" in f.consequence for f in findings
    )


@pytest.mark.parametrize(
    "text",
    [
        "port: 7880\n",
        "port: '7880'\n",
        "prot: 7880\n",
        "port: 7880\nport: 7881\n",
        "sip: {trunk: a}\n",
        "room: {create_room_timeout: 10}\n",
        "room: {create_room_timeout: 10s}\n",
        "room: {empty_timeout: 10s}\n",
        "development: yes\n",
        "development: 'true'\n",
        "bind_addresses: 127.0.0.1\n",
        "redis: 127.0.0.1:6379\n",
        "rtc: {udp_port: 7882-7000}\n",
        "rtc: {udp_port: 7000-7882}\n",
        "limit: {num_tracks: 1_000}\n",
        "log_level: 3\n",
        "node_stats: {stats_max_delay: 0}\n",
        "webhook: {urls: http://127.0.0.1/}\n",
        "prometheus_port: -1\n",
        "region: null\nlogging:\n",
        "port: [\n",
    ],
)
async def test_livekit_server_does_as_the_linter_says(real_services, tmp_path, text):
    output = await said_by_server(KEYS + text, tmp_path)

    assert (_REFUSED in output) == refuses(check_server(KEYS + text)), output
    assert _REFUSED in output or "HTTP service" in output


@pytest.mark.parametrize(
    "text",
    [
        "sip_port: 5060\n",
        "sip_port: '5060'\n",
        "sip_prot: 5060\n",
        "sip_port: 5060\nsip_port: 5061\n",
        "media_timeout: 30\n",
        "media_timeout: 30s\n",
        "rtp_port: 10000-9000\n",
        "rtp_port: 10000 - 20000\n",
        "log_level: debug\n",
        "logging: debug\n",
        "codecs: [PCMU/8000]\n",
        "use_external_ip: 'yes'\n",
        "sip_port: [\n",
    ],
)
async def test_livekit_sip_does_as_the_linter_says(real_services, tmp_path, nowhere, text):
    whole = f"redis: {{address: '{nowhere}'}}\n{text}"

    output = await said_by_sip(whole, tmp_path)

    assert (_NO_REDIS not in output) == refuses(check_sip(whole)), output


async def test_livekit_server_has_every_key_of_the_table(real_services, tmp_path):
    text = yaml.safe_dump(sample(SERVER_FILE.keys))

    output = await said_by_server(text, tmp_path)

    assert _REFUSED not in output, output
    assert "HTTP service" in output


async def test_livekit_sip_takes_a_value_of_its_kind_for_every_key_of_the_table(
    real_services, tmp_path, nowhere
):
    whole = sample(SIP_FILE.keys) | {"redis": {"address": nowhere}}
    # Of each pair that excludes each other, one.
    text = yaml.safe_dump(whole | {"nat_1_to_1_ip": "", "media_nat_1_to_1_ip": ""})

    output = await said_by_sip(text, tmp_path)

    assert _NO_REDIS in output, output


async def test_a_required_section_that_is_missing_stops_livekit_sip(real_services, tmp_path):
    output = await said_by_sip("sip_port: 5060\n", tmp_path)

    assert "redis configuration is required" in output
    assert refuses(check_sip("sip_port: 5060\n"))


async def test_addresses_that_exclude_each_other_stop_livekit_sip(real_services, tmp_path, nowhere):
    whole = f"redis: {{address: '{nowhere}'}}\nuse_external_ip: true\nnat_1_to_1_ip: 127.0.0.1\n"

    output = await said_by_sip(whole, tmp_path)

    assert "can not both be set" in output
    assert refuses(check_sip(whole))
