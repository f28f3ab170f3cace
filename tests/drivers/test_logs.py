"""
The log tail reads new, whole lines only, and survives rotation.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from livekit_conformance.catalogue.error_lines import ON_PURPOSE
from livekit_conformance.drivers.logs import LogTail, log_of_command
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until


def line(message: str, **fields: object) -> str:
    return json.dumps({"level": "warn", "ts": 1.5, "msg": message, **fields}) + "\n"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "service.log"
    path.write_text(line("old"))
    return path


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def messages(tail):
    return [read.message for read in tail.read()]


def test_only_what_is_new_is_read(log):
    tail = LogTail("livekit-sip", log)
    assert messages(tail) == []

    append(log, line("new"))

    assert messages(tail) == ["new"]
    assert messages(tail) == ["new"]


def test_half_a_line_waits_for_its_other_half(log):
    tail = LogTail("livekit-sip", log)
    whole = line("in two parts")

    append(log, whole[:10])
    assert messages(tail) == []
    append(log, whole[10:])

    assert messages(tail) == ["in two parts"]


def test_a_truncated_log_is_read_from_its_beginning(log):
    tail = LogTail("livekit-sip", log)
    log.write_text("")
    assert messages(tail) == []

    append(log, line("a"))

    assert messages(tail) == ["a"]


def test_a_rotated_log_is_read_from_its_beginning(log):
    tail = LogTail("livekit-sip", log)
    log.rename(log.with_suffix(".1"))
    log.write_text(line("much longer than the old file was, after rotation"))

    assert messages(tail) == ["much longer than the old file was, after rotation"]


def test_a_missing_log_is_told_with_the_remedy(tmp_path):
    tail = LogTail("livekit-sip", tmp_path / "missing.log")

    with pytest.raises(Blocked, match="the log of livekit-sip cannot be read"):
        tail.read()


def test_a_log_that_appears_later_is_read_from_its_beginning(tmp_path):
    path = tmp_path / "later.log"
    tail = LogTail("livekit-sip", path)
    path.write_text(line("first"))

    assert messages(tail) == ["first"]


async def test_the_wait_for_a_line_ends_with_it_or_with_what_was_seen(log):
    tail = LogTail("livekit-sip", log)
    asyncio.get_running_loop().call_later(0.1, append, log, line("late"))

    found, waited = await tail.wait_for(lambda read: read.message == "late", within=2, what="late")
    assert found is not None
    assert waited.came_true

    found, waited = await tail.wait_for(lambda read: False, within=0.1, what="a miracle")
    assert found is None
    assert "a miracle is not among the 1 lines" in str(waited)


async def test_a_wait_can_pass_over_what_was_there_before(log):
    tail = LogTail("livekit-sip", log)
    append(log, line("refused", n=1) + line("refused", n=2))

    found, _ = await tail.wait_for(
        lambda read: read.message == "refused", within=1, what="a refusal", after=1
    )

    assert found is not None
    assert found.fields["n"] == 2


def test_what_fails_on_purpose_is_no_warning(log):
    tail = LogTail("livekit-server", log)
    recorder = Recorder(Redactor([]))
    append(log, line("failed to send webhook", room=f"voice-ai-call-1-{ON_PURPOSE}"))
    append(log, line("failed to send webhook", room="voice-ai-call-2"))

    tail.report(recorder)

    assert len(tail.lines) == 2
    assert len(recorder.observations) == 1


def test_warnings_are_told_to_the_recorder_without_secrets(log):
    tail = LogTail("livekit-sip", log)
    recorder = Recorder(Redactor(["hunter2-hunter2"]))
    append(log, line("auth check failed", error="no response from servers hunter2-hunter2"))
    append(log, json.dumps({"level": "info", "ts": 2.0, "msg": "fine"}) + "\n")

    tail.report(recorder)

    (seen,) = recorder.observations
    assert seen.details["message"] == "auth check failed"
    assert seen.details["error"] == "no response from servers ***"


def test_the_answer_that_a_service_got_is_told_with_its_error(log):
    tail = LogTail("livekit-sip", log)
    recorder = Recorder(Redactor())
    append(log, line("dialling", error="bad handshake", status=404, response="no such room\n"))

    tail.report(recorder)

    (seen,) = recorder.observations
    assert seen.details["response"] == "no such room\n"
    assert seen.summary.endswith("dialling (error: bad handshake; 404 no such room)")


async def test_the_output_of_a_command_is_a_log():
    old = line("of yesterday").strip()
    command = ["sh", "-c", f"""echo '{old}'; echo '{{"msg": "from a command"}}'; exec sleep 30"""]
    async with log_of_command("application", command) as tail:

        async def why_not_yet():
            return None if messages(tail) else "nothing came"

        waited = await wait_until(why_not_yet, within=5)
        assert waited.came_true
        assert messages(tail) == ["from a command"]


async def test_a_command_that_is_missing_is_told():
    async with log_of_command("application", ["no-such-program"]) as tail:
        (told,) = messages(tail)

    assert "no-such-program cannot be started" in told


def test_a_warning_is_reported_once_however_often_the_report_is_made(log):
    tail = LogTail("livekit-sip", log)
    recorder = Recorder(Redactor([]))
    append(log, line("first"))
    tail.report(recorder)
    append(log, line("second", room="a room"))

    tail.report(recorder)

    assert [seen.details["message"] for seen in recorder.observations] == ["first", "second"]
    assert recorder.observations[1].details["room"] == "a room"
    assert tail.unreported() == []


def test_a_line_that_tells_of_a_failed_call_is_recorded_though_it_warns_of_nothing(log):
    recorder = Recorder(Redactor())
    tail = LogTail("livekit-sip", log)
    call = {"level": "info", "direction": "outbound", "reason": "no-answer"}
    append(log, line("signaling timestamps", **call, result="client_error", inviteToTryingMs=2))
    append(log, line("signaling timestamps", **call, result="success"))
    append(log, line("signaling timestamps", **call))
    append(log, line("call statistics", **call, result="client_error"))

    tail.report(recorder)

    (told,) = recorder.observations
    assert told.details["level"] == "info"
    assert (told.details["direction"], told.details["inviteToTryingMs"]) == ("outbound", 2)
