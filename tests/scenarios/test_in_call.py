"""
A carrier's call on livekit-sip: each fact about what it supports still holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from livekit import api

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.agent.stand_in import AgentStandIn
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.calls.inbound_probe import (
    AGENT_TONE_HZ,
    CALLER_TONE_HZ,
    credentials,
)
from livekit_conformance.drivers.sip.caller import OutgoingCall, SipAgent
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.message import Headers
from livekit_conformance.protocol.sip.sdp import Direction
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.matrix.in_call import FACTS, Fact, facts
from tests.scenarios.real_stack import Scene, scene

KEYS = "1590*#"
AUDIBLE = 0.1
LISTENED_S = 0.4
# Nothing here is fast on a busy machine.
PATIENCE_S = 20.0
# A short one, so that the test need not be silent for 15 s.
MEDIA_TIMEOUT_S = 2


@dataclass
class CarrierCall:
    """
    A call that is up: its caller, the agent in its room, and the API.
    """

    call: OutgoingCall
    room: str
    agent: AgentStandIn
    lk: api.LiveKitAPI
    client: LiveKitClient

    async def status(self, method: str, *fields: tuple[str, str], body: bytes = b"") -> str:
        response = await self.call.ask(method, extra=Headers.of(*fields), body=body)
        return str(response.status if response else None)

    async def redirect(self, direction: Direction) -> str:
        """
        Change the direction; return the status and what the caller then hears.
        """
        response = await self.call.change_direction(direction)
        assert response is not None and self.call.described is not None
        sound = "its audio goes on" if await self.is_heard() else "it is silent"
        return f"{response.status}, a={self.call.described.direction}; {sound}"

    async def is_heard(self) -> bool:
        """
        Return whether the caller hears the agent, from now on or a little later.
        """
        media = self.call.media
        assert media is not None

        async def why_not_yet() -> str | None:
            heard = await media.listen(LISTENED_S)
            return None if heard.level(AGENT_TONE_HZ) > AUDIBLE else str(heard)

        return (await wait_until(why_not_yet, within=PATIENCE_S)).came_true

    async def caller_identity(self) -> str:
        inside = await self.client.list_participants(self.room)
        return next(p.identity for p in inside if p.identity.startswith("sip_"))

    async def ended(self, within: float) -> str:
        async def why_not_yet() -> str | None:
            return "no BYE came" if self.call.is_up else None

        waited = await wait_until(why_not_yet, within=within)
        return "it sends BYE" if waited.came_true else str(waited)


async def keys(carrier: CarrierCall) -> str:
    assert carrier.call.media is not None
    carrier.call.media.press(KEYS)

    async def why_not_yet() -> str | None:
        came = await carrier.agent.keys(carrier.room)
        return None if len(came) >= len(KEYS) else f"{came} came of {KEYS}"

    await wait_until(why_not_yet, within=PATIENCE_S)
    came = await carrier.agent.keys(carrier.room)
    return "the agent receives each key once" if came == KEYS else f"received {came}"


async def hold(carrier: CarrierCall) -> str:
    return await carrier.redirect(Direction.SENDONLY)


async def inactive(carrier: CarrierCall) -> str:
    return await carrier.redirect(Direction.INACTIVE)


async def resume(carrier: CarrierCall) -> str:
    seen = await carrier.redirect(Direction.SENDRECV)
    # The level is the mean since the agent joined.
    before = await carrier.agent.heard(carrier.room, CALLER_TONE_HZ)

    async def why_not_yet() -> str | None:
        after = await carrier.agent.heard(carrier.room, CALLER_TONE_HZ)
        is_louder = after.level * after.samples > before.level * before.samples
        return None if is_louder else f"the agent heard {before}, and no more"

    waited = await wait_until(why_not_yet, within=PATIENCE_S, slowest=LISTENED_S)
    is_heard = waited.came_true and seen.endswith("its audio goes on")
    return "200; both hear each other" if is_heard else f"{seen}; {waited}"


async def timer(carrier: CarrierCall) -> str:
    fields = Headers.of(("Require", "timer"), ("Session-Expires", "90;refresher=uas"))
    response = await carrier.call.change_direction(Direction.SENDRECV, extra=fields)
    assert response is not None
    expires = response.headers.get("Session-Expires")
    return f"{response.status}, and {expires or 'no session timer'}"


async def update(carrier: CarrierCall) -> str:
    return await carrier.status("UPDATE")


async def options(carrier: CarrierCall) -> str:
    return await carrier.status("OPTIONS")


async def info(carrier: CarrierCall) -> str:
    fields = ("Content-Type", "application/dtmf-relay")
    return await carrier.status("INFO", fields, body=b"Signal=5\r\nDuration=160\r\n")


async def refer(carrier: CarrierCall) -> str:
    return await carrier.status("REFER", ("Refer-To", "<tel:+15550177>"))


async def message(carrier: CarrierCall) -> str:
    return await carrier.status("MESSAGE", ("Content-Type", "text/plain"), body=b"hello")


async def transfer(carrier: CarrierCall) -> str:
    request = api.TransferSIPParticipantRequest(
        participant_identity=await carrier.caller_identity(),
        room_name=carrier.room,
        transfer_to="tel:+15550177",
    )
    with pytest.raises(api.TwirpError) as refused:
        await carrier.lk.sip.transfer_sip_participant(request)
    status = refused.value.metadata.get("sip_status_code")
    return f"the API returns status {status}; the call {goes_on(carrier)}"


def goes_on(carrier: CarrierCall) -> str:
    return "goes on" if carrier.call.is_up else "ended"


async def allow(carrier: CarrierCall) -> str:
    """
    Return the methods that were refused above and that the Allow of its REFER has.
    """
    refer = next(step.text for step in carrier.call.ladder if step.arrow + step.label == "<-REFER")
    line = next(line for line in refer.splitlines() if line.startswith("Allow: "))
    listed = [method for method in ("INFO", "MESSAGE", "REFER", "UPDATE") if method in line]
    return f"it lists {', '.join(listed[:-1])} and {listed[-1]}"


async def early_media(carrier: CarrierCall) -> str:
    first = next(step for step in carrier.call.ladder if step.status in {180, 183})
    sdp = "with SDP" if "v=0" in first.text else "without SDP: no early media"
    return f"{first.status} {sdp}"


async def silence(carrier: CarrierCall) -> str:
    await carrier.call.change_direction(Direction.INACTIVE)
    began = time.monotonic()
    ended = await carrier.ended(within=PATIENCE_S)
    assert time.monotonic() - began > 0.8 * MEDIA_TIMEOUT_S
    return ended


async def removal(carrier: CarrierCall) -> str:
    identity = api.RoomParticipantIdentity(
        room=carrier.room, identity=await carrier.caller_identity()
    )
    await carrier.lk.room.remove_participant(identity)
    return await carrier.ended(within=PATIENCE_S)


# In this order in one call; the last of a group ends it.
CALLS: tuple[dict[str, Callable[[CarrierCall], Awaitable[str]]], ...] = (
    {
        "early-media": early_media,
        "keys": keys,
        "hold": hold,
        "inactive": inactive,
        "resume": resume,
        "timer": timer,
        "update": update,
        "options": options,
        "info": info,
        "refer": refer,
        "message": message,
        "transfer": transfer,
        "allow": allow,
        "silence": silence,
    },
    {"removal": removal},
)


@asynccontextmanager
async def carrier_call(running: Scene, recorder: Recorder) -> AsyncIterator[CarrierCall]:
    profile = running.profile
    livekit = profile.livekit
    secret = livekit.api_secret.get_secret_value()
    host, _, port = profile.sip.server.rpartition(":")
    client = LiveKitClient(
        livekit.url,
        api_key=livekit.api_key,
        api_secret=secret,
        permit=Permit(frozenset({Effect.READ})),
        recorder=recorder,
    )
    agent = AgentStandIn(
        livekit.url,
        api_key=livekit.api_key,
        api_secret=secret,
        tone_hz=AGENT_TONE_HZ,
        recorder=recorder,
    )
    caller = SipAgent((host, int(port)), recorder=recorder, local_host=host)
    async with client, agent, caller, api.LiveKitAPI(livekit.url, livekit.api_key, secret) as lk:
        before = {room.name for room in await client.list_rooms()}
        calling = asyncio.create_task(
            caller.call(
                number=profile.sip.number,
                caller=profile.sip.caller,
                credentials=credentials(profile),
            )
        )
        rooms: set[str] = set()

        async def why_not_yet() -> str | None:
            rooms.update({room.name for room in await client.list_rooms()} - before)
            return None if rooms else "the call has no room"

        waited = await wait_until(why_not_yet, within=PATIENCE_S)
        assert waited.came_true, str(waited)
        room = rooms.pop()
        await agent.join(room)
        call = await calling
        assert call.answered, str(call.summary)
        yield CarrierCall(call, room, agent, lk, client)


@pytest_asyncio.fixture(scope="module")
async def seen(
    real_services: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Mapping[str, str]]:
    """
    Return the version of livekit-sip and what was seen of each fact.
    """
    recorder = Recorder(Redactor())
    results: dict[str, str] = {}
    folder = tmp_path_factory.mktemp("carrier")
    timeout = {"media_timeout": f"{MEDIA_TIMEOUT_S}s"}
    async with scene(folder, sip_overrides=timeout) as running:
        for acts in CALLS:
            async with carrier_call(running, recorder) as carrier:
                for name, act in acts.items():
                    results[name] = await act(carrier)
        return running.stack.versions["livekit_sip"], results


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.id)
def test_the_fact_holds(fact: Fact, seen: tuple[str, Mapping[str, str]]) -> None:
    version, results = seen

    assert fact not in facts(version) or results[fact.id] == fact.seen


def test_every_fact_is_looked_at() -> None:
    assert {name for acts in CALLS for name in acts} == {fact.id for fact in FACTS}
