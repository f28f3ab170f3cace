"""
A router between the caller and livekit-sip that "helps": it rewrites addresses in SIP (a SIP ALG).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from livekit_conformance.environments.profile import Profile

Rewrite = Callable[[bytes], bytes]
Address = tuple[str, int]

_CONNECTION = re.compile(rb"(?m)^(c=IN IP4) \S+")
_PORT = re.compile(rb"(?m)^(m=audio) \d+")
_LENGTH = re.compile(rb"(?mi)^(Content-Length|l)\s*:\s*\d+")


def media_at(address: str, port: int) -> Rewrite:
    """
    Return a rewrite that moves the media of a session description to another address and port.
    """

    def rewritten(datagram: bytes) -> bytes:
        head, blank, body = datagram.partition(b"\r\n\r\n")
        body = _CONNECTION.sub(rb"\1 " + address.encode(), body)
        body = _PORT.sub(rb"\1 %d" % port, body)
        return _LENGTH.sub(rb"\1: %d" % len(body), head) + blank + body

    return rewritten


def through(profile: Profile, router: Address) -> Profile:
    """
    Return the profile of a caller behind the router.
    """
    server = ":".join(map(str, router))
    return profile.model_copy(update={"sip": profile.sip.model_copy(update={"server": server})})


@asynccontextmanager
async def running(
    profile: Profile, *, to_server: Rewrite = bytes, to_caller: Rewrite = bytes
) -> AsyncIterator[Address]:
    """
    Run a router in front of the profile's SIP server; yield its address.

    It forwards only what is sent to it: later requests of a call go directly to the server.
    """
    host, _, port = profile.sip.server.partition(":")
    router = _Router((host, int(port or 5060)), to_server, to_caller)
    try:
        yield await router.open()
    finally:
        router.close()


class _Router:
    def __init__(self, server: Address, to_server: Rewrite, to_caller: Rewrite) -> None:
        self._server = server
        self._to_server, self._to_caller = to_server, to_caller
        # Each caller has a socket of its own towards the server, as behind a NAT.
        self._behind: dict[Address, asyncio.DatagramTransport] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> Address:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(
            lambda: _Side(self._from_caller), local_addr=(self._server[0], 0)
        )
        address: Address = self._front.get_extra_info("sockname")
        return address

    def close(self) -> None:
        for transport in (self._front, *self._behind.values()):
            transport.close()

    def _from_caller(self, data: bytes, caller: Address) -> None:
        task = asyncio.create_task(self._pass_on(data, caller))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, data: bytes, caller: Address) -> None:
        if caller not in self._behind:

            def back(answer: bytes, _server: Address) -> None:
                self._front.sendto(self._to_caller(answer), caller)

            loop = asyncio.get_running_loop()
            self._behind[caller], _ = await loop.create_datagram_endpoint(
                lambda: _Side(back), local_addr=(self._server[0], 0), remote_addr=self._server
            )
        self._behind[caller].sendto(self._to_server(data))


class _Side(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self._received(data, (str(addr[0]), int(addr[1])))
