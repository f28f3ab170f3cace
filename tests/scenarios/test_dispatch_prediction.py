"""
The dispatch evaluation predicts the outcome of a call on the real services.

For each case trunks and rules are created, listed by the API, evaluated, and a real call is placed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import api

from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.dispatch import (
    ConflictError,
    conflicting_rules,
    conflicting_trunks,
)
from livekit_conformance.protocol.telephony import rule_of, trunk_of
from livekit_conformance.provisioners.local.stack import SIP_PORT, running_stack
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.dispatch_cases import (
    CASES,
    NUMBER,
    Case,
    callee,
    direct,
    individual,
    trunk,
)
from tests.scenarios.dispatch_line import HOST, Line, as_json, bound, foretold, incoming, unlike


@pytest_asyncio.fixture(scope="module")
async def line(
    real_services: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Line]:
    recorder = Recorder(Redactor())
    async with running_stack(tmp_path_factory.mktemp("dispatch"), recorder) as stack:
        key, secret = stack.keys.key, stack.keys.secret
        permit = Permit.everything()
        async with (
            LiveKitClient(
                stack.url, api_key=key, api_secret=secret, permit=permit, recorder=recorder
            ) as client,
            api.LiveKitAPI(stack.url.replace("ws", "http", 1), key, secret) as sdk,
            SipAgent((stack.address, SIP_PORT), recorder=recorder, local_host=HOST) as agent,
        ):
            yield Line(stack.redis_url, client, sdk, agent, LogTail("livekit-sip", stack.sip.log))


@pytest_asyncio.fixture
async def clear_line(line: Line) -> AsyncIterator[Line]:
    yield line
    await line.clear()


def cases(*fates: str) -> pytest.MarkDecorator:
    chosen = [case for case in CASES if case.comes_to in fates]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case.id)


@cases("room", "silence", "pin", "407", "486")
async def test_a_call_comes_to_what_was_foretold(case, clear_line):
    await (clear_line.leave_behind(case) if case.old_data else clear_line.make(case))
    outcome = (await clear_line.listed()).predict(incoming(case))
    assert foretold(outcome, case) == case.comes_to

    seen = await clear_line.call(case)

    assert unlike(seen, outcome, case) is None, seen.log


@cases("503")
async def test_a_conflict_is_foretold_in_the_words_of_the_server(case, clear_line):
    await (clear_line.leave_behind(case) if case.old_data else clear_line.make(case))
    telephony = await clear_line.listed()
    with pytest.raises(ConflictError) as conflict:
        telephony.predict(incoming(case))

    older = len(clear_line.sip_log.read())

    seen = await clear_line.call(case)

    assert seen.comes_to == "503", seen.log
    # The log line about conflicting rules does not name the call.
    errors = [line.error for line in clear_line.sip_log.read()[older:] if line.error]
    assert any(str(conflict.value) in error for error in errors), errors


@cases("refused")
async def test_a_refusal_is_foretold_in_the_words_of_the_server(case, clear_line):
    with pytest.raises(api.ServerError) as refusal:
        await clear_line.make(case)
    there = await clear_line.listed()

    # Everything except the last one was created, so that one was refused.
    if case.rules:
        assert len(there.rules) == len(case.rules) - 1
        last = rule_of(as_json(bound(case.rules[-1], [info.id for info in there.trunks])))
        conflict = conflicting_rules([*there.rules, last])
    else:
        assert len(there.trunks) == len(case.trunks) - 1
        conflict = conflicting_trunks([*there.trunks, trunk_of(as_json(case.trunks[-1]))])
    assert (refusal.value.code, refusal.value.message) == ("invalid_argument", conflict)


async def test_what_a_pin_opens_is_foretold(clear_line):
    rules = (direct("a", pin="1111"), individual("b", pin="2222", plain=False), callee("open"))
    case = Case("pins", "pin", (trunk(NUMBER),), rules)
    await clear_line.make(case)
    telephony = await clear_line.listed()
    assert telephony.predict(incoming(case)).asks_for_pin
    # The last one presses # at once.
    pins = ("1111", "2222", "9999", "")

    seen = await asyncio.gather(*(clear_line.enter_pin(case, pin) for pin in pins))

    for pin, told in zip(pins, seen, strict=True):
        outcome = telephony.predict(incoming(case), pin=pin)
        assert (outcome.room is None) is (told.room is None), (pin, told.log)
        if told.participant is not None:
            assert outcome.room.matches(told.room), (pin, told.room)
            assert told.participant.attributes["sip.ruleID"] == outcome.rule.id
    # A wrong PIN does not open the open rule's room either.
    assert [told.room is None for told in seen] == [False, False, True, False]
