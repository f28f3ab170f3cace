"""
The log tail reads new, whole lines only, and survives rotation.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import nullcontext

import pytest

from livekit_conformance.catalogue.log_lines import ON_PURPOSE
from livekit_conformance.drivers import logs
from livekit_conformance.drivers.growing_log import BEFORE_THE_RUN, LogFile
from livekit_conformance.drivers.logs import LogTail, followed, log_of_command
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.own_names import OwnNames
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from suites.errors import test_logs as checks
from tests.processes import is_alive


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
    assert seen.message == "auth check failed"
    assert seen.fields["error"] == "no response from servers ***"


def test_the_answer_that_a_service_got_is_told_with_its_error(log):
    tail = LogTail("livekit-sip", log)
    recorder = Recorder(Redactor())
    append(log, line("dialling", error="bad handshake", status=404, response="no such room\n"))

    tail.report(recorder)

    (seen,) = recorder.observations
    assert seen.fields["response"] == "no such room\n"
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

    assert [seen.message for seen in recorder.observations] == ["first", "second"]
    assert recorder.observations[1].fields["room"] == "a room"
    assert tail.is_recorded(0) and tail.is_recorded(1)


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
    assert told.level == "info"
    assert (told.fields["direction"], told.fields["inviteToTryingMs"]) == ("outbound", 2)


def ordinary(number, **fields):
    line = {"level": "info", "ts": 2.0, "msg": "of another", "callID": f"SCL_{number}", **fields}
    return json.dumps(line) + "\n"


async def test_lines_about_others_are_never_parsed(log):
    tail = LogTail("livekit-sip", log)
    append(log, "".join(map(ordinary, range(1000))))
    append(log, ordinary(0, sipCallID="ours"))
    append(log, line("a warning"))

    found, _ = await tail.wait_for(
        lambda read: read.fields.get("sipCallID") == "ours", within=1, what="ours", holding=["ours"]
    )
    tail.report(Recorder(Redactor()))

    assert found is not None
    assert len(tail.lines) == 1002
    assert tail.lines.parsed == 2


async def test_a_wait_looks_at_each_line_once_while_the_log_grows(log):
    tail = LogTail("livekit-sip", log)
    seen = []

    def is_last(read):
        seen.append(read.fields["callID"])
        append(log, ordinary(len(seen)))
        return len(seen) == 30

    append(log, ordinary(0))
    await tail.wait_for(is_last, within=10, what="the last")

    assert seen == [f"SCL_{number}" for number in range(30)]


@pytest.mark.parametrize("dialect", ["json", "console"])
async def test_a_report_looks_at_each_warning_once(log, monkeypatch, dialect):
    looked_at = []
    parse = logs.parse
    monkeypatch.setattr(logs, "parse", lambda raw: looked_at.append(raw) or parse(raw))
    tail = LogTail("livekit-sip", log)
    write = {
        "json": lambda level: json.dumps({"level": level, "ts": 2.0, "msg": "m"}),
        "console": lambda level: f"2026-08-01T12:00:00.000Z\t{level.upper()}\tsip\ta.go:1\tm",
    }[dialect]

    for _ in range(5):
        append(log, write("warn") + "\n" + write("info") + "\n")
        tail.report(Recorder(Redactor()))

    assert looked_at == [write("warn")] * 5


def test_of_many_warnings_alike_the_first_are_recorded_and_the_rest_is_counted(log):
    tail, recorder = LogTail("livekit-sip", log), Recorder(Redactor())
    append(log, line("the same") * 107 + line("another"))

    tail.report(recorder)
    tail.report_losses(recorder)

    assert len(recorder.observations) == 102
    assert "7 more lines like the first 100 of: the same" in recorder.observations[-1].summary


async def test_a_log_that_grows_beyond_the_limit_is_read_no_further_and_blocks(log, monkeypatch):
    monkeypatch.setattr(logs, "MOST_KEPT", 1000)
    tail, recorder = LogTail("livekit-sip", log), Recorder(Redactor())
    append(log, line("measured so far") + ordinary(0) * 20)
    tail.report(recorder)
    append(log, line("too late"))

    with pytest.raises(Blocked, match="livekit-sip grew by more than"):
        await tail.wait_for(lambda read: read.message == "too late", within=0.1, what="it")

    tail.report_losses(recorder)
    assert recorder.observations[0].message == "measured so far"
    assert "later lines were not read" in recorder.observations[-1].summary


async def test_a_lost_line_blocks_and_a_found_one_does_not(log):
    tail = LogTail("livekit-sip", log)
    append(log, line("found"))
    tail.read()
    log.write_text("")

    found, _ = await tail.wait_for(lambda read: read.message == "found", within=1, what="it")
    assert found is not None
    with pytest.raises(Blocked, match="it was truncated, so lines from just before may be missing"):
        await tail.wait_for(lambda read: read.message == "lost", within=0.1, what="it")


def test_a_large_window_leaves_the_recorded_lines_as_evidence(log, monkeypatch):
    monkeypatch.setattr(logs, "_MOST_EVIDENCE", 1000)
    tail = LogTail("livekit-sip", log)
    append(log, line("a warning"))
    tail.report(Recorder(Redactor()))
    assert len(tail.evidence()) == 1
    append(log, ordinary(0) * 20)
    tail.read()

    assert tail.evidence() == ["1 of 21 lines (0 MB):", line("a warning").strip()]


def test_a_fifo_is_told_with_the_remedy(tmp_path):
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(Blocked, match=r"it is not a regular file.*readable file"):
        LogTail("livekit-sip", tmp_path / "fifo").read()


async def test_a_file_is_read_before_it_is_truncated_though_nobody_waits_for_it(log, monkeypatch):
    monkeypatch.setattr(logs, "_LOOKED_AT_EVERY_S", 0.01)
    tail = LogTail("livekit-sip", log)
    async with followed([tail]):
        append(log, line("before"))
        await wait_until(_has(tail, 1), within=5)
        log.write_text(line("after"))

    assert messages(tail) == ["before", "after"]


def _has(tail, count):
    async def why_not_yet():
        return None if len(tail.lines) >= count else f"{len(tail.lines)} lines"

    return why_not_yet


async def test_a_command_that_floods_is_read_up_to_the_limit(monkeypatch):
    monkeypatch.setattr(logs, "MOST_KEPT", 1_000_000)
    async with log_of_command("application", ["yes", "a flood of text"]) as tail:

        async def why_not_yet():
            return None if tail.gaps else "still read"

        assert (await wait_until(why_not_yet, within=20)).came_true

    assert len(tail.lines) > 1000
    assert sum(map(len, tail.lines.raw)) < 10_000_000


async def test_a_command_that_prints_old_lines_without_end_is_read_up_to_the_limit(monkeypatch):
    monkeypatch.setattr(logs, "_MOST_READ", 10_000_000)
    async with log_of_command("application", ["yes", ordinary(1).strip()]) as tail:

        async def why_not_yet():
            return None if tail.gaps else "still read"

        assert (await wait_until(why_not_yet, within=20)).came_true

    assert tail.lines.raw == []
    assert "printed more than 10 MB of older lines" in tail.gaps[0]


# Each writes the pids of the command and its child to $0, and then tells that it is ready.
STUBBORN = {
    "command": "trap '' TERM; sleep 60 & echo $$ $! > $0; echo ready; wait; wait",
    "child": (
        "(trap '' TERM; until test -s $0; do sleep 0.01; done; echo ready; exec sleep 60) & "
        "echo $$ $! > $0; wait"
    ),
}


@pytest.mark.parametrize("stubborn", STUBBORN)
@pytest.mark.parametrize("error", [None, RuntimeError("later")], ids=["no error", "error"])
async def test_what_does_not_want_to_end_is_killed_with_the_command(
    monkeypatch, tmp_path, stubborn, error
):
    monkeypatch.setattr(logs, "_ENDS_WITHIN_S", 0.2)
    pids = tmp_path / "pids"
    with nullcontext() if error is None else pytest.raises(RuntimeError, match="later"):
        async with log_of_command(
            "application", ["sh", "-c", STUBBORN[stubborn], str(pids)]
        ) as tail:
            await wait_until(_has(tail, 1), within=5)
            if error is not None:
                raise error

    async def why_not_yet():
        alive = [pid for pid in map(int, pids.read_text().split()) if is_alive(pid)]
        return f"{alive} are alive" if alive else None

    assert (await wait_until(why_not_yet, within=5)).came_true


async def test_an_error_of_ours_in_the_background_ends_the_run(log, monkeypatch):
    monkeypatch.setattr(logs, "_LOOKED_AT_EVERY_S", 0.01)
    tail = LogTail("livekit-sip", log)
    monkeypatch.setattr(tail, "read", lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        async with followed([tail]):
            await asyncio.sleep(0)


async def test_after_a_command_has_ended_an_absent_line_proves_nothing():
    async with log_of_command("application", ["echo", "bye"]) as tail:
        await wait_until(_has(tail, 1), within=5)

        with pytest.raises(Blocked, match="application: its command ended during the run"):
            await tail.wait_for(lambda read: read.message == "later", within=0.3, what="later")


NOBODY = OwnNames(frozenset(), "lkc-1a2b3c4d", since=0.0)


@pytest.mark.parametrize(
    "check",
    [
        lambda logs: checks.test_the_logs_hold_no_secrets(logs, Profile(kind="mock", allow=())),
        checks.test_the_logs_hold_no_whole_tokens,
        lambda logs: checks.test_the_logs_hold_no_known_error(logs, NOBODY),
    ],
    ids=["secrets", "tokens", "known errors"],
)
async def test_a_check_for_absent_lines_does_not_pass_on_a_log_with_a_gap(log, check):
    tails = {"livekit-sip": LogTail("livekit-sip", log)}
    append(log, line("read"))
    await check(tails)
    log.write_text("")

    with pytest.raises(Blocked, match="it was truncated"):
        await check(tails)


def test_the_line_of_a_start_is_recorded_as_one(log):
    tail, recorder = LogTail("livekit-sip", log), Recorder(Redactor())
    append(log, line("server starting") + line("starting LiveKit server"))
    append(log, line("a warning", error="server starting"))
    tail.read()

    tail.report_starts(recorder)
    LogTail("application", log).report_starts(recorder)

    (seen,) = recorder.observations
    assert (seen.kind, seen.at, seen.service) == ("start", 1.5, "livekit-sip")


def last_words_of(tail):
    recorder = Recorder(Redactor())
    tail.read()
    tail.report_last_words(recorder)
    return [(seen.summary, seen.message) for seen in recorder.observations]


def test_the_last_words_of_a_service_may_be_from_before_the_run(log):
    append(log, line("starting LiveKit server", level="info") + "open turn.pem: no such file\n")

    (told, words) = last_words_of(LogTail("livekit-server", log))[0]

    assert words == "open turn.pem: no such file"
    assert told == f"last words in the log of livekit-server (before the run): {words}"


def test_the_last_words_of_the_run_count_for_more(log):
    append(log, "panic: at an earlier start\n")
    tail = LogTail("livekit-server", log)
    append(log, line("starting LiveKit server", level="info") + "panic: now\n\ngoroutine 1\n")

    assert last_words_of(tail) == [
        ("last words in the log of livekit-server: panic: now", "panic: now")
    ]


def test_what_was_before_the_last_start_says_nothing(log):
    append(log, "panic: at an earlier start\n" + line("server starting", level="info"))

    assert last_words_of(LogTail("livekit-sip", log)) == []


def test_no_more_than_the_end_of_the_log_is_looked_at(log):
    append(log, "panic: long ago\n" + line("usual", level="info") * 2_000)
    log_file = LogFile(log)

    assert last_words_of(LogTail("livekit-sip", log)) == []
    assert len(log_file.earlier) == BEFORE_THE_RUN


def test_a_log_that_is_read_whole_keeps_the_last_words_from_before_the_run(log):
    append(log, line("server starting", level="info") + line("no way", level="error", error="x"))
    tail = LogTail("livekit-sip", log, since=2.0)

    assert last_words_of(tail) == [
        ("last words in the log of livekit-sip (before the run): no way x", "no way")
    ]
    assert messages(tail) == []


@pytest.mark.parametrize(
    ("levels", "is_so"), [(("warn", "error"), True), (("warn", "info"), False), ((), True)]
)
def test_a_log_of_warnings_only(log, levels, is_so):
    tail = LogTail("livekit-server", log)
    append(log, "".join(line("something", level=level) for level in levels))
    tail.read()

    assert tail.has_warnings_only is is_so
