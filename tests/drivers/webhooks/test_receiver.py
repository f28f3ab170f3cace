"""
Our webhook endpoint accepts only proven events, each once, and remembers what arrived.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from itertools import repeat

import pytest

from livekit_conformance.drivers.api.http_client import HttpClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.webhooks.sender import WebhookSender, new_event
from livekit_conformance.errors import NotPermitted
from livekit_conformance.observations import Recorder, WebhookArrival
from livekit_conformance.protocol.token import TokenRefusal
from livekit_conformance.protocol.webhook import Unproven
from livekit_conformance.protocol.webhook_arrival import Arrival
from livekit_conformance.protocol.webhook_forgery import FORGERIES, Signer
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.drivers.conftest import KEY, SECRET, StartReceiver


async def _why_not(came_true):
    return None if came_true else "not yet"


async def test_a_signed_event_arrives(start_receiver):
    receiver, sender = await start_receiver()

    assert (
        await sender.send(new_event("room_started", id="EV_1", room={"name": "r"}))
    ).status == 200

    [arrival] = receiver.arrivals
    assert (arrival.event, arrival.id, arrival.room) == ("room_started", "EV_1", "r")
    assert (arrival.problem, arrival.status) == (None, 200)
    assert sender.url.startswith(f"http://{arrival.host}/")
    assert receiver.taken == [arrival]


@pytest.mark.parametrize(
    "at",
    [10**400, "1e999", "nan", "soon", None, ["1"]],
    ids=["huge", "infinite", "nan", "words", "null", "list"],
)
async def test_a_time_that_is_none_is_no_time(start_receiver, at):
    receiver, sender = await start_receiver()

    assert (await sender.send(new_event(createdAt=at))).status == 200
    assert receiver.arrivals[0].created_at == 0.0


async def test_waiting_sees_what_is_proven_and_nothing_else(start_receiver):
    receiver, sender = await start_receiver()
    waiting = asyncio.create_task(receiver.wait_for(lambda seen: True, within=5))
    await sender.send(FORGERIES["wrong-key"](sender.signer, new_event(id="EV_forged")))
    await sender.send(new_event(id="EV_proven"))

    found = await waiting

    assert found is not None
    assert found.id == "EV_proven"
    assert receiver.arrivals[0].problem == "token signature is invalid: signature is invalid"
    assert receiver.arrivals[0].body == {}


@pytest.mark.parametrize(
    ("forgery", "reason"),
    [
        ("unsigned", Unproven.NO_AUTHORIZATION),
        ("changed-body", Unproven.HASH_MISMATCH),
        ("wrong-key", TokenRefusal.SIGNATURE),
        ("expired", TokenRefusal.EXPIRED),
    ],
)
async def test_the_reason_why_an_event_is_not_proven_is_recorded(start_receiver, forgery, reason):
    receiver, sender = await start_receiver()

    await sender.send(FORGERIES[forgery](sender.signer, new_event()))

    seen = [each for each in receiver._recorder.observations if isinstance(each, WebhookArrival)]
    assert [each.unproven for each in seen] == [reason]


async def test_an_event_signed_with_an_unknown_key_says_so(start_receiver):
    receiver, sender = await start_receiver()

    await sender.send(replace(sender.signer, api_key="APIother").sign(b"{}"))

    assert receiver.arrivals[0].unproven is TokenRefusal.UNKNOWN_KEY


async def test_what_never_comes_is_none(start_receiver):
    receiver, _ = await start_receiver()

    assert await receiver.wait_for(lambda seen: True, within=0.01) is None


async def test_a_stranger_is_not_told_why(start_receiver):
    _, sender = await start_receiver()

    answer = await sender.send(FORGERIES["wrong-key"](sender.signer, new_event()))

    assert (answer.status, answer.text) == (401, "")


async def test_another_path_or_method_is_no_delivery(start_receiver):
    receiver, sender = await start_receiver()

    assert (await sender.send(new_event(), url=f"{sender.url}-beside")).status == 404
    assert (await sender.send(new_event(), url=f"{sender.url}/below")).status == 404
    assert (await sender.get()).status == 405

    assert receiver.strays == ["POST /hook-beside", "POST /hook/below", "GET /hook"]
    assert receiver.arrivals == []


async def test_work_is_done_once_for_each_id_and_not_waited_for(
    start_receiver: StartReceiver,
) -> None:
    receiver, sender = await start_receiver()
    worked: list[str] = []
    free = asyncio.Event()

    async def work(arrival: Arrival) -> None:
        await free.wait()
        worked.append(arrival.id)

    receiver.on_arrival = work
    for id_ in ("EV_1", "EV_1", "EV_2"):
        assert (await sender.send(new_event(id=id_))).status == 200
    assert worked == []
    free.set()
    receiver.on_arrival = None

    assert [seen.id for seen in receiver.taken] == ["EV_1", "EV_2"]
    done = await wait_until(lambda: _why_not(len(worked) == 2), within=1)
    assert done.came_true
    assert worked == ["EV_1", "EV_2"]


async def test_work_that_fails_is_told(start_receiver):
    receiver, sender = await start_receiver()

    async def work(arrival: Arrival) -> None:
        raise ValueError("no agent is free")

    receiver.on_arrival = work
    assert (await sender.send(new_event())).status == 200

    recorder = receiver._recorder
    told = await wait_until(
        lambda: _why_not(any("no agent is free" in o.summary for o in recorder.observations)),
        within=1,
    )
    assert told.came_true


async def test_deliveries_are_answered_as_scripted_then_taken(start_receiver):
    receiver, sender = await start_receiver()
    receiver.script("room_started", "ours", [500, 404])
    ours = new_event("room_started", room={"name": "ours"})

    assert [(await sender.send(ours)).status for _ in range(4)] == [500, 404, 200, 200]
    assert [seen.status for seen in receiver.deliveries("ours")] == [500, 404, 200, 200]
    assert [seen.id for seen in receiver.taken] == [ours["id"]]


async def test_a_script_is_for_one_event_of_one_room_and_for_who_is_proven(start_receiver):
    receiver, sender = await start_receiver()
    receiver.script("room_started", "ours", repeat(500))
    started = new_event("room_started", room={"name": "ours"})

    assert (await sender.send(started)).status == 500
    assert (await sender.send(started | {"event": "room_finished"})).status == 200
    assert (await sender.send(started | {"room": {"name": "theirs"}})).status == 200
    assert (await sender.send(FORGERIES["unsigned"](sender.signer, started))).status == 401


async def test_the_application_log_tells_why(start_receiver, tmp_path):
    log = tmp_path / "application.log"
    _, sender = await start_receiver(log=log)
    delivery = sender.signer.sign(new_event(id="EV_1"))
    for each in (FORGERIES["changed-body"](sender.signer, new_event()), delivery, delivery):
        await sender.send(each)

    lines = [json.loads(line) for line in log.read_text().splitlines()]

    assert [(line["level"], line["msg"], line["error"]) for line in lines] == [
        ("warn", "webhook refused", "the token was signed for another body"),
        ("info", "webhook ignored", "replayed"),
    ]
    assert lines[1]["id"] == "EV_1"


async def test_nothing_is_sent_without_the_effect(start_receiver):
    receiver, sender = await start_receiver()
    nobody = WebhookSender(sender.http, Permit(frozenset()), sender.url, KEY, SECRET)

    with pytest.raises(NotPermitted, match="send-webhooks"):
        await nobody.send(new_event())
    with pytest.raises(NotPermitted, match="send-webhooks"):
        await nobody.get()
    assert (receiver.arrivals, receiver.strays) == ([], [])


async def test_a_large_body_is_answered_or_cut_off(start_receiver):
    _, sender = await start_receiver()

    answer = await sender.send_large(sender.signer.sign(new_event(padding="x" * 10 * 2**20)))

    assert answer is None or answer.status == 413
    assert (await sender.send(new_event())).status == 200


async def test_no_secret_is_shown_or_recorded():
    recorder = Recorder(Redactor([SECRET]))
    async with HttpClient(Permit.everything(), recorder, timeout=1) as http:
        sender = WebhookSender(http, Permit.everything(), "http://127.0.0.1:9/", KEY, SECRET)
        delivery = sender.signer.sign(new_event())

    shown = f"{sender!r} {sender.signer!r} {delivery!r} {Signer(KEY, SECRET, 0)!r}"
    assert SECRET not in shown
    assert delivery.headers["Authorization"] not in shown
