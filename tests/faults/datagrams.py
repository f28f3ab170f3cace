"""
The UDP half of the fault proxy: each client gets its own socket towards the service, as behind
a NAT.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.faults.fault import Fault, Kind

Address = tuple[str, int]

# asyncio sends no empty datagrams.
_BLANK = b"\r\n"


class Owner(Protocol):
    """
    Interface of the proxy that the UDP half uses.
    """

    fault: Fault | None
    address: Address
    carried: Counter[str]

    @property
    def target(self) -> Address: ...

    def acted(self, kind: Kind) -> None: ...

    def corrupted(self, data: bytes, size: int) -> bytes: ...


@dataclass(slots=True)
class _Way:
    """
    One direction: its datagram count, the datagram held back, and when the next may go.
    """

    count: int = 0
    held: bytes | None = None
    free_at: float = 0.0


@dataclass(slots=True)
class _Client:
    """
    One client: its socket towards the service, and both directions.
    """

    to_service: asyncio.DatagramTransport
    there: _Way = field(default_factory=_Way)
    back: _Way = field(default_factory=_Way)


class DatagramSide:
    """
    Forwards datagrams between clients and the service of `owner`, subject to its fault.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._front: asyncio.DatagramTransport | None = None
        self._clients: dict[Address, _Client] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Keeps the order of arrival, also while a socket is being opened for the first datagram.
        self._turn = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """
        True while the port is open to clients.
        """
        return self._front is not None

    async def open(self) -> None:
        """
        Listen at the address of the owner; raise OSError when it is taken.
        """
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Received(self._from_client), local_addr=self._owner.address
        )

    def close(self) -> None:
        """
        Close the port.
        """
        if self._front is not None:
            self._front.close()
            self._front = None
        self.forget()

    def forget(self) -> None:
        """
        Forget the clients, and drop the datagrams held back for them.
        """
        for client in self._clients.values():
            client.to_service.close()
        self._clients.clear()

    def _from_client(self, data: bytes, client: Address) -> None:
        task = asyncio.create_task(self._to_service(data, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _to_service(self, data: bytes, address: Address) -> None:
        fault = self._owner.fault
        match fault:
            case Fault(Kind.HANG_UP):
                self._owner.acted(fault.kind)
                self._to_client(_BLANK, address)
                return
            case Fault(Kind.ANSWER, answer=answer):
                self._owner.acted(fault.kind)
                self._to_client(answer(data), address)
                return
        async with self._turn:
            client = self._clients.get(address) or await self._met(address)

        def send(data: bytes) -> None:
            # The socket may be closed by the time a late datagram is due.
            if not client.to_service.is_closing():
                client.to_service.sendto(data)

        self._pass_on(data, client.there, fault, send)

    async def _met(self, address: Address) -> _Client:
        def back(answer: bytes, _service: Address) -> None:
            fault = self._owner.fault
            self._pass_on(answer, client.back, fault, lambda data: self._to_client(data, address))
            if fault is not None and fault.kind is Kind.RESET:
                self._owner.acted(fault.kind)
                self.close()

        loop = asyncio.get_running_loop()
        to_service, _ = await loop.create_datagram_endpoint(
            lambda: _Received(back),
            local_addr=(self._owner.address[0], 0),
            remote_addr=self._owner.target,
        )
        self._clients[address] = client = _Client(to_service)
        return client

    def _to_client(self, data: bytes, client: Address) -> None:
        if self._front is not None:
            self._front.sendto(data, client)

    def _pass_on(
        self, data: bytes, way: _Way, fault: Fault | None, send: Callable[[bytes], None]
    ) -> None:
        way.count += 1
        if fault is None:
            self._sent(data, send)
        elif self._spoil(data, way, fault, send):
            self._owner.acted(fault.kind)

    def _spoil(self, data: bytes, way: _Way, fault: Fault, send: Callable[[bytes], None]) -> bool:
        """
        Apply the fault to a datagram; return whether it changed anything.
        """
        loop = asyncio.get_running_loop()
        match fault:
            case Fault(Kind.BLACK_HOLE):
                return True
            case Fault(Kind.LATENCY, seconds=seconds):
                loop.call_later(seconds, self._sent, data, send)
                return True
            case Fault(Kind.TRICKLE, seconds=seconds):
                way.free_at = max(way.free_at, loop.time()) + seconds
                loop.call_at(way.free_at, self._sent, data, send)
                return True
            case Fault(Kind.DUPLICATE, seconds=seconds):
                self._sent(data, send)
                loop.call_later(seconds, self._sent, data, send)
                return True
            case Fault(Kind.REORDER, seconds=seconds):
                return self._overtake(data, way, seconds, send)
        pieces = self._at_once(data, way, fault)
        for piece in pieces:
            self._sent(piece, send)
        return pieces != [data]

    def _at_once(self, data: bytes, way: _Way, fault: Fault) -> list[bytes]:
        """
        Return the datagrams to send in place of this one, unless it is delayed.
        """
        match fault:
            case Fault(Kind.CUT, size=size):
                return [data[:size]]
            case Fault(Kind.CORRUPT, size=size):
                return [self._owner.corrupted(data, size)]
            case Fault(Kind.DROP, each=each) if way.count % each == 0:
                return []
        return [data]

    def _overtake(
        self, data: bytes, way: _Way, seconds: float, send: Callable[[bytes], None]
    ) -> bool:
        """
        Hold a datagram until the next has gone, `seconds` at most; return True once that happened.
        """
        if way.held is not None:
            held, way.held = way.held, None
            self._sent(data, send)
            self._sent(held, send)
            return True

        def release() -> None:
            if way.held is data:
                way.held = None
                self._sent(data, send)

        way.held = data
        asyncio.get_running_loop().call_later(seconds, release)
        return False

    def _sent(self, data: bytes, send: Callable[[bytes], None]) -> None:
        self._owner.carried["datagram"] += 1
        send(data)


class _Received(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self._received(data, (str(addr[0]), int(addr[1])))
