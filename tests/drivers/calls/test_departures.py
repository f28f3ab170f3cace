"""
A caller whose leave request is lost leaves late: that is a warning, and one who stays is a failure.
"""

from types import SimpleNamespace

import pytest

from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import Violation
from livekit_conformance.waiting import Waited
from suites.sip.test_call import test_hanging_up_ends_the_call as the_check

PROFILE = Profile(kind="live", allow=frozenset())


def call(left: Waited) -> SimpleNamespace:
    return SimpleNamespace(
        bye=SimpleNamespace(status=200),
        call=SimpleNamespace(silent_hop=None),
        left=left,
        ended_by_them_after_s=None,
        not_seen=None,
    )


async def test_a_caller_who_leaves_at_once_is_right():
    await the_check(call(Waited(None, 0.3, 4)), PROFILE)


async def test_a_caller_who_leaves_late_is_a_warning():
    with pytest.raises(Violation, match=r"seen after 21\.80 s.* lost the leave request") as late:
        await the_check(call(Waited(None, 21.8, 50)), PROFILE)

    assert late.value.level == "SHOULD"


async def test_a_caller_who_stays_is_a_failure():
    with pytest.raises(AssertionError, match="is still in some-room") as stays:
        await the_check(call(Waited("sip_1 is still in some-room", 25.0, 57)), PROFILE)

    assert getattr(stays.value, "level", None) is None


async def test_a_silent_contact_is_a_failure():
    silent = call(Waited(None, 0.3, 4))
    silent.call.silent_hop = ("192.0.2.7", 5060)

    with pytest.raises(Violation, match=r"leads to 192\.0\.2\.7:5060, and nothing there answered"):
        await the_check(silent, PROFILE)
