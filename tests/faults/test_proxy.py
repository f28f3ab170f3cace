"""
The bad network itself, in front of echo services: each fault works as defined, and is counted.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from typing import cast

import pytest

from livekit_conformance.waiting import wait_until
from tests.faults.fault import Fault, Kind
from tests.faults.proxy import FaultProxy

_HOST = "127.0.0.1"
_SILENCE_S = 0.15
_SAID = bytes(range(0x20, 0x60))


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    writer.close()


class _DatagramEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # In Python 3.11 asyncio's own transport is no subclass of this.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data, addr)


class _Caller(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # In Python 3.11 asyncio's own transport is no subclass of this.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, _from: tuple[str, int]) -> None:
        self.heard.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self.heard.put_nowait(exc)

    def say(self, data: bytes) -> None:
        self.transport.sendto(data)

    async def hear(self) -> bytes | Exception | None:
        try:
            async with asyncio.timeout(_SILENCE_S):
                return await self.heard.get()
        except TimeoutError:
            return None


@asynccontextmanager
async def _over_tcp(fault: Fault | None, *, seed: int = 0) -> AsyncIterator[FaultProxy]:
    service = await asyncio.start_server(_echo, _HOST, 0)
    async with service, FaultProxy(service.sockets[0].getsockname()[:2], seed=seed) as proxy:
        await proxy.switch(fault)
        yield proxy


@asynccontextmanager
async def _over_udp(fault: Fault | None) -> AsyncIterator[tuple[FaultProxy, _Caller]]:
    loop = asyncio.get_running_loop()
    service, _ = await loop.create_datagram_endpoint(_DatagramEcho, local_addr=(_HOST, 0))
    async with FaultProxy(service.get_extra_info("sockname")[:2]) as proxy:
        await proxy.switch(fault)
        wire, caller = await loop.create_datagram_endpoint(_Caller, remote_addr=proxy.address)
        with closing(service), closing(wire):
            yield proxy, caller


async def _ask(proxy: FaultProxy, said: bytes = _SAID) -> bytes | None:
    """
    Return the bytes received until the connection ends or falls silent; None for silence alone.
    """
    reader, writer = await asyncio.open_connection(*proxy.address)
    try:
        writer.write(said)
        heard = b""
        try:
            async with asyncio.timeout(_SILENCE_S):
                while data := await reader.read(4096):
                    heard += data
        except TimeoutError:
            return heard or None
        return heard
    finally:
        writer.close()


async def test_without_a_fault_everything_is_carried():
    async with _over_tcp(None) as proxy:
        assert await _ask(proxy) == _SAID
    async with _over_udp(None) as (other, caller):
        caller.say(_SAID)
        assert await caller.hear() == _SAID

    assert (proxy.carried["connection"], other.carried["datagram"]) == (1, 2)
    assert not proxy.did
    assert not other.did


async def test_a_refused_connection_is_refused_by_the_system():
    async with _over_tcp(Fault(Kind.REFUSE)) as proxy:
        with pytest.raises(ConnectionRefusedError):
            await _ask(proxy)
        await proxy.switch(None)
        assert await _ask(proxy) == _SAID
        assert proxy.did == {Kind.REFUSE: 1}


async def test_a_reset_comes_after_the_first_words():
    async with _over_tcp(Fault(Kind.RESET)) as proxy:
        with pytest.raises(ConnectionResetError):
            await _ask(proxy)
    assert proxy.did == {Kind.RESET: 1}


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Fault(Kind.BLACK_HOLE), None),
        (Fault(Kind.HANG_UP), b""),
        (Fault(Kind.CUT, size=5), _SAID[:5]),
        (Fault(Kind.DROP, each=1), None),
        (Fault(Kind.DUPLICATE, seconds=0.01), _SAID),
        (Fault(Kind.TRICKLE, size=8, seconds=0.001), _SAID),
        (Fault(Kind.ANSWER, answer=bytes.swapcase), _SAID.swapcase()),
    ],
    ids=lambda each: each.kind if isinstance(each, Fault) else "",
)
async def test_a_fault_over_tcp(fault: Fault, heard: bytes | None) -> None:
    async with _over_tcp(fault) as proxy:
        try:
            assert await _ask(proxy) == heard
        except ConnectionResetError:  # the proxy closed with unread data
            assert heard == b""
    assert proxy.did[fault.kind] > 0
    assert set(proxy.did) == {fault.kind}


async def test_of_the_connections_that_are_picked_each_third_is_lost():
    async with _over_tcp(Fault(Kind.DROP, each=3, picks=re.compile(b"^a"))) as proxy:
        heard = [await _ask(proxy, said) for said in (b"a", b"b", b"a", b"b", b"a", b"b", b"a")]

    assert heard == [b"a", b"b", b"a", b"b", None, b"b", b"a"]
    assert proxy.did == {Kind.DROP: 1}


async def test_latency_delays_each_way_over_tcp():
    async with _over_tcp(Fault(Kind.LATENCY, seconds=0.03)) as proxy:
        started = time.perf_counter()
        assert await _ask(proxy) == _SAID
        assert time.perf_counter() - started >= 0.06
    assert proxy.did[Kind.LATENCY] == 2


async def test_corruption_flips_one_bit_of_each_block_and_the_seed_says_which():
    heard = []
    for seed in (1, 1, 2):
        async with _over_tcp(Fault(Kind.CORRUPT, size=len(_SAID)), seed=seed) as proxy:
            heard.append(await _ask(proxy))
        assert proxy.did[Kind.CORRUPT] == 2

    differences = [
        sum((a ^ b).bit_count() for a, b in zip(_SAID, each, strict=True)) for each in heard
    ]
    assert heard[0] == heard[1] != heard[2]
    assert differences == [2, 2, 2]  # one bit on each way


async def test_the_second_connection_overtakes_the_first():
    async with _over_tcp(Fault(Kind.REORDER, seconds=_SILENCE_S / 2)) as proxy:
        first = asyncio.create_task(_timed(proxy))
        assert (await wait_until(_held(proxy), within=1.0)).came_true
        second = await _timed(proxy)
        assert second <= await first
        alone = time.perf_counter()
        assert await _ask(proxy) == _SAID  # held, and released
        assert time.perf_counter() - alone >= _SILENCE_S / 2
    assert proxy.did == {Kind.REORDER: 2}


def _held(proxy: FaultProxy) -> Callable[[], Awaitable[str | None]]:
    async def why_not_yet() -> str | None:
        return None if proxy.did else "nothing is held"

    return why_not_yet


async def _timed(proxy: FaultProxy) -> float:
    reader, writer = await asyncio.open_connection(*proxy.address)
    writer.write(_SAID)
    assert await reader.readexactly(len(_SAID)) == _SAID
    writer.close()
    return time.perf_counter()


async def test_switching_resets_the_connections_that_are_up():
    async with _over_tcp(None) as proxy:
        reader, writer = await asyncio.open_connection(*proxy.address)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        await proxy.switch(Fault(Kind.BLACK_HOLE))
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()


@pytest.mark.parametrize(
    ("fault", "said", "heard"),
    [
        (Fault(Kind.BLACK_HOLE), [b"a"], [None]),
        (Fault(Kind.HANG_UP), [b"a"], [b"\r\n", None]),
        (Fault(Kind.TRICKLE, seconds=0.01), [b"a", b"b"], [b"a", b"b", None]),
        (Fault(Kind.CUT, size=2), [b"abc"], [b"ab", None]),
        (Fault(Kind.DROP, each=3), [b"a", b"b", b"c", b"d"], [b"a", b"b", None]),
        (Fault(Kind.DUPLICATE, seconds=0.01), [b"a"], [b"a"] * 4),
        (Fault(Kind.REORDER, seconds=1.0), [b"a", b"b"], [b"a", b"b", None]),
        (Fault(Kind.ANSWER, answer=bytes.upper), [b"a"], [b"A", None]),
    ],
    ids=lambda each: each.kind if isinstance(each, Fault) else "",
)
async def test_a_fault_over_udp(fault: Fault, said: list[bytes], heard: list[bytes | None]) -> None:
    async with _over_udp(fault) as (proxy, caller):
        for each in said:
            caller.say(each)
        assert [await caller.hear() for _ in heard] == heard
    assert proxy.did[fault.kind] > 0
    assert set(proxy.did) == {fault.kind}


async def test_datagrams_are_refused_and_taken_again():
    async with _over_udp(Fault(Kind.REFUSE)) as (proxy, caller):
        caller.say(b"a")
        assert isinstance(await caller.hear(), ConnectionRefusedError)
        await proxy.switch(None)
        caller.say(b"b")
        assert await caller.hear() == b"b"


async def test_nobody_listens_after_the_first_answer():
    async with _over_udp(Fault(Kind.RESET)) as (proxy, caller):
        caller.say(b"a")
        assert await caller.hear() == b"a"
        caller.say(b"b")
        assert isinstance(await caller.hear(), ConnectionRefusedError)
    assert proxy.did == {Kind.RESET: 1}


async def test_latency_delays_each_way_over_udp():
    async with _over_udp(Fault(Kind.LATENCY, seconds=0.03)) as (proxy, caller):
        started = time.perf_counter()
        caller.say(b"a")
        assert await caller.hear() == b"a"
        assert time.perf_counter() - started >= 0.06
    assert proxy.did == {Kind.LATENCY: 2}


async def test_corrupt_datagrams_keep_their_length():
    async with _over_udp(Fault(Kind.CORRUPT, size=4)) as (proxy, caller):
        caller.say(_SAID)
        heard = await caller.hear()
    assert isinstance(heard, bytes)
    assert len(heard) == len(_SAID)
    assert heard != _SAID
    assert proxy.did == {Kind.CORRUPT: 2}


def test_a_bad_network_is_made_on_loopback_only():
    with pytest.raises(ValueError, match="loopback only"):
        FaultProxy(("192.0.2.1", 5060))
