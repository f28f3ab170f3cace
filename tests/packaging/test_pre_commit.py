"""
The hook for pre-commit: the files it selects, and the command it runs on them.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from livekit_conformance.cli.main import main

(HOOK,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
BROKEN = "port: 7880\nredis: {adress: 'localhost:6379'}\nkeys: {APIkey12345: too-short}\n"


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("livekit.yaml", True),
        ("deploy/livekit.yml", True),
        ("deploy/livekit-sip.yaml", True),
        ("livekit-server.yaml", True),
        ("docker-compose.yaml", False),
        ("not-livekit.yaml", False),
        ("livekit.yaml.bak", False),
    ],
)
def test_it_takes_the_configuration_of_the_services(path, taken):
    assert (re.search(HOOK["files"], path) is not None) is taken


def test_its_command_refuses_a_broken_file(tmp_path, capsys):
    file = tmp_path / "livekit.yaml"
    file.write_text(BROKEN)
    program, *command = shlex.split(HOOK["entry"])

    assert program == "livekit-conformance"
    assert main([*command, str(file)]) == 1
    assert "adress" in capsys.readouterr().out


def test_pre_commit_knows_its_keys():
    assert {"id", "name", "entry", "language", "files"} <= set(HOOK)
    assert HOOK["language"] == "python"
