"""
A line is recognised in any wrapping.
"""

from __future__ import annotations

import json

import pytest

from livekit_conformance.log_diagnosis.wrapping import unwrap
from tests.log_diagnosis.lines import AT, WRAPPERS, by_docker, in_console, in_json


@pytest.mark.parametrize("encode", [in_json, in_console])
@pytest.mark.parametrize("wrapper", sorted(WRAPPERS))
def test_a_wrapped_line_is_understood(wrapper, encode):
    line = unwrap(WRAPPERS[wrapper](encode("a message", error="an error", n=3))).line

    assert (line.message, line.error, line.fields["n"]) == ("a message", "an error", 3)
    assert (line.level, line.at) == ("warn", AT)


@pytest.mark.parametrize("wrapper", ["docker-json", "containerd", "compose", "kubectl", "journald"])
def test_a_wrapped_line_of_no_dialect_is_its_text(wrapper):
    line = unwrap(WRAPPERS[wrapper]("panic: runtime error")).line

    assert (line.dialect, line.message) == ("text", "panic: runtime error")


def test_the_time_in_front_is_that_of_a_text():
    assert unwrap("2026-11-23T11:26:36.250Z stderr F panic: x").line.at == AT


@pytest.mark.parametrize("stamp", ["2026-11-23T11:26:36.250", "2026-99-99T11:26:36Z"])
def test_a_time_without_a_zone_or_that_is_none_is_not_told(stamp):
    assert unwrap(f"{stamp} panic: x").line.at is None


def test_what_a_cloud_has_taken_apart_is_understood():
    inner = json.loads(in_json("a message", error="an error"))

    line = unwrap(json.dumps({"jsonPayload": inner, "resource": {}})).line

    assert (line.message, line.error) == ("a message", "an error")


def test_the_message_of_an_application_is_not_unwrapped():
    line = unwrap('{"message": "panic: mine", "level": "ERROR", "logger": "shop"}').line

    assert (line.dialect, line.message, line.fields["logger"]) == ("json", "panic: mine", "shop")


def test_names_around_are_kept():
    record = {"log": "panic: x", "kubernetes": {"pod_name": "livekit-sip-7d9f"}}

    assert "livekit-sip-7d9f" in unwrap(json.dumps(record)).around


@pytest.mark.parametrize("raw", ["", "{", '{"log":', "[1]", "\x00\x01", "a\tb\tc\td", '{"level":"'])
def test_rubbish_is_a_text(raw):
    assert unwrap(raw).line.dialect == "text"


def test_wrappers_within_wrappers_come_to_an_end():
    line = in_json("a message")
    for _ in range(10):
        line = by_docker(line)

    assert "log" in unwrap(line).line.fields
