"""
SIP on sockets: a connected UDP socket, TCP or TLS connection to one server, or a listening one.

The wire converts between bytes and messages and reports all events to its listener, including
network errors about undelivered messages. It knows no transactions.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, Protocol

from livekit_conformance.errors import Failure, Phase, Unreachable, in_system_words
from livekit_conformance.lost_requests import failure_of
from livekit_conformance.protocol.sip.message import (
    Message,
    SipSyntaxError,
    StreamParser,
    parse,
)

TransportName = Literal["udp", "tcp", "tls"]
Address = tuple[str, int]


class WireListener(Protocol):
    """
    Receiver of the events of a wire.
    """

    def message_received(self, message: Message, peer: Address | None = None) -> None:
        """
        Process a complete message; over UDP `peer` is its source address.
        """

    def unreadable_received(self, data: bytes, error: SipSyntaxError) -> None:
        """
        Handle received data that is not a SIP message.
        """

    def wire_failed(self, detail: str, failure: Failure) -> None:
        """
        Handle a message that was not delivered (ICMP), or a lost connection.
        """


class Wire:
    """
    Transport to one server: send messages, and pass received ones to `listener`.
    """

    def __init__(
        self,
        name: TransportName,
        transport: asyncio.BaseTransport,
        write: Callable[[bytes, Address | None], None],
        unfinished: Callable[[], bytes] = bytes,
    ) -> None:
        self.name = name
        # The beginning of a message whose rest has not arrived; datagrams have none.
        self.unfinished = unfinished
        self._transport = transport
        self._write = write

    @property
    def reliable(self) -> bool:
        """
        True if the transport itself retransmits.
        """
        return self.name != "udp"

    @property
    def local(self) -> Address:
        """
        Our address as the server should see it.
        """
        host, port, *_ = self._transport.get_extra_info("sockname")
        return host, port

    @property
    def remote_host(self) -> str | None:
        """
        IP address of the server; None for a wire that is not connected.
        """
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if peer else None

    @property
    def closed(self) -> bool:
        """
        True if nothing can be sent any more.
        """
        return self._transport.is_closing()

    def send(self, message: Message, peer: Address | None) -> None:
        """
        Send a message if the wire is still open; the listener was notified of its loss.

        `peer` is for wires that are not connected (`listening_wire`).
        """
        if not self.closed:
            self._write(message.to_bytes(), peer)

    def close(self) -> None:
        """
        Close the socket.
        """
        self._transport.close()


INCOMPLETE: Final = SipSyntaxError("it ends before its headers or its body do")
_TIMED_OUT: Final[Mapping[Phase, str]] = MappingProxyType(
    {
        "resolve": "resolving the name took too long",
        "connect": "nobody accepted the connection",
        "tls": "TLS failed: the connection was accepted, and the handshake was not answered",
    }
)


async def open_wire(
    server: Address,
    name: TransportName,
    listener: WireListener,
    *,
    local_host: str | None,
    within: float,
) -> Wire:
    """
    Connect to `server` within `within` seconds.

    A UDP socket is connected too: otherwise the kernel would not report ICMP errors, and the local
    address would not be that of the route to the server. All messages go to and come from
    this one server, which then works like an outbound proxy (RFC 3261 section 8.1.2).

    Raises Unreachable: the name does not resolve, or the connection is not accepted.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    endpoint = f"{name}:{server[0]}:{server[1]}"
    phase: Phase = "resolve"

    def unreachable(detail: str, error: Exception) -> Unreachable:
        return Unreachable(
            endpoint,
            phase=phase,
            detail=detail,
            waited=loop.time() - started,
            failure=failure_of(error, phase),
            remedy="Check host and port of `sip.server` in the profile, the firewall, and that "
            "livekit-sip is running and listens there",
        )

    kind = socket.SOCK_DGRAM if name == "udp" else socket.SOCK_STREAM
    local_addr = None if local_host is None else (local_host, 0)
    try:
        async with asyncio.timeout(within):
            found = await loop.getaddrinfo(*server, type=kind)
            host, port, *_ = found[0][4]
            address = str(host), int(port)
            phase = "connect"
            if name == "udp":
                datagrams, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(listener), remote_addr=address, local_addr=local_addr
                )
                return Wire(name, datagrams, lambda data, _peer: datagrams.sendto(data))
            connected = await _connected(found[0][0], address, local_addr)
            # A phase of its own: a port without TLS accepts the connection and then stays silent.
            phase = "tls" if name == "tls" else phase
            stream, protocol = await loop.create_connection(
                lambda: _Stream(listener),
                sock=connected,
                ssl=ssl.create_default_context() if name == "tls" else None,
                server_hostname=server[0] if name == "tls" else None,
            )
            return Wire(name, stream, lambda data, _peer: stream.write(data), protocol.unfinished)
    except TimeoutError as error:
        raise unreachable(_TIMED_OUT[phase], error) from error
    except ssl.SSLError as error:
        raise unreachable(f"TLS failed: {error}", error) from error
    except UnicodeError as error:
        # An impossible host name does not even reach the resolver.
        raise unreachable(f"not a host name: {error}", error) from error
    except OSError as error:
        raise unreachable(in_system_words(error), error) from error


async def _connected(
    family: int, address: Address, local_addr: tuple[str, int] | None
) -> socket.socket:
    """
    Return a TCP connection; raise OSError.
    """
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(0)
        if local_addr is not None:
            connection.bind(local_addr)
        await asyncio.get_running_loop().sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


async def listening_wire(bound: socket.socket, listener: WireListener) -> Wire:
    """
    Return a wire on a bound UDP socket, to and from all peers; closing it closes the socket.
    """
    loop = asyncio.get_running_loop()
    datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(listener), sock=bound)
    return Wire("udp", datagrams, datagrams.sendto)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, listener: WireListener) -> None:
        self._listener = listener

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        # Four bytes of line ends are a keep-alive, RFC 5626 section 3.5; nothing to parse.
        if not data.strip(b"\r\n"):
            return
        try:
            message = parse(data)
        except SipSyntaxError as error:
            self._listener.unreadable_received(data, error)
        else:
            self._listener.message_received(message, (str(addr[0]), int(addr[1])))

    def error_received(self, exc: Exception) -> None:
        self._listener.wire_failed(f"ICMP: {in_system_words(exc)}", failure_of(exc))


class _Stream(asyncio.Protocol):
    def __init__(self, listener: WireListener) -> None:
        self._listener = listener
        self._parser = StreamParser()
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed(data)
        try:
            while (message := self._parser.next_message()) is not None:
                self._listener.message_received(message)
        except SipSyntaxError as error:
            self._listener.unreadable_received(data, error)
            if self._transport is not None:
                # The message boundaries are lost after this.
                self._transport.close()
                self._transport = None
            self._listener.wire_failed(f"closed the connection: {error}", Failure.FOREIGN)

    def unfinished(self) -> bytes:
        """
        Return the beginning of a message whose rest has not arrived.
        """
        return self._parser.unfinished

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is None:
            # We closed it.
            return
        if data := self.unfinished():
            self._listener.unreadable_received(data, INCOMPLETE)
        detail = f": {exc}" if exc else " by the server"
        failure = failure_of(exc) if exc else Failure.ENDED
        self._listener.wire_failed(f"the connection was closed{detail}", failure)
