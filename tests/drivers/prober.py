"""
Prober of calls on a mock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.calls.inbound_probe import Prober
from livekit_conformance.drivers.sip.caller import SipAgent
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.environments.profile import Profile, Sip
from livekit_conformance.mock import Mock, MockConfig
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
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
    agent="deployed",
)


@dataclass
class Scene:
    """
    The prober, and what it works with.
    """

    prober: Prober
    client: LiveKitClient
    sip: SipAgent
    recorder: Recorder


@asynccontextmanager
async def probing(
    config: MockConfig,
    *allowed: Effect,
    profile: Profile = PROFILE,
    receiver: WebhookReceiver | None = None,
) -> AsyncIterator[Scene]:
    """
    Yield the prober of a mock that has the trunk and the rule of our calls.
    """
    recorder, permit = Recorder(Redactor()), Permit(frozenset(allowed or Effect))
    async with Mock(config) as mock:
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
            yield Scene(prober, client, sip, recorder)
