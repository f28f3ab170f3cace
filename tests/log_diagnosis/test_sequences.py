"""
A line that follows another one of the same call within moments.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.causes import CAUSES
from tests.log_diagnosis.lines import AT, WRAPPERS, in_json, scan, scan_lines

ID = "caller-hangs-up-after-hold"


def held(call="SCL_1", at=AT):
    return in_json("reinvite", level="info", at=at, callID=call, cseq=3)


def ended(call="SCL_1", at=AT + 0.06):
    return in_json("BYE from remote", level="info", at=at, callID=call)


@pytest.mark.parametrize("wrapper", ["nothing", "docker-json", "compose"])
def test_a_bye_right_after_a_hold_is_seen(wrapper):
    seen = scan_lines(*map(WRAPPERS[wrapper], (held(), ended())), causes=CAUSES)

    assert list(seen.found) == [ID]
    assert seen.found[ID].samples[0].number == 2


@pytest.mark.parametrize(
    "lines",
    [
        (held(), ended(at=AT + 2.5)),
        (held(), ended("SCL_2")),
        (ended(), held(at=AT + 1)),
        (ended(),),
        (held("SCL_2"), held(at=AT - 9), ended()),
    ],
)
def test_other_calls_end_for_themselves(lines):
    assert list(scan_lines(*lines, causes=CAUSES).found) == []


def test_the_bye_may_be_in_a_later_block():
    between = in_json("using codecs", level="info", at=AT, callID="SCL_3") + "\n"
    content = held() + "\n" + between * 2_000 + ended() + "\n"
    assert len(content) > 200_000

    seen = scan(content.encode(), CAUSES)

    assert seen.found[ID].samples[0].number == 2_002
