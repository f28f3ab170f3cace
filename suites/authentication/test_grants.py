"""
Grants of tokens: they open their own methods, and nothing else.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.grants import (
    CALLING,
    CHANGING_ROOMS,
    CHANGING_SIP,
    READING,
    GuardedMethod,
)
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.own_rooms import RoomNames
from livekit_conformance.errors import blocked, not_applicable, require
from livekit_conformance.findings import Finding
from livekit_conformance.judges.answers import judge_answer
from livekit_conformance.judges.preconditions import NO_SUCH_METHOD, OWN_GRANT_FAILS
from livekit_conformance.protocol.twirp import Code, parse_error

# Methods with which the administrator of one room could affect another one.
_ADMIN_METHODS = [
    method
    for method in (*READING, *CHANGING_ROOMS)
    if "roomAdmin" in method.grants.get("video", ())
]

_REFUSED = "401 `permissions denied`"


def _word(method: GuardedMethod) -> str:
    return method.name


@pytest.mark.clause("1.1-missing-grant-is-refused")
@pytest.mark.parametrize("method", READING, ids=_word)
async def test_a_reading_method_needs_its_grant(
    client: LiveKitClient, room_names: RoomNames, method: GuardedMethod
) -> None:
    """
    With no grant, and with every other grant, the method answers 401 and `permissions denied`.
    """
    refusals = await without_the_grant(client, method, room_names.new("absent"))

    require_refusals(method, refusals)


@pytest.mark.clause("1.1-missing-room-grant-is-refused")
@pytest.mark.parametrize("method", CHANGING_ROOMS, ids=_word)
async def test_a_method_that_changes_rooms_needs_its_grant(
    client: LiveKitClient, two_rooms: tuple[str, str], method: GuardedMethod
) -> None:
    """
    Without its grant the method is refused, in a room of our own.
    """
    refusals = await without_the_grant(client, method, two_rooms[0])

    require_refusals(method, refusals)


@pytest.mark.clause("1.1-missing-sip-grant-is-refused")
@pytest.mark.parametrize("method", CHANGING_SIP, ids=_word)
async def test_a_method_that_changes_telephony_needs_its_grant(
    client: LiveKitClient, room_names: RoomNames, method: GuardedMethod
) -> None:
    """
    Without its grant a method for trunks and rules is refused; the requests create and delete none.
    """
    refusals = await without_the_grant(client, method, room_names.new("absent"))

    require_refusals(method, refusals)


@pytest.mark.clause("1.1-missing-call-grant-is-refused")
@pytest.mark.parametrize("method", CALLING, ids=_word)
async def test_a_method_that_begins_or_ends_calls_needs_its_grant(
    client: LiveKitClient, room_names: RoomNames, method: GuardedMethod
) -> None:
    """
    Without its grant a method for calls is refused; the requests call nobody. Calls cost money.
    """
    refusals = await without_the_grant(client, method, room_names.new("absent"))

    require_refusals(method, refusals)


@pytest.mark.clause("1.1-other-room-is-refused")
@pytest.mark.parametrize("method", _ADMIN_METHODS, ids=_word)
async def test_an_admin_of_one_room_cannot_act_on_another(
    client: LiveKitClient, two_rooms: tuple[str, str], method: GuardedMethod
) -> None:
    """
    The token works in its own room and gets 401 in the other one.
    """
    own, other = two_rooms
    issuer = client.issuer()
    token = issuer.sign(issuer.claims(**method.exact(own)))
    expect_works(
        method, await client.post(method.control_path, bearer=token, body=method.body(own))
    )

    answer = await client.post(method.path, bearer=token, body=method.body(other))

    require(judge_refusal(method, answer, f"{method.name} with the admin token of another room"))


async def without_the_grant(
    client: LiveKitClient, method: GuardedMethod, room: str
) -> list[HttpAnswer]:
    """
    Return the answers to a token without grants and to one with all others.

    The exact grant is tried first, as positive control.
    """
    issuer = client.issuer()
    exact = issuer.sign(issuer.claims(**method.exact(room)))
    expect_works(
        method, await client.post(method.control_path, bearer=exact, body=method.body(room))
    )
    return [
        await client.post(
            method.path, bearer=issuer.sign(issuer.claims(**grants)), body=method.body(room)
        )
        for grants in ({}, method.all_others(room))
    ]


def expect_works(method: GuardedMethod, answer: HttpAnswer) -> None:
    """
    Check the positive control: the exact grant opens the method, whatever it then answers.
    """
    error = parse_error(answer.text.encode())
    if error is not None and error.code is Code.BAD_ROUTE:
        reason = f"this version of livekit-server has no {method.name}"
        raise not_applicable(NO_SUCH_METHOD, reason, method=method.name)
    if answer.status in (401, 403) or answer.status >= 500:
        # Telephony is stored in Redis, and 5xx means that the server cannot reach it.
        failing = Link.BUS if method.service == "SIP" else Link.NODE
        raise blocked(
            OWN_GRANT_FAILS,
            f"positive control: {method.name} fails even with exactly its own grant; {answer}",
            remedy="See 1.1-key-is-accepted; if it passes, check the proxy in front of "
            "livekit-server, and for 5xx its Redis and its log",
            link=failing if answer.status >= 500 else None,
            see="1.1-key-is-accepted",
            method=method.name,
            status=answer.status,
        )


def is_refusal(answer: HttpAnswer) -> bool:
    """
    Return whether the answer is a 401 in Twirp format with the text for a missing permission.
    """
    error = parse_error(answer.text.encode())
    return (
        answer.status == 401
        and error is not None
        and error.code is Code.UNAUTHENTICATED
        and error.msg == "permissions denied"
    )


def require_refusals(method: GuardedMethod, refusals: list[HttpAnswer]) -> None:
    """
    Raise Violation unless both tokens are refused: that without grants, and that with all others.
    """
    tokens = ("without any grant", "with all other grants")
    require(
        found
        for which, answer in zip(tokens, refusals, strict=True)
        for found in judge_refusal(method, answer, f"{method.name} {which}")
    )


def judge_refusal(method: GuardedMethod, answer: HttpAnswer, request: str) -> Iterator[Finding]:
    """
    Yield a violation unless the method answers 401 for the lack of a permission.
    """
    shown = replace(answer, text=answer.text[:120])
    return judge_answer(
        method.name,
        answer.status,
        answer.text,
        fits=is_refusal(answer),
        expected=_REFUSED,
        seen=f"{request}: {shown}, expected {_REFUSED}",
    )
