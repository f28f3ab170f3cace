"""
Harm to real callers, as an inbound call, a stranger and an outbound call met it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import aiohttp
from livekit import api

from livekit_conformance.environments.profile import Profile
from livekit_conformance.waiting import wait_until
from tests.blind import g711
from tests.blind.phone import OUR_TONE, Address, Outcome, phone
from tests.blind.worker import FIRST_TONE, TONE_STEP, Happened
from tests.scenarios.operator_api import operator_api

# As long as a caller with some patience lets it ring.
_PATIENCE_S = 15.0
# The answer budget: a later answer hurts, even those who wait.
_ANSWERED_WITHIN_S = 8.0
_TALK_S = 4.0
# The first sound takes a second, and on a busy machine several.
_WAITS_FOR_SOUND_S = 8.0
_MOST_LAG_S = 1.0
_STRANGER_WAITS_S = 4.0
_REACHED_WITHIN_S = 10.0
_GONE_WITHIN_S = 8.0
# Amplitude of a voice in a caller's ear; the agents' tones arrive with several thousand.
_VOICE = 500.0
# What an application of the operator meets at a livekit-server that is not there, or refuses.
_API_ERRORS = (TimeoutError, api.TwirpError, OSError, aiohttp.ClientError)
_STRANGER = ("stranger", "not-the-password")


class TooSlow(Exception):
    """
    Raised where our own telephones were late: this machine proves nothing about a deployment.
    """


@dataclass(frozen=True, slots=True)
class Inbound:
    """
    A call to the deployment's number: the telephone's side, and the application's.

    `left_over` names participants of the call that are still in its room.
    """

    outcome: Outcome
    rooms: frozenset[str]
    agent_heard: bool
    left_over: bool


@dataclass(frozen=True, slots=True)
class Outbound:
    """
    A call from the deployment: the callee's side; `said` is the API's error, empty without one.
    """

    outcome: Outcome
    said: str
    hung_up: bool
    agent_heard: bool


def hurts_of_inbound(call: Inbound, prefix: str) -> Iterator[str]:
    """
    Yield how the caller of an inbound call is hurt.
    """
    outcome = call.outcome
    if not outcome.heard_from:
        yield "no answer"
    elif not outcome.status:
        yield "not answered"
    elif outcome.status >= 300:
        yield f"refused {outcome.status}"
    else:
        yield from _hurts_of_answered(call)
    if any(not room.startswith(prefix) for room in call.rooms):
        yield "wrong room"


def _hurts_of_answered(call: Inbound) -> Iterator[str]:
    outcome = call.outcome
    if outcome.answered_after_s > _ANSWERED_WITHIN_S:
        yield "answered late"
    if outcome.cut_off:
        yield "cut off"
    if not outcome.heard.sound:
        yield "no sound to the caller"
    elif len(voices(outcome)) > 1:
        yield "two voices"
    elif g711.share(outcome.heard.last, OUR_TONE) > _VOICE:
        yield "own voice"
    if not call.agent_heard:
        yield "no sound from the caller"
    if outcome.bye not in {None, 200}:
        yield "BYE lost"
    if call.left_over:
        yield "call left over"


def hurts_of_stranger(outcome: Outcome) -> Iterator[str]:
    """
    Yield the hurt of a deployment that lets a caller without its account in.
    """
    if 200 <= outcome.status < 300:
        yield "stranger let in"


def hurts_of_outbound(call: Outbound, caller: str) -> Iterator[str]:
    """
    Yield how an outbound call is hurt; `caller` is the number that the callee must see.
    """
    outcome = call.outcome
    if not outcome.heard_from:
        yield f"outbound: not called ({call.said})" if call.said else "outbound: not called"
    elif outcome.status != 200:
        yield "outbound: without the account"
    else:
        if caller not in outcome.caller:
            yield "outbound: wrong caller"
        if call.said:
            yield f"outbound: reported as failed ({call.said})"
        if outcome.cut_off:
            yield "outbound: cut off"
        if not outcome.heard.sound:
            yield "outbound: no sound to the callee"
        if not call.agent_heard:
            yield "outbound: no sound from the callee"
        if not outcome.cut_off and not call.hung_up:
            yield "outbound: BYE lost"


def voices(outcome: Outcome) -> list[float]:
    """
    Return the agents' tones that the caller hears.
    """
    tones = (FIRST_TONE, FIRST_TONE + TONE_STEP)
    return [each for each in tones if g711.share(outcome.heard.last, each) > _VOICE]


async def hurts(
    profile: Profile, callers: str, host: str, happened: Happened, *, times: int = 1
) -> tuple[str, ...]:
    """
    Call in and out of a deployment, and return how its callers are hurt, without repetitions.

    `callers` is the address that callers dial; the telephones live on `host`. They call in up to
    `times` times, until one call is hurt.
    """
    address, _, port = callers.rpartition(":")
    server = (address, int(port))
    prefix = profile.rooms.name_pattern.partition("{call_id}")[0]
    for _ in range(times):
        inbound = await _call_in(profile, server, host, happened)
        if found := [*hurts_of_inbound(inbound, prefix)]:
            break
    if inbound.outcome.heard_from:
        async with phone(host) as one:
            sip = profile.sip
            stranger = await one.call(
                server,
                sip.number,
                sip.caller,
                _STRANGER,
                patience_s=_STRANGER_WAITS_S,
                talk_s=0.1,
            )
        found += hurts_of_stranger(stranger)
    outbound, caller = await _call_out(profile, host, happened)
    found += hurts_of_outbound(outbound, caller)
    if happened.repeated():
        # An application that acts on each event acts twice.
        found.append("event twice")
    lag_s = max(inbound.outcome.lag_s, outbound.outcome.lag_s)
    if found and lag_s > _MOST_LAG_S:
        raise TooSlow(f"our own telephone was late by {lag_s:.1f} s, and so it says nothing")
    return tuple(dict.fromkeys(found))


async def _call_in(profile: Profile, server: Address, host: str, happened: Happened) -> Inbound:
    sip = profile.sip
    account = (sip.username, sip.password.get_secret_value())
    before = happened.rooms()
    async with phone(host) as one:
        one.waits_for_sound_s = _WAITS_FOR_SOUND_S
        one.enough = lambda: any(map(happened.heard, happened.rooms() - before))
        outcome = await one.call(
            server, sip.number, sip.caller, account, patience_s=_PATIENCE_S, talk_s=_TALK_S
        )
    rooms = frozenset(happened.rooms() - before)
    is_answered = outcome.status == 200 and not outcome.cut_off
    left = is_answered and not await _ended(profile, rooms)
    return Inbound(outcome, rooms, any(map(happened.heard, rooms)), left)


async def _ended(profile: Profile, rooms: Collection[str]) -> bool:
    """
    Wait until nobody is left in these rooms; return whether that came true.

    The participants themselves are asked: the number that ListRooms gives may be an old one.
    """

    async def why_not_yet() -> str | None:
        async with operator_api(profile.livekit) as server:
            asked = (api.ListParticipantsRequest(room=room) for room in rooms)
            inside = [await server.room.list_participants(each) for each in asked]
        left = [one.identity for each in inside for one in each.participants]
        return f"{left} are left" if left else None

    if not rooms:
        return True
    try:
        async with asyncio.timeout(2 * _GONE_WITHIN_S):
            return (await wait_until(why_not_yet, within=_GONE_WITHIN_S)).came_true
    except _API_ERRORS:
        return False


async def _call_out(profile: Profile, host: str, happened: Happened) -> tuple[Outbound, str]:
    trunk = profile.sip.outbound
    assert trunk.listen is not None
    room = profile.rooms.name_pattern.replace("{call_id}", "blind-outbound")
    request = api.CreateSIPParticipantRequest(
        sip_trunk_id=trunk.trunk_id,
        sip_call_to=trunk.number,
        room_name=room,
        participant_identity="callee",
        wait_until_answered=True,
    )
    account = (trunk.username, trunk.password.get_secret_value())
    async with phone(host, int(trunk.listen.rpartition(":")[2])) as callee:
        callee.waits_for_sound_s = _WAITS_FOR_SOUND_S
        callee.enough = lambda: happened.heard(room)
        answering = asyncio.create_task(
            callee.answer(account, patience_s=_REACHED_WITHIN_S, talk_s=_TALK_S)
        )
        said = ""
        try:
            async with asyncio.timeout(_REACHED_WITHIN_S), operator_api(profile.livekit) as server:
                await server.sip.create_sip_participant(request)
        except TimeoutError:
            said = "no answer of the API"
        except api.TwirpError as refused:
            said = refused.code
        except (OSError, aiohttp.ClientError) as unreachable:
            said = type(unreachable).__name__
        if said:
            # The call may yet come: a moment for it, and no more.
            await asyncio.wait([answering], timeout=1.0)
        outcome = await answering if not said or answering.done() else Outcome()
        answering.cancel()
        hung_up = False
        if outcome.status == 200 and not outcome.cut_off:
            await _hang_up(profile, room)
            hung_up = await callee.hung_up(_GONE_WITHIN_S)
    return Outbound(outcome, said, hung_up, happened.heard(room)), "+15550143"


async def _hang_up(profile: Profile, room: str) -> None:
    try:
        async with asyncio.timeout(_REACHED_WITHIN_S), operator_api(profile.livekit) as server:
            await server.room.delete_room(api.DeleteRoomRequest(room=room))
    except _API_ERRORS:
        return  # then no BYE comes, which is what is asked
