"""
The real services have every key of the linter's tables, and accept a value of its kind.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from livekit_conformance.config_doctor import check_server, check_sip
from livekit_conformance.config_doctor.services import SERVER as SERVER_FILE
from livekit_conformance.config_doctor.services import SIP as SIP_FILE
from livekit_conformance.provisioners.local.binaries import SERVER, SIP, find

_WITHIN_S = 20.0
_REFUSED = "could not parse config"
_NO_REDIS = "unable to connect to redis"

# Number of random values for each kind, besides the known tricky ones.
EXAMPLES = int(os.environ.get("CONFIG_VALUES", "500"))
_TRICKY = (
    *("5", "-5", "+5", "5.5", "5.", ".5", "-.5", "1e3", "1E-3", "1_000", "_1", "1__0", "0x1F"),
    *("0X1f", "-0x1", "0o17", "0O17", "017", "-017", "018", "08.5", "0b11", "-0b1", "0b12", "00"),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "4294967295"),
    *("4294967296", "-9223372036854775809", "1e18", "1e19", "1e30", ".inf", "-.inf", ".Inf"),
    *(".nan", "infinity", "nan", "true", "True", "tRUE", "FALSE", "yes", "No", "ON", "off", "y"),
    *("t", "~", "null", "Null", "nULL", "", "2024-01-01", "1:30", "12e03", "+", "0", "-0", "+0"),
    *("0s", "30s", "1m30s", "1.5h", "-1s", "+1s", ".5s", "5.s", "1d", "1s1", "1S", "1us", "1µs"),
    *("s", "1ms1us", "1_0s", "0x1s", "1e3s", "9999999h", "$", "a b", "word"),
)
_ALPHABET = "0123456789" * 2 + "..-+_eExXobshmnu"
_LINE = re.compile(r"^ *line (\d+): cannot unmarshal", re.MULTILINE)

# One value of each kind.
SAMPLES = {
    "text": "127.0.0.1",
    "bool": False,
    **dict.fromkeys(("int", "int32", "uint8", "uint16", "uint32", "uint64"), 200),
    "float": 0.5,
    "port-range": "10000-20000",
    "node-ip": "127.0.0.1",
    "duration": "1s",
    "any": None,
}


def sample(kind: Any) -> Any:
    match kind:
        case dict():
            # Some of the freely chosen names have to be numbers.
            return {1 if key == "*" else key: sample(inner) for key, inner in kind.items()}
        case [inner]:
            return [sample(inner)]
        case _:
            return SAMPLES[kind]


async def said_by_server(text: str, folder: Path) -> str:
    """
    Return livekit-server's output when it reads a file and prints the ports it would use.
    """
    path = folder / "livekit.yaml"
    path.write_text(text)
    program = find(SERVER, os.environ).path
    return await said(str(program), "--config", str(path), "--node-ip", "127.0.0.1", "ports")


async def said_by_sip(text: str, folder: Path) -> str:
    """
    Return livekit-sip's output when it reads a file and then finds no Redis.
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
    # Both exit with status 0 even after a refused file, so only the output counts.
    return output.decode()


@pytest.fixture(scope="module")
def nowhere() -> Iterator[str]:
    """
    Yield an address at which there is no Redis.
    """
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield "127.0.0.1:{1}".format(*bound.getsockname())


async def test_livekit_server_has_every_key_of_the_table(real_services, tmp_path):
    text = yaml.safe_dump(sample(SERVER_FILE.keys))

    output = await said_by_server(text, tmp_path)

    assert _REFUSED not in output, output
    assert "HTTP service" in output


async def test_livekit_sip_takes_a_value_of_its_kind_for_every_key_of_the_table(
    real_services, tmp_path, nowhere
):
    whole = sample(SIP_FILE.keys) | {"redis": {"address": nowhere}}
    # One of each pair of mutually exclusive keys.
    text = yaml.safe_dump(whole | {"nat_1_to_1_ip": "", "media_nat_1_to_1_ip": ""})

    output = await said_by_sip(text, tmp_path)

    assert _NO_REDIS in output, output


def values() -> list[str]:
    """
    Return tricky values and random ones, plain and in quotes, as a file would have them.
    """
    pick = random.Random(20260101)
    made_up = ("".join(pick.choices(_ALPHABET, k=pick.randint(1, 6))) for _ in range(EXAMPLES))
    # A lone dash is not a plain scalar in YAML.
    plain = [*_TRICKY, *(value for value in made_up if value != "-")]
    return [*plain, *(f"'{value}'" for value in plain)]


@pytest.mark.parametrize("kind", ["int", "float", "uint32", "duration"])
async def test_a_value_fits_a_kind_just_when_livekit_server_takes_it(real_services, tmp_path, kind):
    text = {
        "int": "rtc:\n  turn_servers:\n" + lines("- {port: %s}"),
        "float": "node_selector:\n  regions:\n" + lines("- {lat: %s}"),
        "uint32": "video:\n stream_tracker_manager:\n  video:\n   packet_tracker:\n"
        + lines("{number}: {samples_required: %s}"),
        "duration": "node_stats:\n  stats_rate_measurement_intervals:\n" + lines("- %s"),
    }[kind]

    output = await said_by_server(text, tmp_path)

    assert _REFUSED in output
    disagreements = refused_lines(output) ^ {f.line for f in check_server(text) if f.line > 1}
    assert [text.splitlines()[line - 1] for line in sorted(disagreements)] == []


async def test_a_value_is_a_bool_just_when_livekit_sip_takes_it(real_services, tmp_path):
    text = "redis: {address: '127.0.0.1:1'}\ncodecs:\n" + lines("c{number}: %s")

    output = await said_by_sip(text, tmp_path)

    found = {f.line for f in check_sip(text) if f.key.startswith("codecs")}
    disagreements = refused_lines(output) ^ found
    assert [text.splitlines()[line - 1] for line in sorted(disagreements)] == []


def lines(form: str) -> str:
    return "".join(
        f"    {form.replace('{number}', str(number)) % value}\n"
        for number, value in enumerate(values())
    )


def refused_lines(output: str) -> set[int]:
    return {int(line) for line in _LINE.findall(output)}
