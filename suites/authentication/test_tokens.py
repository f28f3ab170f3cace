"""
Is the good token accepted, and is every bad one refused?
"""

import time
from collections.abc import Mapping
from secrets import token_urlsafe

import pytest

from livekit_conformance.drivers.http import HttpAnswer
from livekit_conformance.drivers.livekit_api import LIST_ROOMS, LiveKitClient
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.errors import Blocked
from livekit_conformance.protocol.logline import LogLine

# The server forgives 60 s; twice that is expired by any reading.
_LONG_AGO_S = 120
_LOGGED_WITHIN_S = 5.0


@pytest.mark.clause("1.1-key-is-accepted")
async def test_a_good_token_is_accepted(client: LiveKitClient) -> None:
    """
    ListRooms answers 200 to a token signed with the profile's key pair.
    """
    answer = await client.post(LIST_ROOMS, bearer=client.sign(client.claims()))

    assert answer.status == 200, f"ListRooms MUST answer 200 to the key pair; {told(answer)}"


@pytest.mark.clause("1.1-wrong-secret-is-refused")
async def test_a_token_of_another_secret_is_refused(client: LiveKitClient) -> None:
    """
    The same claims signed with another secret get 401.
    """
    await expect_good_token_works(client)

    bad = client.sign(client.claims(), secret=token_urlsafe(32))
    answer = await client.post(LIST_ROOMS, bearer=bad)

    assert answer.status == 401, f"a wrong secret MUST be refused with 401; {told(answer)}"


@pytest.mark.clause("1.1-unknown-key-is-refused")
async def test_a_token_of_an_unknown_key_is_refused(client: LiveKitClient) -> None:
    """
    An issuer that the server does not know gets 401.
    """
    await expect_good_token_works(client)

    bad = client.sign(client.claims(iss="APIunknownconformance"))
    answer = await client.post(LIST_ROOMS, bearer=bad)

    assert answer.status == 401, f"an unknown API key MUST be refused with 401; {told(answer)}"


@pytest.mark.clause("1.1-expired-token-is-refused")
async def test_an_expired_token_is_refused(client: LiveKitClient) -> None:
    """
    A token that expired two minutes ago gets 401.
    """
    await expect_good_token_works(client)

    then = int(time.time()) - _LONG_AGO_S
    bad = client.sign(client.claims(nbf=then - 60, exp=then))
    answer = await client.post(LIST_ROOMS, bearer=bad)

    assert answer.status == 401, f"an expired token MUST be refused with 401; {told(answer)}"


@pytest.mark.clause("1.4-refused-token-is-logged")
async def test_a_refused_token_is_logged_with_its_reason(
    client: LiveKitClient, logs: Mapping[str, LogTail]
) -> None:
    """
    The server's log tells time, level, status, method, path and reason of a refusal.
    """
    before = len(logs["livekit-server"].read())
    answer = await client.post(LIST_ROOMS, bearer="conformance-not-a-token")
    assert answer.status == 401, f"a malformed token MUST be refused with 401; {told(answer)}"

    def tells_all(line: LogLine) -> bool:
        return (
            line not in logs["livekit-server"].lines[:before]
            and line.at is not None
            and bool(line.level and line.error)
            and line.fields.get("status") == 401
            and line.fields.get("method") == "POST"
            and line.fields.get("path") == LIST_ROOMS
        )

    line, waited = await logs["livekit-server"].wait_for(
        tells_all, within=_LOGGED_WITHIN_S, what=f"a line with the refusal of POST {LIST_ROOMS}"
    )

    assert line is not None, (
        f"a refused token MUST be logged with time, level, status, method, path, reason; {waited}"
    )


async def expect_good_token_works(client: LiveKitClient) -> None:
    """
    The positive control: without it, a server that refuses everything would look strict.
    """
    answer = await client.post(LIST_ROOMS, bearer=client.sign(client.claims()))
    if answer.status != 200:
        raise Blocked(
            f"positive control: a good token does not work either; {told(answer)}",
            remedy="See 1.1-key-is-accepted",
        )


def told(answer: HttpAnswer) -> str:
    """
    What the server answered, in its own words.
    """
    return f"received {answer.status}: {answer.text[:300]!r}"
