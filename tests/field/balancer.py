"""
A load balancer for SIP over UDP: each new call goes to the next livekit-sip, all of it to the same.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import cycle

Address = tuple[str, int]

_CALL_ID = re.compile(rb"(?mi)^(?:Call-ID|i)\s*:\s*(\S+)")


@asynccontextmanager
async def balanced(nodes: Sequence[Address]) -> AsyncIterator[Address]:
    """
    Run a balancer in front of the nodes; yield its address.

    It adds no Record-Route: the requests of a dialog go to the Contact of the node.
    """
    balancer = _Balancer(nodes)
    try:
        yield await balancer.open()
    finally:
        balancer.close()


class _Balancer:
    def __init__(self, nodes: Sequence[Address]) -> None:
        self._host = nodes[0][0]
        self._next = cycle(nodes)
        # A socket of its own for each call: it is the source that the node answers.
        self._calls: dict[bytes, asyncio.DatagramTransport] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> Address:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Side(self._received), local_addr=(self._host, 0)
        )
        address: Address = self._front.get_extra_info("sockname")
        return address

    def close(self) -> None:
        for transport in (self._front, *self._calls.values()):
            transport.close()

    def _received(self, data: bytes, caller: Address) -> None:
        task = asyncio.create_task(self._pass_on(data, caller))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, data: bytes, caller: Address) -> None:
        found = _CALL_ID.search(data)
        if found is None:
            return
        call = found[1]
        if call not in self._calls:

            def back(answer: bytes, _node: Address) -> None:
                self._front.sendto(answer, caller)

            self._calls[call], _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Side(back), local_addr=(self._host, 0), remote_addr=next(self._next)
            )
        self._calls[call].sendto(data)


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self._received(data, (str(addr[0]), int(addr[1])))
