"""
The agent stand-in joins the calls of the suite and no others.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
import pytest_asyncio
from pydantic import SecretStr

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.calls import inbound_probe
from livekit_conformance.drivers.calls.inbound_probe import CALLERS, Prober, credentials
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.environments.profile import Profile, Sip
from livekit_conformance.mock import Mock, MockConfig, Variations
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until
from tests.mock import replay

PROFILE = Profile(
    kind="mock",
    allow=frozenset(Effect),
    sip=Sip(
        number=replay.NUMBER,
        caller=replay.CALLER,
        username=replay.USERNAME,
        password=SecretStr(replay.PASSWORD),
    ),
    agent="stand-in",
)
BEHIND_A_PROVIDER = PROFILE.model_copy(
    update={"sip": PROFILE.sip.model_copy(update={"provider": True})}
)
STRANGER = "+15550177"


class Agent:
    """
    Records the rooms that it is asked to join; the mock has an agent that answers.
    """

    is_running = True

    def __init__(self, *_: Any, **__: Any) -> None:
        self.rooms: set[str] = set()
        self.joined: list[str] = []
        self.problems: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def join(self, room: str) -> None:
        self.rooms.add(room)
        self.joined.append(room)

    async def why_not_called(self) -> str | None:
        return None if self.joined else "the agent was called nowhere"

    async def leave(self, room: str) -> None:
        self.rooms.remove(room)


@dataclass
class Scene:
    prober: Prober
    sip: SipAgent
    agent: Agent


@pytest.fixture
def profile() -> Profile:
    return PROFILE


@pytest_asyncio.fixture(params=[False, True], ids=["told at once", "told later"])
async def scene(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: Profile,
) -> AsyncIterator[Scene]:
    """
    Yield a mock that sends the Call-ID with participant_joined, or later as servers up to 1.8 do.
    """
    agent = Agent()
    monkeypatch.setattr(inbound_probe, "AgentStandIn", lambda *_, **__: agent)
    recorder, permit = Recorder(Redactor()), Permit(frozenset(Effect))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        receiver = WebhookReceiver(
            listener, path="/hook", keys={replay.API_KEY: replay.API_SECRET}, recorder=recorder
        )
        config = MockConfig(
            replay.API_KEY,
            replay.API_SECRET,
            tmp_path,
            webhook_url=f"http://127.0.0.1:{listener.getsockname()[1]}/hook",
            answer_delay_s=0.3,
            variations=Variations(events_early=request.param),
        )
        async with receiver, Mock(config) as mock:
            await replay.provide_sip(mock.url)
            async with (
                LiveKitClient(
                    mock.url,
                    api_key=replay.API_KEY,
                    api_secret=replay.API_SECRET,
                    permit=permit,
                    recorder=recorder,
                ) as client,
                SipAgent(mock.sip_address, recorder=recorder) as sip,
                Prober(
                    profile,
                    sip=sip,
                    client=client,
                    receiver=receiver,
                    permit=permit,
                    recorder=recorder,
                ) as prober,
            ):
                yield Scene(prober, sip, agent)


async def test_the_agent_comes_to_our_call_and_not_to_a_strangers(scene: Scene) -> None:
    async def stranger() -> None:
        call = await scene.sip.call(
            number=replay.NUMBER, caller=STRANGER, credentials=credentials(PROFILE)
        )
        assert call.answered
        await call.hang_up()

    ours, _ = await asyncio.gather(scene.prober.call_through(purpose="test"), stranger())

    assert ours.call.answered
    [room] = scene.agent.joined
    assert replay.CALLER in room
    assert STRANGER not in room


@pytest.mark.parametrize(("profile", "stays"), [(PROFILE, False), (BEHIND_A_PROVIDER, True)])
async def test_behind_a_provider_the_agent_stays_until_every_call_is_over(
    scene: Scene, *, stays: bool
) -> None:
    """
    There the room of a call is not known, so the agent leaves no room before the end.
    """
    first = asyncio.create_task(scene.prober.call_through(purpose="first"))
    await wait_until(scene.agent.why_not_called, within=2.0)
    second = asyncio.create_task(scene.prober.call_through(purpose="second", caller=CALLERS[1]))

    await first
    rooms = len(scene.agent.rooms)
    await second

    assert rooms == 1 + stays
    assert len(scene.agent.joined) == 2
    assert scene.agent.rooms == set()
