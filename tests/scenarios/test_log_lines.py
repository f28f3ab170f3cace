"""
The programs of the services hold the words of the log lines that the catalogue says they write.
"""

from __future__ import annotations

import os

import pytest

from livekit_conformance.catalogue.log_lines import ALL, of_both, of_server, of_sip
from livekit_conformance.catalogue.log_lines.line import KnownLine
from livekit_conformance.provisioners.local.binaries import SERVER, SIP, Program, cached, find

# The service puts these messages together when it writes them.
_COMPOSED = frozenset(
    {
        of_both.NOT_AN_ADDRESS_HERE,
        of_both.NO_SUCH_ADDRESS,
        of_both.PORT_TAKEN,
        of_server.DIALLED,
        of_server.LISTED_PARTICIPANTS,
        of_server.LISTED_ROOMS,
        of_sip.REPEATED,
    }
)


def programs(program: Program) -> dict[str, bytes]:
    """
    Return the program in each version that is built here; the default one must be.
    """
    paths = {version: cached(program, version, os.environ) for version in program.versions}
    paths[program.versions[0]] = find(program, os.environ).path
    return {
        version: path.read_bytes()
        for version, path in paths.items()
        if path is not None and path.is_file()
    }


def is_written_by(line: KnownLine, version: str) -> bool:
    return not line.since or _numbers(line.since) <= _numbers(version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@pytest.mark.parametrize("program", [SERVER, SIP], ids=lambda program: program.name)
def test_each_line_is_in_the_program_since_the_version_that_it_names(
    program: Program, real_services: None
) -> None:
    lines = [line for line in ALL if line.service in {"", program.name} and line not in _COMPOSED]

    for version, content in programs(program).items():
        is_there = {line.message: line.message.encode() in content for line in lines}
        assert is_there == {line.message: is_written_by(line, version) for line in lines}, version


@pytest.mark.parametrize("program", [SERVER, SIP], ids=lambda program: program.name)
def test_a_line_of_all_versions_names_none(program: Program) -> None:
    since = {line.since for line in ALL if line.service == program.name and line.since}

    assert since
    assert all(_numbers(each) > _numbers(program.versions[-1]) for each in since)
