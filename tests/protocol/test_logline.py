"""
The two formats of the services' logs, and any other text.
"""

from pathlib import Path

import pytest

from livekit_conformance.protocol.logline import ALARMING, is_before, may_alarm, parse

# As livekit-server 1.13.5 writes them.
JSON = (
    '{"level":"warn","ts":1795407784.5,"logger":"livekit","caller":"service/utils.go:84",'
    '"msg":"error handling request","status":401,"method":"POST",'
    '"path":"/twirp/livekit.RoomService/ListRooms","error":"invalid authorization token"}'
)
CONSOLE = (
    "2026-11-23T04:27:18.974Z\tWARN\tlivekit\tservice/utils.go:84\terror handling request\t"
    '{"status": 401, "method": "POST", "path": "/twirp/livekit.RoomService/ListRooms", '
    '"error": "invalid authorization token"}'
)


def test_both_dialects_say_the_same():
    one, other = parse(JSON), parse(CONSOLE)

    assert (one.dialect, other.dialect) == ("json", "console")
    assert one.message == other.message == "error handling request"
    assert one.level == other.level == "warn"
    assert one.error == other.error == "invalid authorization token"
    for name in ("status", "method", "path"):
        assert one.fields[name] == other.fields[name]


def test_json_time_is_in_unix_seconds():
    assert parse(JSON).at == 1795407784.5


def test_console_time_is_in_unix_seconds():
    assert parse(CONSOLE).at == 1795408038.974


def test_a_console_line_without_fields_is_understood():
    line = parse("2026-11-23T04:27:17.784Z\tINFO\tlivekit\ta.go:1\tstarting")

    assert (line.dialect, line.message, line.error) == ("console", "starting", "")


def test_a_cut_off_console_line_keeps_its_message():
    line = parse(CONSOLE[:-40])

    assert (line.dialect, line.message) == ("console", "error handling request")


@pytest.mark.parametrize(
    "raw",
    [
        "panic: runtime error",
        '{"level":"warn"',
        "a\tb\tc\td\te",
        "[1]",
        "\x00\xff",
        '{"ts":1' + 400 * "0" + "}",
        '{"ts":NaN}',
        '{"ts":-1}',
        '{"ts":"9999-12-31T23:59:59-10:00"}',
        '{"msg":' + 100_000 * "[" + "}",
        '{"msg":' + 60 * "[" + 60 * "]" + "}",
        '{"msg":[' + 10_000 * "[]," + "1]}",
    ],
    ids=lambda raw: raw[:12],
)
def test_what_is_no_log_line_is_kept_as_text(raw):
    line = parse(raw)

    assert (line.dialect, line.message, line.at) == ("text", raw, None)


@pytest.mark.parametrize("fields", [60 * '{"a":' + "1" + 60 * "}", 100_000 * "["])
def test_a_console_line_with_fields_that_are_nested_too_deeply_keeps_its_message(fields):
    line = parse(CONSOLE.partition("{")[0] + fields)

    assert (line.message, line.fields["rest"]) == ("error handling request", fields)


def recorded():
    folder = Path(__file__).parents[1] / "log_diagnosis" / "recordings"
    return [line for path in folder.glob("*.log") for line in path.read_bytes().splitlines()]


ODD = [
    *(JSON, CONSOLE, "panic: runtime error", '{"level":"warn"', "a\tb\tc\td\te", "[1]", "{x}", ""),
    *(JSON.replace("warn", "info"), CONSOLE.replace("WARN", "INFO"), JSON.replace("warn", "WARN")),
    *(JSON.replace("1795407784.5", '"2026-11-23T04:27:18Z"'), JSON.replace("1795407784.5", "x")),
    *(
        '{"level": "error", "ts": 1e9, "msg": "spaces"}',
        '{"msg":"no time"}',
    ),
]


def test_a_line_that_is_passed_over_unparsed_is_no_warning():
    lines = [*recorded(), *(line.encode() for line in ODD)]

    passed_over = [parse(raw.decode()) for raw in lines if not may_alarm(raw)]

    assert len(passed_over) > len(lines) / 2
    assert not [one for one in passed_over if one.level in ALARMING or one.dialect == "text"]


@pytest.mark.parametrize("moment", [1795407784.4, 1795407784.6, 1795408038.974, 1795437300.0])
def test_a_line_is_before_a_moment_as_its_time_says(moment):
    for raw in [*recorded(), *(line.encode() for line in ODD)]:
        at = parse(raw.decode()).at
        assert is_before(raw, moment) is (at is not None and at < moment), raw
