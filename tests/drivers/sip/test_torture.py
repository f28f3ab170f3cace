"""
Torture messages over UDP: a listener answers each with the right status, and goes on.
"""

from __future__ import annotations

import asyncio
import socket

import pytest

from livekit_conformance.drivers.sip.callee import SipListener
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.sip.message import Response, parse
from tests.protocol.sip.torture import NUMBER, SHAPES, Shape

ANSWERS_WITHIN_S = 3.0
# Sent after a shape; its answer proves that the listener has dealt with the shape by then.
PROBE = (
    "OPTIONS sip:127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-probe;rport\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:probe@127.0.0.1>;tag=probe\r\nTo: <sip:127.0.0.1>\r\n"
    "Call-ID: probe\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_a_listener_answers_a_shape(shape: Shape, recorder: Recorder) -> None:
    """
    The datagram gets this status from a listener that waits for calls, or none.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(0)
        port = str(peer.getsockname()[1]).encode()
        async with SipListener(bound, number=NUMBER, recorder=recorder, tone_hz=440.0) as listener:
            for data in (shape.data, PROBE.encode()):
                peer.sendto(data.replace(b"{port}", port), listener.address)
            statuses = await asyncio.wait_for(_statuses_before_the_probe(peer), ANSWERS_WITHIN_S)

    assert statuses == ([] if shape.status is None else [shape.status])


async def _statuses_before_the_probe(peer: socket.socket) -> list[int]:
    loop = asyncio.get_running_loop()
    statuses: list[int] = []
    while True:
        answer = parse(await loop.sock_recv(peer, 65536))
        assert isinstance(answer, Response)
        if answer.call_id == "probe":
            return statuses
        statuses.append(answer.status)
