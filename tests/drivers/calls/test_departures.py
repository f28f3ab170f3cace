"""
A caller whose leave request is lost leaves late: that is a warning, and one who stays is a failure.
"""

from types import SimpleNamespace

import pytest

from livekit_conformance.errors import Violation
from livekit_conformance.waiting import Waited
from suites.sip.test_call import test_hanging_up_ends_the_call as the_check


def call(left: Waited) -> SimpleNamespace:
    return SimpleNamespace(
        bye=SimpleNamespace(status=200), left=left, ended_by_them_after_s=None, not_seen=None
    )


async def test_a_caller_who_leaves_at_once_is_right():
    await the_check(call(Waited(None, 0.3, 4)))


async def test_a_caller_who_leaves_late_is_a_warning():
    with pytest.raises(Violation, match=r"seen after 21\.80 s.* lost the leave request") as late:
        await the_check(call(Waited(None, 21.8, 50)))

    assert late.value.level == "SHOULD"


async def test_a_caller_who_stays_is_a_failure():
    with pytest.raises(AssertionError, match="is still in some-room") as stays:
        await the_check(call(Waited("sip_1 is still in some-room", 25.0, 57)))

    assert getattr(stays.value, "level", None) is None
