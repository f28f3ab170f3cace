"""
Transaction layer: match messages to transactions and run all their timers.

Source: RFC 3261 sections 17 and 18. One layer serves one user agent, both its client and server
side. It does no I/O: the adapter sends the returned messages and wakes up at `deadline`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from livekit_conformance.protocol.sip.message import Message, Request, Response
from livekit_conformance.protocol.sip.transaction import (
    DEFAULT_TIMING,
    ClientKey,
    Deliver,
    Failed,
    Output,
    Send,
    ServerKey,
    Timing,
    Transaction,
    client_key,
    is_response_to,
    server_key,
    start_client,
    start_server,
)


@dataclass(frozen=True, slots=True)
class Transmit:
    """
    Send `message` to `peer`.
    """

    message: Message
    peer: Any


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """
    A new request to answer with `TransactionLayer.respond`, or an ACK for a 2xx.

    The ACK has the transaction of its INVITE if it came on the same branch (RFC 3261 forbids that,
    but old devices do it), else None.
    """

    request: Request
    transaction: Transaction | None
    peer: Any


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """
    A response for the user; `transaction` is None if it matches no request of this layer.
    """

    response: Response
    transaction: Transaction | None


@dataclass(frozen=True, slots=True)
class TransactionFailed:
    """
    A transaction that ended without a result for its user.
    """

    transaction: Transaction
    cause: Literal["timeout", "transport"]
    detail: str


Event = Transmit | RequestReceived | ResponseReceived | TransactionFailed


class TransactionLayer:
    """
    All transactions of one user agent on one transport.

    Every call returns the events to carry out, in order, and may change `deadline`.
    """

    def __init__(self, *, reliable: bool, timing: Timing = DEFAULT_TIMING) -> None:
        self._reliable = reliable
        self._timing = timing
        self._clients: dict[ClientKey, Transaction] = {}
        self._servers: dict[ServerKey, Transaction] = {}

    @property
    def deadline(self) -> float | None:
        """
        Time of the next call of `handle_timers`; None if no timer runs.
        """
        deadlines = (transaction.deadline for transaction in self._all())
        return min((at for at in deadlines if at is not None), default=None)

    def request(
        self, request: Request, now: float, peer: Any = None
    ) -> tuple[Transaction, list[Event]]:
        """
        Send a request (not an ACK) in a transaction of its own.
        """
        transaction, outputs = start_client(
            request, now, peer=peer, reliable=self._reliable, timing=self._timing
        )
        self._clients[client_key(request)] = transaction
        return transaction, self._events(transaction, outputs)

    def respond(self, transaction: Transaction, response: Response, now: float) -> list[Event]:
        """
        Answer the request of a server transaction.
        """
        return self._events(transaction, transaction.respond(response, now))

    def receive(self, message: Message, now: float, peer: Any = None) -> list[Event]:
        """
        Process a message that arrived from `peer`.
        """
        if isinstance(message, Response):
            transaction = self._clients.get(client_key(message))
            if transaction is None or not is_response_to(transaction.request, message):
                return [ResponseReceived(message, None)]
            return self._events(transaction, transaction.receive(message, now))
        key = server_key(message)
        transaction = self._servers.get(key)
        if transaction is not None:
            return self._events(transaction, transaction.receive(message, now))
        if message.method == "ACK":
            return [RequestReceived(message, None, peer)]
        transaction = start_server(
            message, now, peer=peer, reliable=self._reliable, timing=self._timing
        )
        self._servers[key] = transaction
        return [RequestReceived(message, transaction, peer)]

    def handle_timers(self, now: float) -> list[Event]:
        """
        Fire the timers that are due at `now`.
        """
        return [
            event
            for transaction in self._all()
            for event in self._events(transaction, transaction.handle_timers(now))
        ]

    def transport_failed(self, detail: str, now: float, peer: Any = None) -> list[Event]:
        """
        Notify all transactions with `peer` that the transport could not deliver.
        """
        return [
            event
            for transaction in self._all()
            if peer is None or transaction.peer == peer
            for event in self._events(transaction, transaction.transport_failed(detail, now))
        ]

    def invite_of(self, cancel: Request) -> Transaction | None:
        """
        Return the INVITE server transaction that a CANCEL refers to, RFC 3261 section 9.2.
        """
        branch, sent_by, _ = server_key(cancel)
        return self._servers.get((branch, sent_by, "INVITE"))

    def _all(self) -> list[Transaction]:
        return [*self._clients.values(), *self._servers.values()]

    def _events(self, transaction: Transaction, outputs: Iterable[Output]) -> list[Event]:
        events = [_event(transaction, output) for output in outputs]
        if transaction.terminated:
            self._clients = {k: t for k, t in self._clients.items() if t is not transaction}
            self._servers = {k: t for k, t in self._servers.items() if t is not transaction}
        return events


def _event(transaction: Transaction, output: Output) -> Event:
    match output:
        case Send(message):
            return Transmit(message, transaction.peer)
        case Deliver(Request() as request):
            return RequestReceived(request, transaction, transaction.peer)
        case Deliver(Response() as response):
            return ResponseReceived(response, transaction)
        case Failed(cause, detail):
            return TransactionFailed(transaction, cause, detail)
        case _:
            raise AssertionError(f"unknown output {output}")
