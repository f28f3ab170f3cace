"""
asyncio adapter of the SIP core: one wire, one transaction layer, one timer.

It records every message and decides nothing about calls.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from livekit_conformance import run_clock
from livekit_conformance.drivers.sip.wire import (
    INCOMPLETE,
    Address,
    TransportName,
    Wire,
    WireListener,
    listening_wire,
    open_wire,
)
from livekit_conformance.errors import Failure, Unreachable
from livekit_conformance.observations import Recorder, SipExchange
from livekit_conformance.protocol.sip.address import DEFAULT_PORT, NameAddr, SipUri, Via
from livekit_conformance.protocol.sip.dialog import MAGIC_COOKIE, response_to, seen_from
from livekit_conformance.protocol.sip.ladder import Direction, LadderStep
from livekit_conformance.protocol.sip.layer import (
    Event,
    RequestReceived,
    ResponseReceived,
    TransactionFailed,
    TransactionLayer,
    Transmit,
)
from livekit_conformance.protocol.sip.message import Message, Request, Response, SipSyntaxError
from livekit_conformance.protocol.sip.syntax import Parameters
from livekit_conformance.protocol.sip.transaction import (
    DEFAULT_TIMING,
    ClientKey,
    Timing,
    Transaction,
    client_key,
    is_response_to,
)
from livekit_conformance.protocol.sip.violations import SipViolation, refusal, violations

# Call-ID of data that cannot be parsed
_CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*(?P<id>\S+)", re.IGNORECASE | re.MULTILINE)

OnResponse = Callable[[Response], None]
OnStray = Callable[[Request, Response], None]
OnFailure = Callable[[str], None]
OnRequest = Callable[[Request, Transaction | None], None]


@dataclass(slots=True)
class Trace:
    """
    Messages of one Call-ID: the time of the first one, the ladder from there, and what the other
    side did against RFC 3261.
    """

    began: float
    steps: list[LadderStep] = field(default_factory=list)
    heard_at: float | None = None
    violations: list[SipViolation] = field(default_factory=list)


class SipEndpoint:
    """
    Send requests and responses in transactions, and pass received messages to their users.

    `on_request` receives new requests (and ACKs), `on_stray` responses to our requests whose
    transaction is over, such as a 2xx whose ACK was lost. Requests that cannot be acted on are
    refused here, and responses to nothing that we sent are dropped. An endpoint either connects to
    its one server or listens for all peers; a listening endpoint passes the peer of each request
    it sends.
    """

    def __init__(
        self,
        server: Address | None,
        transport: TransportName,
        *,
        recorder: Recorder,
        local_host: str | None = None,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        self.server = server
        self.on_request: OnRequest = lambda _request, _transaction: None
        self.on_stray: OnStray = lambda _request, _response: None
        # What the other side did against RFC 3261, in any call or none.
        self.violations: list[SipViolation] = []
        self._transport = transport
        self._recorder = recorder
        self._local_host = local_host
        self._loop = asyncio.get_running_loop()
        self._layer = TransactionLayer(reliable=transport != "udp", timing=timing)
        self._wire: Wire | None = None
        # To those whose Contact is not the server.
        self._hops: dict[Address, Wire] = {}
        # Two calls, or an ACK and the BYE after it, open no wire twice.
        self._reaching = asyncio.Lock()
        # Of what was lost last; silence if nothing was.
        self._wire_failure = Failure.TIMED_OUT
        self._timer: asyncio.TimerHandle | None = None
        self._users: dict[Transaction, tuple[OnResponse, OnFailure]] = {}
        self._sent: dict[ClientKey, Request] = {}
        self._traces: dict[str, Trace] = {}
        self._closing = False

    async def connect(self, *, within: float) -> None:
        """
        Open the wire, or open it again after the server closed it. Raises Unreachable.
        """
        if self._wire is None or self._wire.closed:
            self._wire = await open_wire(
                self._its_server, self._transport, self, local_host=self._local_host, within=within
            )

    def hop_to(self, uri: SipUri) -> Address | None:
        """
        Return the address to which requests to `uri` go; None if our server has it.

        A connection with TLS is used for all requests: its certificate is that of the server.
        """
        if self._wire is None or self._transport == "tls" or uri.scheme == "sips":
            return None
        hop = uri.host.strip("[]"), uri.port or DEFAULT_PORT
        server_host, server_port = self._its_server
        is_server = hop[1] == server_port and hop[0] in {server_host, self.server_host}
        return None if is_server else hop

    async def reach(self, hop: Address, *, within: float) -> None:
        """
        Open a wire to an address that is not the server. Raises Unreachable.
        """
        async with self._reaching:
            if hop not in self._hops or self._hops[hop].closed:
                self._hops[hop] = await open_wire(
                    hop,
                    self._transport,
                    _OnHop(self, hop),
                    local_host=self._local_host,
                    within=within,
                )

    async def listen(self, bound: socket.socket) -> None:
        """
        Receive on a bound UDP socket, which is closed with the endpoint.
        """
        self._wire = await listening_wire(bound, self)

    def close(self) -> None:
        """
        Cancel the timer and close the socket; transactions run no further.
        """
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        for wire in (self._wire, *self._hops.values()):
            if wire is not None:
                wire.close()

    @property
    def _its_server(self) -> Address:
        assert self.server is not None, "an endpoint that listens has no server of its own"
        return self.server

    @property
    def local(self) -> Address:
        """
        Our address and port as the server sees them, as far as this machine knows.
        """
        assert self._wire is not None, "the endpoint is not connected"
        return self._wire.local

    @property
    def server_host(self) -> str | None:
        """
        IP address of the SIP peer; None for a listening endpoint.
        """
        return self._wire.remote_host if self._wire is not None else None

    def now(self) -> float:
        """
        Return the time of the clock that all timers use, in seconds.
        """
        return self._loop.time()

    def via(self, hop: Address | None = None) -> Via:
        """
        Return a Via with a fresh branch and `rport`, so that responses pass a NAT (RFC 3581).

        It is for the server or for a `hop` that was reached.
        """
        host, port = self.local if hop is None else self._hops[hop].local
        branch = MAGIC_COOKIE + secrets.token_hex(12)
        parameters = Parameters((("branch", branch), ("rport", None)))
        return Via(self._transport.upper(), _uri_host(host), port, parameters)

    def contact(self, user: str) -> NameAddr:
        """
        Return our Contact, to which the other side sends the requests of a dialog.
        """
        host, port = self.local
        return NameAddr(_checked(SipUri(_uri_host(host), user, port, self._uri_parameters())))

    def uri(self, user: str | None) -> str:
        """
        Return the URI of `user` at the server. Raises SipSyntaxError if no URI can hold that user.
        """
        host, port = self._its_server
        return _checked(SipUri(_uri_host(host), user, port, self._uri_parameters()))

    def address_of_record(self, user: str, host: str | None = None) -> NameAddr:
        """
        Return our From address: `user` at our own address, without a port, or at another `host`.
        """
        return NameAddr(_checked(SipUri(_uri_host(host or self.local[0]), user)))

    def watch(self, call_id: str) -> Trace:
        """
        Start the ladder of a Call-ID; its clock starts with the first message.
        """
        return self._traces.setdefault(call_id, Trace(self.now()))

    def send(self, request: Request, hop: Address | None = None) -> None:
        """
        Send a request without a transaction: the ACK of a 2xx.
        """
        self._run([Transmit(request, hop)])

    def start(
        self,
        request: Request,
        on_response: OnResponse,
        on_failure: OnFailure,
        *,
        peer: Address | None = None,
    ) -> Transaction:
        """
        Send a request in a transaction and call one of the callbacks for each outcome.
        """
        transaction, events = self._layer.request(request, self.now(), peer)
        self._users = {t: user for t, user in self._users.items() if not t.terminated}
        self._users[transaction] = (on_response, on_failure)
        self._sent[client_key(request)] = request
        self._run(events)
        return transaction

    async def ask(
        self,
        request: Request,
        *,
        within: float,
        peer: Address | None = None,
        ack: Request | None = None,
    ) -> Response:
        """
        Send a request and wait up to `within` seconds for its final response.

        `ack` acknowledges each 2xx to an INVITE, also one that comes later (section 13.2.2.4).
        Raises Unreachable: in phase `connect` when the network reports an error, in phase `answer`
        when no response arrives.
        """
        started, earlier = self.now(), len(self.violations)
        self._wire_failure = Failure.TIMED_OUT
        answer: asyncio.Future[Response | str] = self._loop.create_future()

        def settle(outcome: Response | str) -> None:
            response = outcome if isinstance(outcome, Response) else None
            if ack is not None and response is not None and response.is_success:
                self.send(ack, peer)
            if not (response and response.is_provisional) and not answer.done():
                answer.set_result(outcome)

        transaction = self.start(request, settle, settle, peer=peer)
        await asyncio.wait({answer}, timeout=within)
        transaction.stop_retransmitting()
        outcome = answer.result() if answer.done() else None
        if isinstance(outcome, Response):
            return outcome
        self.expect_no_more()
        host, port = peer or self._its_server
        came = self.violations[earlier:]
        silence = (
            f"no readable answer to {request.method}, but {came[0]}"
            if came
            else f"no answer to {request.method}"
        )
        # The silence of a Contact elsewhere is none of the server's.
        if outcome is None and not came and peer not in self._hops:
            self._lost(silence, Failure.TIMED_OUT)
        raise Unreachable(
            f"{self._transport}:{host}:{port}",
            phase="answer" if outcome is None else "connect",
            detail=outcome or silence,
            waited=self.now() - started,
            failure=self._wire_failure,
            remedy="Check that livekit-sip is running and listens on this port, and that the "
            "firewall lets requests in and answers out",
        )

    def respond(self, transaction: Transaction, response: Response) -> None:
        """
        Send a response to a request.
        """
        self._run(self._layer.respond(transaction, response, self.now()))

    def answer_cancel(self, cancel: Request, transaction: Transaction) -> Transaction | None:
        """
        Answer a CANCEL and return the transaction of the INVITE that it is about, if there is one.

        RFC 3261 section 9.2: 200 also if the INVITE was answered already, 481 if there is none.
        """
        invite = self._layer.invite_of(cancel)
        status, reason = (200, "OK") if invite else (481, "Call/Transaction Does Not Exist")
        self.respond(transaction, response_to(cancel, status, reason, to_tag=fresh()))
        return invite

    def message_received(self, message: Message, peer: Address | None = None) -> None:
        """
        Process a complete message; over UDP `peer` is its source address.
        """
        self._record(message, "received")
        for violation in violations(message):
            self._blame(violation, message.call_id)
        if isinstance(message, Request) and peer is not None:
            message, peer = seen_from(message, *peer), message.via.reply_address(*peer)
        self._run(self._layer.receive(message, self.now(), peer))

    def unreadable_received(self, data: bytes, error: SipSyntaxError) -> None:
        """
        Record received data that is not a SIP message, as evidence.
        """
        if self._closing:
            return
        self._blame(SipViolation("25.1", f"an unreadable message: {error}"), _call_id_in(data))
        text = data.decode("utf-8", "backslashreplace")
        self._recorder.record(
            SipExchange(
                run_clock.now(),
                f"<- unreadable: {error}",
                direction="received",
                status=None,
                text=text,
            )
        )

    def expect_no_more(self) -> None:
        """
        Record a message that has begun and not ended by now, when nothing more is waited for.
        """
        if self._wire is not None and (data := self._wire.unfinished()):
            self.unreadable_received(data, INCOMPLETE)

    def wire_failed(self, detail: str, failure: Failure) -> None:
        """
        Handle a message that was not delivered, or a lost connection.
        """
        if not self._closing:
            self._wire_failure = failure
            self._lost(detail, failure)
            self._run(self._layer.transport_failed(detail, self.now()))
            if self._transport != "udp":
                # Responses come back on the request's connection, which is lost (RFC 3261 section
                # 18.2.2); the transactions themselves would wait for them until they time out.
                orphans, self._users = self._users, {}
                for _, on_failure in orphans.values():
                    on_failure(detail)

    def hop_failed(self, hop: Address, detail: str) -> None:
        """
        Handle a message to a hop that was not delivered.
        """
        if not self._closing:
            self._note(f"{hop[0]}:{hop[1]}: {detail}")
            self._run(self._layer.transport_failed(detail, self.now(), hop))

    def _lost(self, detail: str, failure: Failure) -> None:
        # A listening endpoint has no service on the other side.
        self._note(detail, lost=detail if self.server is not None else None, failure=failure)

    def _note(self, text: str, *, lost: str | None = None, failure: Failure | None = None) -> None:
        """
        Record that a message did not get through.
        """
        self._recorder.record(
            SipExchange(
                run_clock.now(),
                f"!! {text}",
                transport=self._transport,
                status=None,
                text=text,
                lost=lost,
                failure=failure,
            )
        )

    def _run(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case Transmit(message, peer):
                    self._record(message, "sent")
                    wire = self._hops.get(peer, self._wire)
                    if wire is not None:
                        wire.send(message, peer)
                case RequestReceived(request, transaction, _):
                    self._pass_on(request, transaction)
                case ResponseReceived(response, transaction) if transaction in self._users:
                    self._users[transaction][0](response)
                case ResponseReceived(response, _):
                    self._pass_on_stray(response)
                case TransactionFailed(transaction, _, detail) if transaction in self._users:
                    self._users[transaction][1](detail)
        self._rearm()

    def _pass_on(self, request: Request, transaction: Transaction | None) -> None:
        refused = refusal(request)
        if transaction is None or request.method == "ACK" or refused is None:
            self.on_request(request, transaction)
        else:
            response = response_to(
                request,
                refused.status,
                refused.reason,
                to_tag=fresh(),
                extra=refused.headers,
            )
            self.respond(transaction, response)

    def _pass_on_stray(self, response: Response) -> None:
        request = self._sent.get(client_key(response))
        if request is None:
            violation = SipViolation("17.1.3", f"{response.label} to no request that was sent")
        elif not is_response_to(request, response):
            violation = SipViolation(
                "8.2.6.2", f"{response.label} to {request.method} has another identity than it"
            )
        else:
            self.on_stray(request, response)
            return
        self._blame(violation, response.call_id)

    def _blame(self, violation: SipViolation, call_id: str | None) -> None:
        """
        Record what the other side did wrong, for its call or else for the one that began last.
        """
        # Anybody may send to an endpoint that listens.
        latest = next(reversed(self._traces), None) if self.server is not None else None
        call = call_id if call_id in self._traces else latest
        text = str(violation)
        self._recorder.record(
            SipExchange(run_clock.now(), f"!! {text}", call=call, status=None, text=text)
        )
        self.violations.append(violation)
        if call is not None and violation not in self._traces[call].violations:
            self._traces[call].violations.append(violation)

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._layer.deadline
        if deadline is not None and not self._closing:
            self._timer = self._loop.call_at(deadline, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._run(self._layer.handle_timers(self.now()))

    def _record(self, message: Message, direction: Direction) -> None:
        now = self.now()
        # A listening endpoint cannot know a Call-ID before its first message.
        trace = (
            self._traces.get(message.call_id, Trace(now))
            if self.server is not None
            else self.watch(message.call_id)
        )
        if not trace.steps:
            trace.began = now
        if direction == "received":
            trace.heard_at = now
        if direction == "sent":
            self._recorder.redact.learn_from(message.headers.fields)
        text = self._recorder.redact(message.text)
        status = message.status if isinstance(message, Response) else None
        step = LadderStep(now - trace.began, direction, message.label, text, status)
        trace.steps.append(step)
        self._recorder.record(
            SipExchange(
                run_clock.now(),
                f"{step.arrow} {step.label}",
                call=message.call_id,
                transport=self._transport,
                direction=direction,
                status=step.status,
                at_s=round(step.at_s, 4),
                text=text,
            )
        )

    def _uri_parameters(self) -> Parameters:
        # A URI without a transport means UDP, RFC 3261 section 19.1.1.
        return Parameters(() if self._transport == "udp" else (("transport", self._transport),))


class _OnHop(WireListener):
    """
    Events of a wire to a hop: its messages are those of the endpoint, its losses concern it alone.
    """

    def __init__(self, endpoint: SipEndpoint, hop: Address) -> None:
        self._endpoint = endpoint
        self._hop = hop

    def message_received(self, message: Message, peer: Address | None = None) -> None:
        self._endpoint.message_received(message, peer)

    def unreadable_received(self, data: bytes, error: SipSyntaxError) -> None:
        self._endpoint.unreadable_received(data, error)

    def wire_failed(self, detail: str, failure: Failure) -> None:
        del failure
        self._endpoint.hop_failed(self._hop, detail)


def _uri_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _checked(uri: SipUri) -> str:
    # If the URI does not parse back to its parts, the user holds characters it must not.
    text = str(uri)
    if SipUri.parse(text) != uri:
        raise SipSyntaxError(f"not a user of a SIP URI: {uri.user!r}")
    return text


def _call_id_in(data: bytes) -> str | None:
    found = _CALL_ID.search(data)
    return found["id"].decode("utf-8", "replace") if found else None


def fresh(length: int = 8) -> str:
    """
    Return random text for tags and client nonces: `length` bytes as hexadecimal digits.
    """
    return secrets.token_hex(length)


def ignore(outcome: Response | str) -> None:
    """
    Discard the outcome of a request that changes nothing; the record still holds it.
    """
    del outcome
