"""
The mock against recorded answers of livekit-server 1.13.5 and livekit-sip 1.8.0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livekit_conformance.mock import Faults, Mock
from tests.mock import calls, replay
from tests.mock.conftest import StartMock

RECORDINGS = Path(__file__).parent / "recordings"

# Lines of livekit-sip about its media engine and its statistics: the mock has neither.
_ONLY_REAL = {
    "call statistics",
    "media timeout loop stopped",
    "no offer type specified",
    "signaling timestamps",
    "using codecs",
}


def _recorded(name: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())["answers"]
    return answers


def _as_target(mock: Mock) -> replay.Target:
    return replay.Target(mock.url, mock.sip_address, mock.server_log, mock.sip_log)


async def test_http_answers_and_log_lines_are_those_of_the_real_server(
    start_mock: StartMock,
) -> None:
    """
    Status, content type, body and log line of every recorded request are equal.
    """
    mock = await start_mock(departure_timeout_s=1.0)

    answers = await replay.ask_all(_as_target(mock))

    assert answers == _recorded("http")


_FAULTS = {
    "bus-down": Faults(bus_down=True),
    "sip-wrong-secret": Faults(sip_wrong_secret=True),
    "cancelled-while-ringing": Faults(agent_silent=True),
}
_WITHOUT_RULE = {scenario.id for scenario in calls.WITHOUT_RULE}
_SCENARIOS = (
    *calls.HEALTHY,
    *calls.WITHOUT_RULE,
    *calls.WITHOUT_SERVER,
    *calls.WITH_WRONG_SECRET,
)


async def _play(start_mock: StartMock, scenario: calls.Scenario) -> dict[str, Any]:
    mock = await start_mock(faults=_FAULTS.get(scenario.id, Faults()))
    await replay.provide_sip(mock.url, rule=scenario.id not in _WITHOUT_RULE)
    played: dict[str, dict[str, Any]] = await calls.call_all(_as_target(mock), [scenario])
    return played[scenario.id]


@pytest.mark.parametrize("scenario", _SCENARIOS, ids=lambda scenario: scenario.id)
async def test_calls_go_as_on_the_real_service(
    start_mock: StartMock, scenario: calls.Scenario
) -> None:
    """
    The caller sees the recorded ladder, and the log has the recorded lines.
    """
    played = await _play(start_mock, scenario)

    recorded = _recorded("calls")[scenario.id]
    told = [_story(line) for line in recorded["log"] if line["msg"] not in _ONLY_REAL]
    assert played["ladder"] == recorded["ladder"]
    assert [_story(line) for line in played["log"]] == told


@pytest.mark.parametrize("scenario", _SCENARIOS, ids=lambda scenario: scenario.id)
async def test_log_lines_of_calls_have_no_fields_of_their_own(
    start_mock: StartMock, scenario: calls.Scenario
) -> None:
    """
    Every field of the mock's lines exists in the real ones too.
    """
    played = await _play(start_mock, scenario)

    fields: dict[str, set[str]] = {}
    for line in _recorded("calls")[scenario.id]["log"]:
        fields.setdefault(line["msg"], set()).update(line["fields"])
    for line in played["log"]:
        assert set(line["fields"]) <= fields[line["msg"]], line["msg"]


def _story(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "fields"}


async def test_webhooks_of_a_call_say_what_the_real_ones_say(start_mock: StartMock) -> None:
    """
    Order, fields and states of the events of an answered call equal the recorded ones.
    """
    answered = calls.HEALTHY[0]
    async with replay.receiving() as (url, events):
        mock = await start_mock(webhook_url=url, departure_timeout_s=1.0)
        await replay.provide_sip(mock.url)
        await calls.call_all(_as_target(mock), [answered])
        await replay.until_finished(events)

    assert replay.told(events) == _recorded("webhooks")["answered"]


def test_every_recording_says_what_it_was_made_of() -> None:
    """
    Each recording has its date and versions, and the mock claims these versions.
    """
    for path in RECORDINGS.glob("*.json"):
        recording = json.loads(path.read_text())
        assert recording["recorded"]
        assert recording["versions"] == {"livekit-server": "1.13.5", "livekit-sip": "1.8.0"}
