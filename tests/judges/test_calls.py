"""
Calls: what a caller finds strange in the agents that answer.
"""

from __future__ import annotations

import pytest

from livekit_conformance.diagnosis.chain_state import CallsSeen, calls_of
from livekit_conformance.judges.calls import (
    ALONE,
    HEARS_ITSELF,
    OTHER_CALLER,
    SEVERAL_AGENTS,
    SILENT,
    judge_agents,
    judge_caller,
    judge_echo,
)
from livekit_conformance.verdict import Verdict
from tests.diagnosis.signs import record


@pytest.mark.parametrize(
    ("silent_s", "speakers", "codes"),
    [
        (0.0, ["agent"], []),
        (0.0, [], []),
        (6.0, ["agent"], [SILENT]),
        (0.0, ["agent-0", "agent-1"], [SEVERAL_AGENTS]),
        (6.0, ["agent-0", "agent-1"], [SILENT, SEVERAL_AGENTS]),
    ],
)
def test_silence_and_several_voices_are_warnings(silent_s, speakers, codes):
    findings = [*judge_agents(silent_s, speakers, "a-room", is_alone=False, speaks_first=True)]

    assert [(found.code, found.level) for found in findings] == [(code, "SHOULD") for code in codes]


@pytest.mark.parametrize(
    ("is_alone", "speaks_first", "codes"),
    [
        (True, True, [ALONE]),
        (True, False, [ALONE]),
        (False, True, [SILENT]),
        (False, False, []),
    ],
)
def test_a_silence_in_an_empty_room_is_worse(is_alone, speaks_first, codes):
    findings = judge_agents(6.0, [], "a-room", is_alone=is_alone, speaks_first=speaks_first)

    assert [found.code for found in findings] == codes


@pytest.mark.parametrize(
    ("shown", "expected", "codes"),
    [
        ("+15550143", "+15550143", []),
        ("15550143", "+15550143", []),
        ("+15550144", "", []),
        ("+15550144", "+15550143", [OTHER_CALLER]),
        ("", "+15550143", [OTHER_CALLER]),
    ],
)
def test_the_callee_must_see_the_number_of_the_profile(shown, expected, codes):
    assert [found.code for found in judge_caller(shown, expected)] == codes


@pytest.mark.parametrize(("share", "codes"), [(0.0, []), (0.5, []), (0.51, [HEARS_ITSELF])])
def test_hearing_mostly_oneself_is_a_warning(share, codes):
    findings = [*judge_echo(share)]

    assert [(found.code, found.level) for found in findings] == [(code, "SHOULD") for code in codes]


@pytest.mark.parametrize(
    ("verdict", "seen"),
    [
        (Verdict.PASS, CallsSeen.WORK),
        (Verdict.WARN, CallsSeen.WORK),
        (Verdict.KNOWN, CallsSeen.BROKEN),
        (Verdict.FAIL, CallsSeen.BROKEN),
    ],
)
def test_calls_with_a_warning_work(verdict, seen):
    assert calls_of([record("1.5-audio-flows-both-ways", verdict)]) is seen
