"""
No wrong answer to a digest challenge is accepted, by livekit-sip or by the mock of it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.mock import Faults, Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.digest import Challenge
from livekit_conformance.protocol.sip.message import Response
from livekit_conformance.provisioners.local.stack import SIP_PORT, running_stack
from livekit_conformance.secrets.patterns import Redactor
from tests.mock import replay
from tests.scenarios.digest_cases import (
    FORGIVEN,
    WRONG,
    Ask,
    Case,
    Lines,
    answer,
    fields,
    right,
)
from tests.scenarios.raw_caller import ANSWER_WITHIN_S, Attempt, RawCaller, raw_caller

# Rooms are named after the caller, so that a room opened by a wrong answer stands out.
WRONG_CALLER, RIGHT_CALLER = "+15550100", "+15550101"
CONTROL_EVERY = 10
# Seconds to wait for an answer that need not come.
SILENCE_S = 0.5
REFUSALS = frozenset({400, 401, 403, 407})


@dataclass
class Trunk:
    """
    A trunk with credentials, a caller, and a client that lists the rooms.
    """

    caller: RawCaller
    client: LiveKitClient
    number: str
    user: str
    password: str
    sip_log: Path
    foreign_nonce: str = ""

    async def challenge(self, attempt: Attempt) -> Challenge:
        _, response = await self.caller.invite(attempt)
        assert response is not None, "an INVITE MUST be challenged; received silence"
        status = response.label
        assert status.startswith("407"), f"an INVITE MUST be challenged; received {status}"
        return Challenge.parse(response.headers.get("Proxy-Authenticate") or "")

    async def ask(self, attempt: Attempt, case: Case) -> Ask:
        """
        Get a challenge as the case requires.
        """
        if case.handshake == "never":
            challenge = old = Challenge("LiveKit", self.foreign_nonce)
        else:
            challenge = old = await self.challenge(attempt)
        if case.handshake == "challenged-twice":
            challenge = await self.challenge(attempt)
        return Ask(
            realm=challenge.realm,
            nonce=challenge.nonce,
            uri=self.caller.uri(self.number),
            user=self.user,
            password=self.password,
            old_nonce=old.nonce,
            foreign_nonce=self.foreign_nonce,
        )

    async def answer(self, case: Case, caller: str) -> Response | None:
        """
        Return the response to an INVITE with the answer of the case; a ringing call is cancelled.
        """
        attempt = Attempt(self.number, caller)
        lines = case.lines(await self.ask(attempt, case))
        within = SILENCE_S if case.is_no_message else ANSWER_WITHIN_S
        return await self.call(attempt, lines, within=within)

    async def call(
        self, attempt: Attempt, lines: Lines, *, within: float = ANSWER_WITHIN_S
    ) -> Response | None:
        invite, response = await self.caller.invite(attempt, lines, within=within)
        if response is not None and response.status < 300:
            final = await self.caller.give_up(invite)
            assert final is not None
            assert final.status == 487
        return response

    async def is_accepted(self) -> bool:
        response = await self.answer(Case("right", right), RIGHT_CALLER)
        return response is not None and response.status == 180

    async def rooms_of(self, caller: str) -> set[str]:
        return {room.name for room in await self.client.list_rooms() if caller in room.name}


async def taken_wrongly(trunk: Trunk, cases: Sequence[Case] = WRONG) -> dict[str, str]:
    """
    Return the cases that were not refused, with their outcome; empty when all are well.
    """
    wrong: dict[str, str] = {}
    before: set[str] = set()
    for number, case in enumerate(cases):
        if number % CONTROL_EVERY == 0:
            assert await trunk.is_accepted(), f"the right answer was refused before {case.id}"
        response = await trunk.answer(case, WRONG_CALLER)
        rooms = await trunk.rooms_of(WRONG_CALLER)
        is_refused = case.is_no_message if response is None else response.status in REFUSALS
        if not is_refused or rooms - before:
            wrong[case.id] = response.label if response is not None else "silence"
        before = rooms
    return wrong


@pytest_asyncio.fixture(scope="module", params=["real", "mock"])
async def trunk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Trunk]:
    folder = tmp_path_factory.mktemp("digest")
    async with AsyncExitStack() as running:
        if request.param == "mock":
            yield await trunk_of_a_mock(running, folder)
        else:
            request.getfixturevalue("real_services")
            yield await trunk_of_a_stack(running, folder)


async def trunk_of_a_stack(running: AsyncExitStack, folder: Path) -> Trunk:
    stack = await running.enter_async_context(running_stack(folder, Recorder(Redactor())))
    await replay.provide_sip(stack.url, key=stack.keys.key, secret=stack.keys.secret)
    server = (stack.address, SIP_PORT)
    keys = (stack.keys.key, stack.keys.secret)
    return await opened(running, server, stack.url, keys, stack.sip.log)


async def trunk_of_a_mock(running: AsyncExitStack, folder: Path, **faults: bool) -> Trunk:
    # No agent answers, so that an accepted call can be cancelled.
    silent = Faults(agent_silent=True, **faults)
    config = MockConfig(replay.API_KEY, replay.API_SECRET, folder, faults=silent)
    mock = await running.enter_async_context(Mock(config))
    await replay.provide_sip(mock.url)
    keys = (replay.API_KEY, replay.API_SECRET)
    return await opened(running, mock.sip_address, mock.url, keys, mock.sip_log)


async def opened(
    running: AsyncExitStack,
    server: tuple[str, int],
    url: str,
    keys: tuple[str, str],
    sip_log: Path,
) -> Trunk:
    client = LiveKitClient(
        url,
        api_key=keys[0],
        api_secret=keys[1],
        permit=Permit.everything(),
        recorder=Recorder(Redactor()),
    )
    await running.enter_async_context(client)
    caller = await running.enter_async_context(raw_caller(server, "127.0.0.1"))
    trunk = Trunk(caller, client, replay.NUMBER, replay.USERNAME, replay.PASSWORD, sip_log)
    trunk.foreign_nonce = (await trunk.challenge(Attempt(trunk.number, WRONG_CALLER))).nonce
    return trunk


async def test_no_wrong_answer_is_accepted(trunk: Trunk) -> None:
    assert len({case.id for case in WRONG}) == len(WRONG) >= 40

    assert await taken_wrongly(trunk) == {}


@pytest.mark.parametrize("case", FORGIVEN, ids=lambda case: case.id)
async def test_what_livekit_sip_forgives(trunk: Trunk, case: Case) -> None:
    response = await trunk.answer(case, RIGHT_CALLER)

    assert response is not None
    assert response.status == 180


async def test_an_answer_is_good_for_more_than_one_call(trunk: Trunk) -> None:
    """
    A finding: an observed answer can be replayed for another call with the same Call-ID.
    """
    first = Attempt(trunk.number, RIGHT_CALLER)
    lines = right(await trunk.ask(first, Case("right", right)))
    assert (await trunk.call(first, lines)) is not None

    again = Attempt(trunk.number, "+15550102", call_id=first.call_id)
    response = await trunk.call(again, lines)

    assert response is not None
    assert response.status == 180


async def test_the_log_tells_the_answer_to_a_wrong_one(trunk: Trunk) -> None:
    """
    A finding: with the log of livekit-sip 1.8.0 one can call without the password.
    """
    attempt = Attempt(trunk.number, RIGHT_CALLER)
    ask = await trunk.ask(attempt, Case("guess", right))
    guess = await trunk.call(attempt, answer(fields(ask, response="0" * 32)))
    lines = [json.loads(line) for line in trunk.sip_log.read_text().splitlines()]
    told = next(
        line["expectedResponse"]
        for line in lines
        if line.get("sipCallID") == attempt.call_id and "expectedResponse" in line
    )

    response = await trunk.call(attempt, answer(fields(ask, response=told)))

    assert guess is not None
    assert guess.status == 401
    assert response is not None
    assert response.status == 180


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        ("trunk_accepts_any_password", {"wrong-password", "empty-response"}),
        ("trunk_accepts_any_user", {"wrong-user"}),
        ("trunk_never_challenges", None),
    ],
)
async def test_a_trunk_that_accepts_wrong_answers_is_caught(
    tmp_path: Path, fault: str, accepted: set[str] | None
) -> None:
    ids = {"wrong-password", "wrong-user", "empty-response", "never-challenged"}
    cases = [case for case in WRONG if case.id in ids]
    async with AsyncExitStack() as running:
        if accepted is None:
            with pytest.raises(AssertionError, match="MUST be challenged"):
                await trunk_of_a_mock(running, tmp_path, **{fault: True})
            return
        trunk = await trunk_of_a_mock(running, tmp_path, **{fault: True})
        wrong = await taken_wrongly(trunk, cases)

    assert wrong == dict.fromkeys(accepted, "180 Ringing")
