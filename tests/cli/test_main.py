"""
The command line apart from pytest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import pytest

from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.cli.main import _COMMANDS, _parser, main


def test_the_catalogue_is_listed_whole(capsys):
    assert main(["list"]) == 0

    listed = capsys.readouterr().out
    assert [clause.id for clause in CLAUSES if f"  {clause.id} (" not in listed] == []


@pytest.mark.parametrize(
    "content", [None, "", "no json\n", "[]\n", '{"type": "end"}\n', '{"a": 1}\n']
)
def test_what_is_no_journal_is_a_usage_error_that_names_the_file(tmp_path, capsys, content):
    journal = tmp_path / "journal.jsonl"
    if content is not None:
        journal.write_text(content, encoding="utf-8")

    assert main(["report", "--from", str(journal)]) == 4

    assert str(journal) in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["lits"], ["report"]])
def test_wrong_usage_is_4(arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 4


def actions_of(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from actions_of(command)
        yield action


@pytest.mark.parametrize(
    ("name", "commands"), [("--env", 3), ("--env-file", 2), ("--lang", 8), ("--json", 5)]
)
def test_a_shared_option_takes_the_same_in_each_command(name, commands):
    found = [action for action in actions_of(_parser(_COMMANDS)) if name in action.option_strings]

    assert len(found) == commands
    # With --json a FILE is optional, where a page may be written beside the lines.
    taken = [one for one in found if one.nargs != "?"]
    assert len({(one.metavar, one.type, one.const, str(one.choices)) for one in taken}) == 1


def test_a_reader_that_has_seen_enough_is_no_error():
    command = '"$0" -m livekit_conformance.cli list | head -1'

    done = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith("1.1 ")
    assert done.stderr == ""


@pytest.mark.parametrize("command", [[], ["init"], ["explain"], ["doctor"], ["diagnose"], ["list"]])
def test_help_fits_80_columns(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])

    lines = capsys.readouterr().out.splitlines()
    assert caught.value.code == 0
    assert max(map(len, lines)) <= 80


# Libraries and parts that take long to import, and that a command does not need to start.
_HEAVY = {"aiohttp", "asyncio", "httpx", "jinja2", "livekit", "pydantic", "redis", "ssl", "yaml"}
_CAUSES = "livekit_conformance.catalogue.causes"
_PROGRAM = (
    "import sys; from livekit_conformance.cli.main import main\n"
    "try: main(sys.argv[1:])\n"
    "finally: sys.stderr.write(chr(10).join(sys.modules))"
)


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {*_HEAVY, *(f"livekit_conformance.cli.{each}" for each in _COMMANDS)}),
        (["diagnose", os.devnull], _HEAVY),
        (["doctor", "--env=nowhere"], {*_HEAVY, _CAUSES} - {"pydantic", "yaml"}),
    ],
    ids=["help", "diagnose", "doctor-without-profile"],
)
def test_a_command_imports_only_what_it_needs(arguments, unwanted):
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=False
    )

    modules = {*done.stderr.splitlines()}
    assert "livekit_conformance.cli.main" in modules
    assert unwanted & modules == set()


@pytest.mark.parametrize("module", ["cli.report", "reporting.plugin.hooks"])
def test_who_shows_no_page_does_not_load_its_templates(module):
    line = f"import sys, livekit_conformance.{module}; print('jinja2' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
