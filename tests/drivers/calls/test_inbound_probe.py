"""
Probe calls on the mock: one by one and concurrently, answered, given up and rejected.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.calls.caller_search import present
from livekit_conformance.drivers.calls.inbound_probe import (
    CALLERS,
    callers_at_once,
    credentials,
    wrong_accounts,
)
from livekit_conformance.errors import NotApplicable, NotPermitted
from livekit_conformance.judges.quality import judge_quality
from livekit_conformance.mock import Faults, MockConfig
from livekit_conformance.protocol.sip.outcome import CallOutcome
from tests.drivers.prober import PROFILE, Scene, probing
from tests.mock import replay

Stage = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """
    Return a factory of a prober and the mock it calls; keywords are the mock's faults.
    """

    def scene(*allowed: Effect, **faults: bool) -> AbstractAsyncContextManager[Scene]:
        config = MockConfig(
            replay.API_KEY,
            replay.API_SECRET,
            tmp_path,
            departure_timeout_s=0.2,
            answer_delay_s=0.2,
            faults=Faults(**faults),
        )
        return probing(config, *allowed)

    return scene


async def test_a_call_through_is_answered_and_over(stage: Stage) -> None:
    async with stage() as scene:
        call = await scene.prober.call_through(purpose="test")
        inside = [
            participant.identity
            for room in await scene.client.list_rooms()
            for participant in await present(scene.client, room.name)
        ]

    assert call.outcome is CallOutcome.ANSWERED
    assert call.bye is not None
    assert call.bye.status == 200
    assert f"sip_{replay.CALLER}" not in inside


async def test_the_record_of_a_call_has_its_times(stage: Stage) -> None:
    async with stage() as scene:
        await scene.prober.call_through(purpose="test")
        [seen] = [seen for seen in scene.recorder.observations if seen.kind == "sip-call"]

    times = [getattr(seen, name) for name in ("trying_at_s", "ringing_at_s", "final_at_s")]
    assert times == sorted(times)
    assert times[2] >= 0.2
    assert "100 at" in seen.summary
    assert "180 at" in seen.summary
    assert "200 at" in seen.summary


async def test_calls_at_once_ring_until_all_callers_are_in_a_room(stage: Stage) -> None:
    async with stage(agent_silent=True) as scene:
        calls = await scene.prober.ring(*CALLERS[:3], purpose="test")

    assert [call.caller for call in calls] == list(CALLERS[:3])
    assert len({call.room.sid for call in calls if call.room}) == 3
    for call in calls:
        assert call.call.final is not None
        assert call.call.final.status == 487
        assert call.left is not None
        assert call.left.came_true


async def test_a_call_that_is_refused_does_not_keep_the_others_ringing(stage: Stage) -> None:
    async with stage(agent_silent=True, second_call_rejected=True) as scene:
        began = time.monotonic()
        calls = await scene.prober.ring(*CALLERS[:2], purpose="test")
        took = time.monotonic() - began

    statuses = sorted(call.call.final.status for call in calls if call.call.final)
    assert statuses == [486, 487]
    assert took < 4


async def test_a_call_that_was_answered_meanwhile_is_hung_up(stage: Stage) -> None:
    async with stage(rooms_not_listed=True) as scene:
        [call] = await scene.prober.ring(CALLERS[0], purpose="test")

    assert call.call.answered
    assert call.bye is not None
    assert call.bye.status == 200
    assert (call.room, call.not_seen) == (None, None)


async def test_a_call_may_be_cancelled_as_soon_as_it_rings(stage: Stage) -> None:
    async with stage(rooms_not_listed=True) as scene:
        [call] = await scene.prober.ring(CALLERS[0], purpose="test", rings_only=True)

    assert call.call.final is not None
    assert (call.call.final.status, call.bye, call.room) == (487, None, None)


@pytest.mark.parametrize("wrong", ["user", "password"])
async def test_a_wrong_account_is_refused_and_in_no_room(stage: Stage, wrong: str) -> None:
    async with stage() as scene:
        call = await scene.prober.attempt(
            wrong_accounts(PROFILE)[wrong], purpose="test", fails_at=Link.CREDENTIALS
        )

    assert call.outcome is CallOutcome.REFUSED
    assert (call.room, call.not_seen, call.call.challenges) == (None, None, 1)


async def test_an_attempt_that_gets_into_a_room_is_given_up_at_once(stage: Stage) -> None:
    async with stage(agent_silent=True) as scene:
        began = time.monotonic()
        call = await scene.prober.attempt(
            credentials(PROFILE), purpose="test", fails_at=Link.JOIN, within=8
        )
        took = time.monotonic() - began

    assert call.room is not None
    assert call.call.cancelled
    assert call.left is not None
    assert call.left.came_true
    assert took < 4


async def test_no_call_is_placed_that_the_profile_does_not_allow(stage: Stage) -> None:
    async with stage(Effect.READ) as scene:
        with pytest.raises(NotPermitted, match="place-calls"):
            await scene.prober.call_through(purpose="test")

    assert all(seen.kind != "sip" for seen in scene.recorder.observations)


async def test_a_room_must_end_after_its_own_departure_timeout(stage: Stage) -> None:
    async with stage(agent_silent=True) as scene:
        [call] = await scene.prober.ring(CALLERS[0], purpose="test")
        now = time.time()
        assert call.room is not None
        call.room.departure_timeout = 7
        ends_by = scene.prober.room_ends_by(call)
        call.room.departure_timeout = 0

        assert 7 < ends_by - now <= 12
        # LiveKit's default.
        assert scene.prober.room_ends_by(call) - ends_by == 13
        call.room.departure_timeout = 61
        with pytest.raises(
            NotApplicable, match="is 61 s, and a run watches an empty room for 60 s"
        ):
            scene.prober.room_ends_by(call)


async def test_nobody_is_in_a_room_that_has_ended(stage: Stage) -> None:
    async with stage() as scene:
        assert await present(scene.client, "no-such-room") == []


def test_callers_at_once_are_different_unless_the_profile_has_its_own() -> None:
    assert callers_at_once(PROFILE, 3) == ("+15550100", "+15550101", "+15550102")
    sip = PROFILE.sip.model_copy(update={"caller": "switchboard"})
    other = PROFILE.model_copy(update={"sip": sip})
    assert callers_at_once(other, 2) == ("switchboard", "switchboard")


def test_a_wrong_account_is_wrong_in_one_thing() -> None:
    right, wrong = credentials(PROFILE), wrong_accounts(PROFILE)

    assert right is not None
    assert wrong["user"].username != right.username
    assert wrong["user"].password == right.password
    assert wrong["password"].username == right.username
    assert wrong["password"].password != right.password


async def test_the_record_of_a_whole_call_tells_its_media_company_and_end(stage: Stage) -> None:
    async with stage() as scene:
        call = await scene.prober.place(purpose="test")
    seen = {one.kind: asdict(one) for one in scene.recorder.observations}

    assert seen["sip-call"]["media"].startswith("127.0.0.1:")
    assert seen["sip-call"]["media_unreachable"] is None
    assert seen["room"]["audio"] == 1
    assert call.company is not None
    assert not call.company.is_muted
    assert (seen["call-end"]["by"], seen["call-end"]["status"]) == ("us", 200)


async def test_the_record_of_a_whole_call_has_the_quality_of_what_was_heard(stage: Stage) -> None:
    async with stage() as scene:
        call = await scene.prober.place(purpose="test")
    (seen,) = [one for one in scene.recorder.observations if one.kind == "quality"]

    assert call.quality == seen
    assert [*judge_quality(call.quality, PROFILE.quality.limits)] == []
    assert call.quality.expected == pytest.approx(50, abs=5)
    assert (call.quality.lost, call.quality.duplicated) == (0, 0)
    assert call.quality.first_packet_s is not None
    assert call.quality.first_sound_s is not None
    assert 0 <= call.quality.first_packet_s <= call.quality.first_sound_s < 2


async def test_a_call_that_nobody_answers_is_asked_for_agents_that_were_sent_for(
    stage: Stage,
) -> None:
    async with stage(agent_silent=True) as scene:
        call = await scene.prober.place(purpose="test")

    assert call.company is not None
    assert (call.company.others, call.company.dispatches is not None) == ({}, True)
    assert call.company.sent_for == []
