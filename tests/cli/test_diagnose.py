"""
The command line of `diagnose`: its input, its output, and its exit status.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys

import pytest

from livekit_conformance.catalogue.causes import BY_ID
from livekit_conformance.cli.main import main
from tests.log_diagnosis.lines import in_console, in_json, rejected

CAUSE = BY_ID["sip-bus-has-no-server"]
FINE = in_json("processing invite", level="info")
COMMAND = (sys.executable, "-m", "livekit_conformance.cli", "diagnose")


@pytest.fixture(autouse=True)
def english(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C")


@pytest.fixture
def write(tmp_path):
    def write(name, *lines):
        path = tmp_path / name
        content = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return str(path)

    return write


def diagnosed(capsys, *arguments):
    status = main(["diagnose", "--json", *arguments])
    return status, json.loads(capsys.readouterr().out)


def piped(content, *arguments):
    return subprocess.run(
        [*COMMAND, *arguments], input=content, capture_output=True, text=True, check=False
    )


def test_a_cause_is_told_with_its_fix_and_status_1(write, capsys):
    log = write("livekit-sip.log", FINE, rejected(1), rejected(2))

    assert main(["diagnose", log]) == 1

    said = capsys.readouterr()
    assert f"1. {CAUSE.title.en} (certain; {CAUSE.id})" in said.out
    assert "lines: 2, calls: 2; first 2026-11-23 11:26:36Z" in said.out
    assert "livekit-sip.log:2  2026-11-23 11:26:36Z WARN sip Rejecting inbound" in said.out
    assert f"{log}: livekit-sip; lines: 3, understood: 3" in said.out
    assert said.err == ""


def test_nothing_known_is_0_and_says_where_to_look(write, capsys):
    log = write("x.log", FINE, *[in_json("odd thing", error="of some kind")] * 3)

    assert main(["diagnose", log]) == 0

    said = capsys.readouterr().out
    assert "No known cause is in these logs." in said
    assert "3  WARN  livekit-sip  odd thing: of some kind" in said
    assert "Next: look at the most frequent of them" in said
    assert "only livekit-sip was seen. Add the log of livekit-server" in said


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((FINE,), "there is no warning or error either"),
        (("GET / 200", "GET / 404"), "none of the lines is in a form that"),
        ((), "there are no lines"),
    ],
)
def test_what_to_look_at_next_depends_on_what_was_read(lines, told, write, capsys):
    _, said = diagnosed(capsys, write("x.log", *lines))

    assert said["next"][0].startswith(told)


def test_several_logs_are_one_story(write, capsys):
    logs = [
        write("sip.log", rejected(3)),
        write("sip.log.1", rejected(2), rejected(1)),
        write("sip.log.2.gz", rejected(1, at=1795430000.0)),
    ]

    status, said = diagnosed(capsys, *logs)

    (cause,) = said["causes"]
    assert (status, cause["lines"], cause["calls"], cause["first"]) == (1, 4, 3, 1795430000.0)
    assert [log["lines"] for log in said["logs"]] == [1, 2, 1]


def test_a_file_that_is_named_twice_is_read_once(write, capsys):
    log = write("sip.log", rejected(1))

    _, said = diagnosed(capsys, log, log)

    assert said["causes"][0]["lines"] == 1
    assert said["logs"][0]["notes"] == [f"{log} is the same file; it is read once"]


def test_an_unreadable_log_does_not_lose_the_others(write, tmp_path, capsys):
    log, packed = write("sip.log", rejected(1)), tmp_path / "x.zst"
    packed.write_bytes(b"\x28\xb5\x2f\xfd and more")
    missing = str(tmp_path / "missing.log")

    assert main(["diagnose", missing, str(tmp_path), log, str(packed)]) == 1

    said = capsys.readouterr()
    assert CAUSE.title.en in said.out
    assert f"{missing}: cannot be read: No such file or directory" in said.err
    assert f"is a directory; name the files in it, for instance {tmp_path}/*.log*" in said.err
    assert "zstd -dc FILE | livekit-conformance diagnose -" in said.err


def test_without_a_cause_an_unreadable_log_is_4(write, tmp_path, capsys):
    status, said = diagnosed(capsys, write("x.log", FINE), str(tmp_path / "missing.log"))

    assert status == 4
    assert said["unread"][0]["name"].endswith("missing.log")
    assert said["logs"][0]["lines"] == 1


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_the_standard_input_is_a_log(arguments):
    done = piped(f"{in_console('m')}\n{rejected(1)}\n", *arguments)

    assert done.returncode == 1
    assert CAUSE.title.en in done.stdout
    assert done.stdout.startswith("standard input: livekit-sip; lines: 2, understood: 2")
    assert done.stderr == ""


def test_it_is_listed_beside_the_other_commands():
    done = subprocess.run([*COMMAND[:-1], "--help"], capture_output=True, text=True, check=False)

    assert {"list", "report", "sweep", "doctor", "diagnose"} <= set(done.stdout.split())


def test_on_a_terminal_without_a_log_the_usage_is_told():
    main_fd, terminal = os.openpty()
    try:
        done = subprocess.run(
            COMMAND, stdin=terminal, capture_output=True, text=True, check=False, timeout=30
        )
    finally:
        os.close(main_fd)
        os.close(terminal)

    assert done.returncode == 4
    assert "no log: name files" in done.stderr


def test_unknown_options_are_4():
    with pytest.raises(SystemExit) as caught:
        main(["diagnose", "--net"])

    assert caught.value.code == 4


def test_who_ends_an_endless_pipe_is_told_what_came_through_it():
    process = subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    # Far more than a pipe holds: when all is written, most of it has been read.
    process.stdin.write(f"{rejected(1)}\n" * 10_000)
    process.stdin.flush()

    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)

    assert "interrupted: only what was read until then is counted" in output
    assert CAUSE.title.en in output
    assert process.returncode == 1
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("environment", "options", "language"),
    [
        ({"LANG": "C"}, (), "en"),
        ({"LANG": "ru_RU.UTF-8"}, (), "ru"),
        ({"LANG": "ru_RU.UTF-8"}, ("--lang", "en"), "en"),
        ({"LANG": "C"}, ("--lang", "ru"), "ru"),
    ],
)
def test_the_language_is_the_locales_or_as_asked(
    environment, options, language, write, capsys, monkeypatch
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    _, said = diagnosed(capsys, write("sip.log", rejected(1)), *options)

    assert said["language"] == language
    assert said["causes"][0]["title"] == CAUSE.title.say(language)


def test_progress_is_shown_on_a_terminal_only(write):
    log = write("big.log", *[FINE] * 20_000)
    main_fd, terminal = os.openpty()
    code = (
        "import sys; from livekit_conformance.cli import diagnose;"
        "diagnose._EVERY_S = 0; from livekit_conformance.cli.main import main; sys.exit(main())"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, "diagnose", log],
            stderr=terminal,
            stdout=subprocess.PIPE,
            check=False,
        )
        shown = os.read(main_fd, 65536).decode()
    finally:
        os.close(main_fd)
        os.close(terminal)

    assert done.returncode == 0
    assert "big.log: 1" in shown
    assert shown.endswith("\r\x1b[K")
    assert b"\x1b" not in done.stdout
