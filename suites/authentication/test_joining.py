"""
Joining of participants: with the right token only.
"""

from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from livekit_conformance.drivers.agent.stand_in import AgentStandIn, NotJoined
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.own_rooms import OwnRooms, RoomNames
from livekit_conformance.environments.profile import Profile
from livekit_conformance.errors import blocked, not_applicable, require, violated
from livekit_conformance.judges.answers import judge_answer
from livekit_conformance.judges.preconditions import GOOD_TOKEN_FAILS, NO_JOINING
from livekit_conformance.judges.rooms import NOT_JOINED
from livekit_conformance.judges.waits import Awaited, judge_wait
from livekit_conformance.observations import Recorder
from livekit_conformance.waiting import POLITE_S, wait_until

_VALIDATE = "/rtc/validate"
_JOIN = "/rtc"
# With `room.auto_create: false` in livekit.yaml.
_NO_ROOM = "requested room does not exist"
_TONE_HZ = 1000.0
_LISTED_WITHIN_S = 3.0

# Claims, status and text; the text where 1.8.4 to 1.13.5 agree.
_ROOM = "{room}"
_ANSWERS: dict[str, tuple[dict[str, Any] | None, int, str]] = {
    "its-room": ({"video": {"roomJoin": True, "room": _ROOM}}, 200, "success"),
    "no-token": (None, 401, "no permissions to access the room"),
    "no-grant": ({}, 401, "no permissions to access the room"),
    "no-join-grant": ({"video": {"roomAdmin": True, "room": _ROOM}}, 401, "permissions denied"),
    "no-room": ({"video": {"roomJoin": True}}, 400, "no room name"),
    "no-identity": (
        {"sub": None, "video": {"roomJoin": True, "room": _ROOM}},
        400,
        "identity cannot be empty",
    ),
}
# Granted, but not enough to join: livekit-server 1.8.4 notices only at the join itself.
_INCOMPLETE = ("no-room", "no-identity")


@pytest_asyncio.fixture(scope="module")
async def answer_to_a_good_token(client: LiveKitClient, room_names: RoomNames) -> HttpAnswer:
    """
    Return the answer to a token for a room: the positive control of every bad token.
    """
    issuer = client.issuer()
    good = {"roomJoin": True, "room": room_names.new("absent")}
    return await client.get(_VALIDATE, bearer=issuer.sign(issuer.claims(video=good)))


@pytest.mark.clause("1.1-join-token-validates")
@pytest.mark.parametrize("kind", _ANSWERS)
async def test_the_join_validation_endpoint_judges_a_token(
    client: LiveKitClient, room_names: RoomNames, answer_to_a_good_token: HttpAnswer, kind: str
) -> None:
    """
    The endpoint answers `success` to a token for a room, and to any other with the missing part.
    """
    issuer, room = client.issuer(), room_names.new("absent")
    grants, status, text = _ANSWERS[kind]
    if kind != "its-room" and not _is_valid(answer_to_a_good_token):
        see = "1.1-join-token-validates[its-room]"
        raise blocked(
            GOOD_TOKEN_FAILS,
            f"positive control: the endpoint rejects a good token too; {answer_to_a_good_token}",
            remedy=f"See {see}",
            see=see,
            status=answer_to_a_good_token.status,
        )

    bearer = None
    if grants is not None:
        video = grants.get("video")
        if video is not None and "room" in video:
            grants = {**grants, "video": {**video, "room": room}}
        bearer = issuer.sign(issuer.claims(**grants))
    answer = await client.get(_VALIDATE, bearer=bearer)

    fits = (answer.status, answer.text.strip()) == (status, text)
    late = "; livekit-server 1.8.4 refuses such a token only at the join, so this is a SHOULD"
    found = judge_answer(
        f"GET {_VALIDATE} ({kind})",
        answer.status,
        answer.text,
        fits=fits or (kind == "its-room" and _is_valid(answer)),
        expected=f"{status} `{text}`",
        seen=f"{answer} from GET {_VALIDATE} ({kind}), expected {status} {text!r}"
        + (late if kind in _INCOMPLETE else ""),
    )
    require(replace(each, level="SHOULD" if kind in _INCOMPLETE else None) for each in found)


def _is_valid(answer: HttpAnswer) -> bool:
    """
    Return whether the token was accepted; the existence of its room is checked after it.
    """
    return answer.status == 200 or (answer.status == 404 and _NO_ROOM in answer.text)


@pytest.mark.clause("1.1-participant-joins")
async def test_a_participant_joins(
    client: LiveKitClient, rooms: OwnRooms, profile: Profile, recorder: Recorder
) -> None:
    """
    A real WebRTC participant connects, publishes audio, and is listed in the room.
    """
    answer = await client.get(_JOIN)
    if answer.status == 501:
        reason = f"the server does not support joining: it answered 501 {answer.text}"
        raise not_applicable(NO_JOINING, reason, text=answer.text)
    room = await rooms.make()
    participant = AgentStandIn(
        profile.livekit.url,
        api_key=profile.livekit.api_key,
        api_secret=profile.livekit.api_secret.get_secret_value(),
        tone_hz=_TONE_HZ,
        recorder=recorder,
    )

    async with participant:
        try:
            took = await participant.join(room.name)
        except NotJoined as failure:
            raise violated(
                NOT_JOINED,
                f"{failure.reason}. Check that the proxy passes WebSockets and that the RTC ports "
                "of the server are reachable",
                detail=failure.reason,
            ) from failure

        async def why_not_yet() -> str | None:
            listed = await client.list_participants(room.name)
            return None if listed else "ListParticipants returned nobody"

        listed = await wait_until(why_not_yet, within=_LISTED_WITHIN_S, slowest=POLITE_S)

    seen = f"the participant joined after {took:.2f} s; in the list of its room it was {listed}"
    found = judge_wait(Awaited.PARTICIPANT_LISTED, listed, seen=seen)
    require(found, otherwise="See 1.1-server-answers")
