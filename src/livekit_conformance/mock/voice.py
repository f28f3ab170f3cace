"""
Voice of the built-in agent: it answers each received RTP packet with one of its own tone.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import Any

from livekit_conformance.mock.config import Faults, MockConfig
from livekit_conformance.mock.variations import Variations
from livekit_conformance.protocol import rtp
from livekit_conformance.protocol.rtp import Packet, RtpSyntaxError
from livekit_conformance.protocol.sip.sdp import PCMU

_TONE_HZ = 1000.0
# With `voice_lossy` one of so many packets is lost.
_LOST_EACH = 8
# Far less than jitter buffers hold.
_UNEVEN_S = 0.01


class Voice(asyncio.DatagramProtocol):
    """
    RTP stream on its own port: for each packet of PCMU one goes back to its source address.
    """

    def __init__(self, faults: Faults, variations: Variations) -> None:
        self._faults = faults
        self._is_uneven = variations.rtp_uneven
        self._received = 0
        # The returned stream needs an SSRC of its own, RFC 3550 section 8.
        self._ssrc = secrets.randbits(32)
        self.transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, config: MockConfig) -> Voice:
        """
        Return a stream that listens on a free port of loopback.
        """
        transport, voice = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(config.faults, config.variations), local_addr=("127.0.0.1", 0)
        )
        voice.transport = transport
        return voice

    @property
    def port(self) -> int:
        """
        UDP port to send RTP to.
        """
        assert self.transport is not None
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        """
        Stop listening.
        """
        assert self.transport is not None
        self.transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:  # noqa: D102
        assert self.transport is not None
        try:
            packet = Packet.decode(data)
        except RtpSyntaxError:
            return  # RTCP and noise, RFC 3550 section A.1.
        if self._faults.no_voice or packet.payload_type != PCMU.payload_type:
            return
        self._received += 1
        if self._faults.voice_lossy and self._received % _LOST_EACH == 0:
            return
        samples = rtp.tone(_TONE_HZ, len(packet.payload), start=packet.timestamp)
        payload = rtp.encode_pcmu(samples)
        said = replace(packet, ssrc=self._ssrc, payload=payload).encode()
        if self._is_uneven and self._received % 2:
            asyncio.get_running_loop().call_later(_UNEVEN_S, self._send_twice, said, addr)
        else:
            self.transport.sendto(said, addr)

    def _send_twice(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        assert self.transport is not None
        if not self.transport.is_closing():
            self.transport.sendto(data, addr)
            self.transport.sendto(data, addr)
