"""
A bad network for tests: a proxy for TCP and UDP at one port of a loopback address.

It forwards all traffic unchanged until a fault is switched on. It counts its effects: a fault that
never acted has proven nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
import struct
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.faults.datagrams import DatagramSide
from tests.faults.fault import Fault, Kind

Address = tuple[str, int]

_AT_ONCE = 65536
_TRIES = 20
_END_WITHIN_S = 2.0
# Close with RST: struct linger {on, 0 seconds}.
_RST = struct.pack("ii", 1, 0)


class FaultProxy:
    """
    Proxy for `target` at a port of the same loopback address; an asynchronous context manager.

    `fault` is the active fault; `did` counts how often each kind has acted, `carried` the
    connections and datagrams that were forwarded. The same `seed` flips the same bits.
    """

    def __init__(self, target: Address, *, seed: int = 0) -> None:
        if not ipaddress.ip_address(target[0]).is_loopback:
            raise ValueError(f"a bad network is made on loopback only, not at {target[0]}")
        self.fault: Fault | None = None
        self.did: Counter[Kind] = Counter()
        self.carried: Counter[str] = Counter()
        self._target = target
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._held: socket.socket | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections = 0
        self._overtaken: asyncio.Event | None = None
        self._datagrams = DatagramSide(self)

    async def __aenter__(self) -> Self:
        for attempt in range(_TRIES):
            bound = _bound(self._target[0], 0)
            self.address: Address = bound.getsockname()[:2]
            try:
                await self._datagrams.open()
            except OSError:  # the port is free for TCP only
                bound.close()
                if attempt == _TRIES - 1:
                    raise
                continue
            self._server = await asyncio.start_server(self._accepted, sock=bound)
            return self
        raise AssertionError("either a port was found or an error was raised")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._stop_listening()
        if self._held is not None:
            self._held.close()
        self._datagrams.close()
        self._reset_connections()
        # They end with their connections; a cancelled stream handler would log an error.
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_END_WITHIN_S)

    @property
    def target(self) -> Address:
        """
        Address of the service behind the proxy.
        """
        return self._target

    async def switch(self, fault: Fault | None) -> None:
        """
        Activate this fault (None: no fault) and reset the open connections.
        """
        self.fault = fault
        self._connections = 0
        self._overtaken = None
        self._reset_connections()
        self._datagrams.forget()
        if fault is not None and fault.kind is Kind.REFUSE:
            await self._refuse()
        else:
            await self._listen()

    def acted(self, kind: Kind) -> None:
        """
        Count one effect of a fault.
        """
        self.did[kind] += 1

    def corrupted(self, data: bytes, size: int) -> bytes:
        """
        Return the data with one bit flipped in each `size` bytes.
        """
        flipped = bytearray(data)
        for start in range(0, len(data), size):
            place = start + self._random.randrange(min(size, len(data) - start))
            flipped[place] ^= 1 << self._random.randrange(7)
        return bytes(flipped)

    # -- listening

    async def _refuse(self) -> None:
        await self._stop_listening()
        if self._held is None:
            # Bound but not listening: the kernel refuses connections, and the port stays ours.
            self._held = _bound(*self.address)
        self._datagrams.close()
        # The kernel does not report refusals, so check from outside that it refuses.
        try:
            _, writer = await asyncio.open_connection(*self.address)
        except ConnectionRefusedError:
            self.acted(Kind.REFUSE)
        else:
            writer.close()

    async def _listen(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None
        if self._server is None:
            bound = _bound(*self.address)
            self._server = await asyncio.start_server(self._accepted, sock=bound)
        if not self._datagrams.is_open:
            await self._datagrams.open()

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _reset_connections(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    # -- connections

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            with suppress(OSError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self.fault
        match fault:
            case Fault(Kind.RESET):
                await reader.read(_AT_ONCE)
                self.acted(fault.kind)
                _reset(writer)
            case Fault(Kind.BLACK_HOLE):
                while await reader.read(_AT_ONCE):
                    self.acted(fault.kind)
            case Fault(Kind.HANG_UP):
                self.acted(fault.kind)
            case Fault(Kind.DROP):
                first = await reader.read(_AT_ONCE)
                if not self._is_lost(first, fault):
                    await self._carry(reader, writer, None, first)
                    return
                self.acted(fault.kind)
                while await reader.read(_AT_ONCE):
                    pass
            case Fault(Kind.ANSWER):
                if asked := await reader.read(_AT_ONCE):
                    self.acted(fault.kind)
                    writer.write(fault.answer(asked))
                    await writer.drain()
            case _:
                await self._carry(reader, writer, fault)

    def _is_lost(self, first: bytes, fault: Fault) -> bool:
        if not first or (fault.picks is not None and not fault.picks.search(first)):
            return False
        self._connections += 1
        return self._connections % fault.each == 0

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: Fault | None,
        first: bytes = b"",
    ) -> None:
        inner_reader, inner_writer = await self._connected()
        self.carried["connection"] += 1
        try:
            inner_writer.write(first)
            await asyncio.gather(
                self._pass_on(reader, inner_writer, fault, answers=False),
                self._pass_on(inner_reader, writer, fault, answers=True),
            )
        finally:
            self._left(inner_writer)

    async def _repeat(self, data: bytes, seconds: float) -> None:
        """
        Send the request to the service again over another connection, and discard the answer.
        """
        await asyncio.sleep(seconds)
        with suppress(OSError):
            reader, writer = await self._connected()
            try:
                writer.write(data)
                await reader.read(_AT_ONCE)
            finally:
                self._left(writer)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*self._target)
        self._writers.add(writer)
        return reader, writer

    def _left(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: Fault | None,
        *,
        answers: bool,
    ) -> None:
        """
        Forward one direction of a connection until it ends; `answers`: the one from the service.
        """
        left = fault.size if fault is not None and fault.kind is Kind.CUT and answers else None
        with suppress(OSError):
            while data := await reader.read(_AT_ONCE):
                for piece in await self._spoilt(data[:left], fault, answers=answers):
                    writer.write(piece)
                    await writer.drain()
                    if fault is not None and fault.kind is Kind.TRICKLE:
                        await asyncio.sleep(fault.seconds)
                if left is not None and (left := max(0, left - len(data))) == 0:
                    self.acted(Kind.CUT)
                    break
        writer.close()

    async def _spoilt(self, data: bytes, fault: Fault | None, *, answers: bool) -> list[bytes]:
        """
        Return the pieces to write for one chunk of data, as soon as they are due.
        """
        match fault:
            case Fault(Kind.LATENCY, seconds=seconds):
                self.acted(fault.kind)
                await asyncio.sleep(seconds)
            case Fault(Kind.TRICKLE, size=size):
                self.acted(fault.kind)
                return [data[start : start + size] for start in range(0, len(data), size)]
            case Fault(Kind.CORRUPT, size=size):
                self.acted(fault.kind)
                return [self.corrupted(data, size)]
            case Fault(Kind.DUPLICATE, seconds=seconds) if not answers and not fault.spared(data):
                self.acted(fault.kind)
                task = asyncio.create_task(self._repeat(data, seconds))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case Fault(Kind.REORDER, seconds=seconds) if not answers:
                await self._be_overtaken(seconds)
        return [data]

    async def _be_overtaken(self, seconds: float) -> None:
        """
        Let the data of another connection go first, if it comes within `seconds`.
        """
        if self._overtaken is not None:
            self._overtaken.set()
            self._overtaken = None
            return
        self._overtaken = mine = asyncio.Event()
        self.acted(Kind.REORDER)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await mine.wait()
        if self._overtaken is mine:
            self._overtaken = None


def _reset(writer: asyncio.StreamWriter) -> None:
    if not writer.transport.is_closing():
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    writer.transport.abort()


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound
