"""
Keys of a caller: refused, lost, twice, or not listened for.
"""

from __future__ import annotations

import pytest

from livekit_conformance.judges.keys import KEYS_LOST, KEYS_REFUSED, judge_keys
from livekit_conformance.protocol.sip import sdp

TAKES_KEYS = sdp.offer("192.0.2.1", 4000, session_id=1)
VOICE_ONLY = sdp.offer("192.0.2.1", 4000, session_id=1, codecs=(sdp.PCMU,))


@pytest.mark.parametrize("arrived", ["12", None])
def test_keys_that_arrive_are_no_finding(arrived: str | None) -> None:
    assert list(judge_keys(TAKES_KEYS, "12", arrived)) == []


def test_an_answer_without_keys_is_a_finding() -> None:
    (found,) = judge_keys(VOICE_ONLY, "12", None)

    assert (found.code, found.level, found.data) == (KEYS_REFUSED, "SHOULD", {"codecs": "PCMU"})


@pytest.mark.parametrize("arrived", ["", "1", "21", "112"])
def test_keys_that_differ_from_the_pressed_ones_are_a_finding(arrived: str) -> None:
    (found,) = judge_keys(TAKES_KEYS, "12", arrived)

    assert (found.code, found.level) == (KEYS_LOST, "SHOULD")
    assert found.data == {"pressed": "12", "arrived": arrived}
