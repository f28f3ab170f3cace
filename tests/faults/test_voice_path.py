"""
A bad path for the voice of a call on the real services: more loss or jitter is less quality.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.drivers.api.livekit_api import LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.calls import inbound_probe
from livekit_conformance.drivers.calls.inbound_probe import Prober
from livekit_conformance.drivers.calls.observations import record_quality
from livekit_conformance.drivers.sip.caller import OutgoingCall, SipAgent
from livekit_conformance.drivers.sip.rtp_session import Heard, RtpSession
from livekit_conformance.drivers.webhooks.receiver import WebhookReceiver
from livekit_conformance.environments.profile import Profile
from livekit_conformance.judges.quality import (
    JITTER_TOO_HIGH,
    LOSS_TOO_HIGH,
    MOS_TOO_LOW,
    judge_quality,
)
from livekit_conformance.observations import CallQuality, Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.scenarios.real_stack import Scene

HOST = "127.0.0.1"
# A hundred packets, and some more.
LISTEN_S = 2.1
# Packets of the path before are on their way for so long.
SETTLE_S = 0.3
# A busy machine makes packets late too, and only lowers the quality.
TRIES = 8
GOOD = "good"
# One in so many packets is lost, and delays are spread over plus and minus so many seconds.
PATHS = {
    GOOD: (0, 0.0),
    "1 % loss": (100, 0.0),
    "3 % loss": (33, 0.0),
    "5 % loss": (20, 0.0),
    "30 ms jitter": (0, 0.03),
    "100 ms jitter": (0, 0.1),
}


class VoicePath(asyncio.DatagramProtocol):
    """
    Path from livekit-sip to the RTP port of the caller.
    """

    def __init__(self, port: int) -> None:
        self._target = (HOST, port)
        self._random = random.Random(1)
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._carried = 0
        self.loses_each, self.jitter_s = PATHS[GOOD]

    @property
    def port(self) -> int:
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        del addr
        self._carried += 1
        if self.loses_each and self._carried % self.loses_each == 0:
            return
        if not self.jitter_s:
            self._send(data)
            return
        delay_s = self.jitter_s + self._random.uniform(-self.jitter_s, self.jitter_s)
        self._loop.call_later(delay_s, self._send, data)

    def _send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, self._target)

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def prober_of(healthy: Scene, recorder: Recorder) -> AsyncIterator[Prober]:
    profile, permit = healthy.profile, Permit(frozenset(Effect))
    key, secret = profile.livekit.api_key, profile.livekit.api_secret.get_secret_value()
    async with (
        WebhookReceiver(
            healthy.stack.webhook_listener,
            path=urlsplit(profile.webhook.url).path,
            keys={key: secret},
            recorder=recorder,
        ) as receiver,
        LiveKitClient(
            profile.livekit.url, api_key=key, api_secret=secret, permit=permit, recorder=recorder
        ) as client,
        SipAgent(profile.sip.address, recorder=recorder) as sip,
        Prober(
            profile, sip=sip, client=client, receiver=receiver, permit=permit, recorder=recorder
        ) as prober,
    ):
        yield prober


async def rated(
    call: OutgoingCall, media: RtpSession, recorder: Recorder
) -> tuple[Heard, CallQuality]:
    """
    Return what was heard and its quality: the best one, unless no packet was late anyway.
    """
    tries = []
    for _ in range(TRIES):
        await media.listen(SETTLE_S)
        heard = await media.listen(LISTEN_S)
        quality = record_quality(call, heard, recorder)
        assert quality is not None
        tries.append((heard, quality))
        if not quality.late:
            break
    return max(tries, key=lambda each: each[1].mos)


@pytest.mark.timeout(300)
async def test_more_loss_or_jitter_is_less_quality(
    scene: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    One call over each path in turn; on the good one MOS is above 4.
    """
    measured: dict[str, CallQuality] = {}
    voice_path: list[VoicePath] = []
    opened = RtpSession.open

    async def open_behind(*args: Any, **kwargs: Any) -> RtpSession:
        session = await opened(*args, **kwargs)
        _, path = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: VoicePath(session.port), local_addr=(HOST, 0)
        )
        voice_path.append(path)
        # The offer names the path.
        monkeypatch.setattr(RtpSession, "port", property(lambda _: path.port))
        return session

    async def measure(
        call: OutgoingCall, media: RtpSession, _profile: Profile, recorder: Recorder
    ) -> tuple[Heard, CallQuality | None]:
        (path,) = voice_path
        for name, (loses_each, jitter_s) in PATHS.items():
            path.loses_each, path.jitter_s = loses_each, jitter_s
            heard, quality = await rated(call, media, recorder)
            measured[name] = quality
        return heard, quality

    monkeypatch.setattr(RtpSession, "open", open_behind)
    monkeypatch.setattr(inbound_probe, "listen", measure)
    async with scene() as healthy:
        try:
            async with prober_of(healthy, Recorder(Redactor())) as prober:
                probe = await prober.place()
        finally:
            for path in voice_path:
                path.close()
        limits = healthy.profile.quality.limits

    assert probe.call.answered, probe.story
    figures = "\n".join(f"{name}: {quality.summary}" for name, quality in measured.items())
    by_loss = [measured[name].mos for name in (GOOD, "1 % loss", "3 % loss", "5 % loss")]
    by_jitter = [measured[name].mos for name in (GOOD, "30 ms jitter", "100 ms jitter")]
    assert by_loss[0] > 4.0, figures
    assert by_loss == sorted(set(by_loss), reverse=True), figures
    # The jitter buffer takes 30 ms; what remains is a delay of few milliseconds.
    assert by_jitter == sorted(by_jitter, reverse=True), figures
    assert by_jitter[-1] < by_jitter[0], figures
    # These times are those of the path, however busy this machine is.
    found = {
        name: [each.code for each in judge_quality(replace(quality, own_delay_ms=0.0), limits)]
        for name, quality in measured.items()
    }
    assert found[GOOD] == found["1 % loss"] == found["30 ms jitter"] == [], figures
    assert LOSS_TOO_HIGH in found["5 % loss"], figures
    assert found["100 ms jitter"] == [MOS_TOO_LOW, JITTER_TOO_HIGH], figures
