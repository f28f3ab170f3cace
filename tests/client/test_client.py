"""
The client as an application uses it.
"""

from __future__ import annotations

import asyncio
import logging
import time

import aiohttp
import pytest
from aiohttp import web
from livekit import api

from livekit_conformance.client import (
    DEFAULT_HANDLING,
    Client,
    LiveKitCallError,
    LiveKitCircuitOpenError,
    LiveKitConnectionError,
    LiveKitError,
    LiveKitRequestError,
    LiveKitServerError,
    LiveKitTimeoutError,
)
from livekit_conformance.protocol import webhook
from livekit_conformance.secrets.patterns import Redactor
from tests.client.conftest import FAST, KEY, SECRET, cut, hang, message, twirp
from tests.scenarios.wrong_peers import closed_port

UNAVAILABLE = twirp(503, "unavailable", "no response from servers")
NOT_FOUND = twirp(404, "not_found", "no such room")
CALL = api.CreateSIPParticipantRequest(
    sip_trunk_id="ST_1", sip_call_to="+15550123", room_name="r", wait_until_answered=True
)


async def test_what_fails_for_a_moment_succeeds(server, client):
    rooms = api.ListRoomsResponse(rooms=[api.Room(name="support")])
    server.answers["ListRooms"] = [UNAVAILABLE, cut, message(rooms)]

    assert [room.name for room in await client.list_rooms()] == ["support"]
    assert len(server.asked) == 3


@pytest.mark.parametrize("lost", [UNAVAILABLE, cut], ids=["unavailable", "cut"])
@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("CreateSIPParticipant", lambda client: client.create_sip_participant(CALL)),
        (
            "CreateSIPInboundTrunk",
            lambda client: client.create_inbound_trunk(api.SIPInboundTrunkInfo()),
        ),
        (
            "CreateSIPOutboundTrunk",
            lambda client: client.create_outbound_trunk(api.SIPOutboundTrunkInfo()),
        ),
        (
            "CreateSIPDispatchRule",
            lambda client: client.create_dispatch_rule(api.SIPDispatchRuleInfo()),
        ),
        (
            "SendData",
            lambda client: client.ask(
                "SendData", lambda sdk: sdk.room.send_data(api.SendDataRequest(room="r"))
            ),
        ),
    ],
)
async def test_what_would_be_done_twice_is_sent_once(server, client, method, ask, lost):
    server.answers[method] = [lost]

    with pytest.raises(LiveKitError):
        await ask(client)
    assert server.asked == [method]


async def test_a_call_that_did_not_leave_us_is_placed_again():
    with closed_port("127.0.0.1") as port:
        url = f"http://127.0.0.1:{port}"
        async with Client(url, KEY, SECRET, policies=FAST) as client:
            with pytest.raises(LiveKitConnectionError) as failed:
                await client.create_sip_participant(CALL)
    assert failed.value.attempts == FAST.sip.attempts


@pytest.mark.parametrize(("sip_status", "tries"), [("503", 3), ("486", 1)])
async def test_a_callee_who_is_busy_is_not_called_again(server, client, sip_status, tries):
    # livekit-server answers 429 for busy; any other 429 is worth a retry.
    failure = twirp(429, "resource_exhausted", "call failed", sip_status_code=sip_status)
    server.answers["CreateSIPParticipant"] = [failure]

    with pytest.raises(LiveKitCallError) as failed:
        await client.create_sip_participant(CALL)
    assert failed.value.sip_status_code == int(sip_status)
    assert len(server.asked) == tries


async def test_what_an_earlier_try_has_removed_is_no_error(server, client):
    server.answers["DeleteRoom"] = [cut, NOT_FOUND]

    await client.delete_room("support")

    assert len(server.asked) == 2


async def test_what_was_never_there_is_an_error(server, client):
    server.answers["DeleteRoom"] = [NOT_FOUND]

    with pytest.raises(LiveKitRequestError):
        await client.delete_room("support")


async def test_the_other_methods_ask_for_what_they_are_named_after(server, client):
    await client.create_room("r", empty_timeout=5)
    await client.list_participants("r")
    await client.list_agent_dispatches("r")
    await client.remove_participant("r", "caller")
    await client.list_inbound_trunks()
    await client.list_outbound_trunks()
    await client.list_dispatch_rules()
    await client.delete_trunk("ST_1")
    await client.delete_dispatch_rule("SDR_1")

    assert server.asked == [
        *("CreateRoom", "ListParticipants", "ListDispatch", "RemoveParticipant"),
        *("ListSIPInboundTrunk", "ListSIPOutboundTrunk", "ListSIPDispatchRule"),
        *("DeleteSIPTrunk", "DeleteSIPDispatchRule"),
    ]
    assert api.CreateRoomRequest.FromString(server.bodies[0]).empty_timeout == 5


async def test_a_dispatch_rule_is_sent_nested_and_flat_for_old_servers(server, client):
    # krisp_enabled is newer than the flat form.
    rule = api.SIPDispatchRuleInfo(name="n", trunk_ids=["ST_1"], krisp_enabled=True)
    await client.create_dispatch_rule(rule)

    (body,) = server.bodies
    sent = api.CreateSIPDispatchRuleRequest.FromString(body)
    assert sent.dispatch_rule == rule
    assert (sent.name, sent.trunk_ids) == ("n", ["ST_1"])


async def test_further_secrets_are_taken_out_of_errors(server):
    server.answers["ListRooms"] = [twirp(400, "malformed", f"{SECRET} and of-another-place")]

    async with Client(server.url, KEY, SECRET, redact=Redactor(["of-another-place"])) as client:
        with pytest.raises(LiveKitRequestError) as failed:
            await client.list_rooms()
    assert failed.value.text == "*** and ***"


async def test_an_open_circuit_tells_when_it_is_worth_asking_again(server):
    server.answers["ListRooms"] = [UNAVAILABLE]
    now = 0.0
    async with Client(server.url, KEY, SECRET, policies=FAST, clock=lambda: now) as client:
        with pytest.raises(LiveKitServerError) as last:
            await client.list_rooms()
        now = 4.0
        with pytest.raises(LiveKitCircuitOpenError) as refused:
            await client.list_rooms()

    assert last.value.retry_after == DEFAULT_HANDLING.circuit_breaker.open_for
    assert refused.value.retry_after == DEFAULT_HANDLING.circuit_breaker.open_for - 4
    assert refused.value.attempts == 0
    assert len(server.asked) == DEFAULT_HANDLING.circuit_breaker.failures


@pytest.mark.parametrize(
    ("url", "key", "secret"),
    [
        ("livekit:7880", KEY, SECRET),
        ("https://", KEY, SECRET),
        ("wss://livekit", "", SECRET),
        ("wss://livekit", KEY, ""),
    ],
)
def test_what_cannot_work_is_refused_at_once(url, key, secret):
    with pytest.raises(ValueError, match="must"):
        Client(url, key, secret)


async def test_a_secret_in_the_place_of_the_key_is_not_told(server):
    swapped = "a-secret-that-stands-where-the-key-belongs"
    server.answers["ListRooms"] = [web.Response(status=401, text=f"invalid API key: {swapped}")]

    async with Client(server.url, swapped, KEY, policies=FAST) as client:
        with pytest.raises(LiveKitError, match="does not know this key") as refused:
            await client.list_rooms()

    assert swapped not in f"{refused.value!r} {refused.value}"


async def test_of_a_session_without_trace_nothing_is_known_so_nothing_is_done_twice():
    with closed_port("127.0.0.1") as port:
        url = f"http://127.0.0.1:{port}"
        async with (
            aiohttp.ClientSession() as session,
            Client(url, KEY, SECRET, policies=FAST, session=session) as client,
        ):
            with pytest.raises(LiveKitConnectionError) as failed:
                await client.create_sip_participant(CALL)

    assert failed.value.attempts == 1


def test_a_client_shows_no_secret():
    client = Client("https://user:made-up-password@livekit", KEY, SECRET)

    assert SECRET not in repr(client)
    assert "made-up-password" not in repr(client)


async def test_a_failed_call_is_logged_with_its_fields(server, client, logged):
    server.answers["ListRooms"] = [twirp(401, "unauthenticated", f"no {SECRET}")]

    with pytest.raises(LiveKitError):
        await client.list_rooms()

    (line,) = (r for r in logged.records if r.name == "livekit_conformance.client")
    assert line.levelno == logging.ERROR
    assert (line.livekit_method, line.livekit_status) == ("ListRooms", 401)
    assert line.livekit_error_class == "authentication"
    assert SECRET not in line.getMessage()


# -- cleaning up a room


async def test_a_room_is_deleted_at_the_end(server, client):
    async with client.room("support", max_participants=2):
        assert server.asked == ["CreateRoom"]

    assert server.asked == ["CreateRoom", "DeleteRoom"]


async def test_a_room_that_has_ended_by_itself_is_no_error(server, client):
    server.answers["DeleteRoom"] = [NOT_FOUND]

    async with client.room("support"):
        pass


async def test_a_room_that_cannot_be_deleted_is_an_error(server, client):
    server.answers["DeleteRoom"] = [twirp(401, "unauthenticated", "no")]

    with pytest.raises(LiveKitError):
        async with client.room("support"):
            pass


async def test_the_error_of_the_body_is_not_masked_by_that_of_the_deletion(server, client):
    server.answers["DeleteRoom"] = [twirp(401, "unauthenticated", "no")]

    with pytest.raises(KeyError) as failed:
        async with client.room("support"):
            raise KeyError("of the application")

    assert server.asked == ["CreateRoom", "DeleteRoom"]
    (note,) = failed.value.__notes__
    assert "the room support was not deleted" in note


async def test_a_room_is_deleted_when_its_task_is_cancelled(server, client):
    entered = asyncio.Event()

    async def session():
        async with client.room("support"):
            entered.set()
            await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(session())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert server.asked == ["CreateRoom", "DeleteRoom"]


async def test_a_room_is_deleted_even_when_its_deletion_is_cancelled_too(server):
    entered, deleting, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        deleting.set()
        await go_on.wait()
        return message(api.DeleteRoomResponse())

    server.answers["DeleteRoom"] = [slow]

    async def session(client):
        async with client.room("support"):
            entered.set()
            await asyncio.get_running_loop().create_future()

    async with Client(server.url, KEY, SECRET, policies=FAST) as client:
        task = asyncio.create_task(session(client))
        await entered.wait()
        task.cancel()
        await deleting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    assert server.asked == ["CreateRoom", "DeleteRoom"]


async def test_a_room_that_may_have_been_made_is_deleted(server):
    server.answers["CreateRoom"] = [hang]
    once = FAST.livekit.model_copy(update={"attempts": 1, "timeout": 0.1, "deadline": 0.1})
    policies = FAST.model_copy(update={"livekit": once})

    async with Client(server.url, KEY, SECRET, policies=policies) as client:
        with pytest.raises(LiveKitTimeoutError):
            async with client.room("support"):
                raise AssertionError("there is no room")

    assert server.asked == ["CreateRoom", "DeleteRoom"]


async def test_a_room_that_was_refused_is_not_deleted(server, client):
    server.answers["CreateRoom"] = [twirp(401, "unauthenticated", "no")]

    with pytest.raises(LiveKitError):
        async with client.room("support"):
            raise AssertionError("there is no room")

    assert server.asked == ["CreateRoom"]


# -- webhooks


async def test_an_event_is_delivered_again_until_it_is_taken(server, client):
    server.answers["hook"] = [web.Response(status=500), cut, web.Response(text="ok")]

    await client.deliver(f"{server.url}/hook", {"event": "room_started", "id": "EV_1"})

    assert len(server.asked) == 3
    assert len(set(server.bodies)) == 1
    proof = server.headers[-1]["Authorization"]
    webhook.verify(server.bodies[-1], proof, keys={KEY: SECRET}, now=time.time())


async def test_an_event_that_is_refused_is_delivered_once(server, client):
    server.answers["hook"] = [web.Response(status=401, text="wrong signature")]

    with pytest.raises(LiveKitError, match="wrong signature"):
        await client.deliver(f"{server.url}/hook", {"id": "EV_1"})
    assert len(server.asked) == 1


async def test_an_endpoint_that_fails_opens_no_circuit_of_the_server(server, client):
    server.answers["hook"] = [web.Response(status=500)]

    for _ in range(DEFAULT_HANDLING.circuit_breaker.failures):
        with pytest.raises(LiveKitError):
            await client.deliver(f"{server.url}/hook", {"id": "EV_1"})

    await client.list_rooms()
