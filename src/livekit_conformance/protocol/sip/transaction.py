"""
The four transactions of SIP as tables: INVITE and non-INVITE, client and server.

Sources: RFC 3261 section 17 and its summary of timers in table 4; RFC 6026 for the handling after
a 2xx to INVITE (state Accepted, timers L and M) and for transport errors of the INVITE server.

A transaction carries one request and its responses over an unreliable transport and delivers each
of them to its user (TU) once. The rules are all in `_TABLES`: for a state and an input, the next
state and the actions on the way. An input that is not in the table is absorbed; that is how
retransmissions are kept from the user. A timer runs only in the states that `_TIMERS_OF` names;
entering any other state stops it.

Nothing here reads a clock: `now` (seconds of any monotonic clock) is passed in, and `deadline` is
the time of the next call of `handle_timers`. All calls return the outputs in the order in which
they must be carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Literal

from livekit_conformance.protocol.sip.message import CSeq, Headers, Message, Request, Response


@dataclass(frozen=True, slots=True)
class Timing:
    """
    Base values of all timers, in seconds: RFC 3261 section 17.1.1.1 and table 4.

    T1 estimates the round-trip time, T2 bounds the retransmission interval, T4 is the longest time
    a message can stay in the network; D is the time for which a client acknowledges retransmitted
    final responses to INVITE.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    d: float = 32.0

    @property
    def patience(self) -> float:
        """
        64*T1: the time limit of retransmission and of the other long timers.
        """
        return 64 * self.t1


DEFAULT_TIMING = Timing()


class TransactionKind(StrEnum):
    """
    Kind of transaction: one of the four state machines.
    """

    INVITE_CLIENT = "INVITE client"
    CLIENT = "non-INVITE client"
    INVITE_SERVER = "INVITE server"
    SERVER = "non-INVITE server"


class TransactionState(StrEnum):
    """
    States of all four machines, named as in the RFCs.
    """

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Timer(StrEnum):
    """
    Timers by their letters, RFC 3261 table 4 and RFC 6026.
    """

    A = "A"  # INVITE client: retransmit the request
    B = "B"  # INVITE client: no answer at all
    D = "D"  # INVITE client: final responses have stopped coming
    E = "E"  # non-INVITE client: retransmit the request
    F = "F"  # non-INVITE client: no final response
    G = "G"  # INVITE server: retransmit the final response
    H = "H"  # INVITE server: no ACK
    I = "I"  # noqa: E741  INVITE server: ACKs have stopped coming; the RFC's letter
    J = "J"  # non-INVITE server: requests have stopped coming
    K = "K"  # non-INVITE client: responses have stopped coming
    L = "L"  # INVITE server: accepted requests have stopped coming
    M = "M"  # INVITE client: 2xx have stopped coming


class _Input(Enum):
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "300-699"
    REQUEST = "the same request"
    ACK = "ACK"
    TRANSPORT_ERROR = "transport error"


class _Do(Enum):
    SEND_REQUEST = "send the request again"
    SEND_ACK = "acknowledge the failure response"
    SEND_RESPONSE = "send what the user answers, and remember it"
    REPEAT_RESPONSE = "send the last response again, if there is one"
    DELIVER = "show the message to the user"
    TIMED_OUT = "tell the user that time ran out"
    TRANSPORT_FAILED = "tell the user that the transport failed"


@dataclass(frozen=True, slots=True)
class Send:
    """
    Send this message.
    """

    message: Message


@dataclass(frozen=True, slots=True)
class Deliver:
    """
    Deliver this message to the user: a response to a client, an ACK for a 2xx to a server.
    """

    message: Message


@dataclass(frozen=True, slots=True)
class Failed:
    """
    The transaction gave up: a time-out (equivalent to a 408) or a transport failure (to a 503).
    """

    cause: Literal["timeout", "transport"]
    detail: str


Output = Send | Deliver | Failed

_S, _I, _D, _T = TransactionState, _Input, _Do, Timer
_Step = tuple[TransactionState, tuple[_Do, ...]]
_Table = Mapping[tuple[TransactionState, _Input | Timer], _Step]

_INVITE_CLIENT: _Table = {
    (_S.CALLING, _T.A): (_S.CALLING, (_D.SEND_REQUEST,)),
    (_S.CALLING, _T.B): (_S.TERMINATED, (_D.TIMED_OUT,)),
    (_S.CALLING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_D.TRANSPORT_FAILED,)),
    (_S.CALLING, _I.PROVISIONAL): (_S.PROCEEDING, (_D.DELIVER,)),
    (_S.CALLING, _I.SUCCESS): (_S.ACCEPTED, (_D.DELIVER,)),
    (_S.CALLING, _I.FAILURE): (_S.COMPLETED, (_D.SEND_ACK, _D.DELIVER)),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, (_D.DELIVER,)),
    (_S.PROCEEDING, _I.SUCCESS): (_S.ACCEPTED, (_D.DELIVER,)),
    (_S.PROCEEDING, _I.FAILURE): (_S.COMPLETED, (_D.SEND_ACK, _D.DELIVER)),
    # Every 2xx is delivered, because the user creates its ACK, not the transaction.
    (_S.ACCEPTED, _I.SUCCESS): (_S.ACCEPTED, (_D.DELIVER,)),
    (_S.ACCEPTED, _T.M): (_S.TERMINATED, ()),
    (_S.COMPLETED, _I.FAILURE): (_S.COMPLETED, (_D.SEND_ACK,)),
    # A forking proxy forwards every 2xx, also after another final response (section 16.7, step 5).
    (_S.COMPLETED, _I.SUCCESS): (_S.COMPLETED, (_D.DELIVER,)),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_D.TRANSPORT_FAILED,)),
    (_S.COMPLETED, _T.D): (_S.TERMINATED, ()),
}

_CLIENT: _Table = {
    (_S.TRYING, _T.E): (_S.TRYING, (_D.SEND_REQUEST,)),
    (_S.TRYING, _T.F): (_S.TERMINATED, (_D.TIMED_OUT,)),
    (_S.TRYING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_D.TRANSPORT_FAILED,)),
    (_S.TRYING, _I.PROVISIONAL): (_S.PROCEEDING, (_D.DELIVER,)),
    (_S.TRYING, _I.SUCCESS): (_S.COMPLETED, (_D.DELIVER,)),
    (_S.TRYING, _I.FAILURE): (_S.COMPLETED, (_D.DELIVER,)),
    (_S.PROCEEDING, _T.E): (_S.PROCEEDING, (_D.SEND_REQUEST,)),
    (_S.PROCEEDING, _T.F): (_S.TERMINATED, (_D.TIMED_OUT,)),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_D.TRANSPORT_FAILED,)),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, (_D.DELIVER,)),
    (_S.PROCEEDING, _I.SUCCESS): (_S.COMPLETED, (_D.DELIVER,)),
    (_S.PROCEEDING, _I.FAILURE): (_S.COMPLETED, (_D.DELIVER,)),
    (_S.COMPLETED, _T.K): (_S.TERMINATED, ()),
}

_INVITE_SERVER: _Table = {
    (_S.PROCEEDING, _I.REQUEST): (_S.PROCEEDING, (_D.REPEAT_RESPONSE,)),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, (_D.SEND_RESPONSE,)),
    (_S.PROCEEDING, _I.SUCCESS): (_S.ACCEPTED, (_D.SEND_RESPONSE,)),
    (_S.PROCEEDING, _I.FAILURE): (_S.COMPLETED, (_D.SEND_RESPONSE,)),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_S.PROCEEDING, (_D.TRANSPORT_FAILED,)),
    # The user retransmits its 2xx itself (RFC 3261 section 13.3.1.4) and waits for the ACK.
    (_S.ACCEPTED, _I.SUCCESS): (_S.ACCEPTED, (_D.SEND_RESPONSE,)),
    (_S.ACCEPTED, _I.ACK): (_S.ACCEPTED, (_D.DELIVER,)),
    (_S.ACCEPTED, _I.TRANSPORT_ERROR): (_S.ACCEPTED, (_D.TRANSPORT_FAILED,)),
    (_S.ACCEPTED, _T.L): (_S.TERMINATED, ()),
    (_S.COMPLETED, _I.REQUEST): (_S.COMPLETED, (_D.REPEAT_RESPONSE,)),
    (_S.COMPLETED, _T.G): (_S.COMPLETED, (_D.REPEAT_RESPONSE,)),
    (_S.COMPLETED, _T.H): (_S.TERMINATED, (_D.TIMED_OUT,)),
    (_S.COMPLETED, _I.ACK): (_S.CONFIRMED, ()),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_S.COMPLETED, (_D.TRANSPORT_FAILED,)),
    (_S.CONFIRMED, _T.I): (_S.TERMINATED, ()),
}

_SERVER: _Table = {
    (_S.TRYING, _I.PROVISIONAL): (_S.PROCEEDING, (_D.SEND_RESPONSE,)),
    (_S.TRYING, _I.SUCCESS): (_S.COMPLETED, (_D.SEND_RESPONSE,)),
    (_S.TRYING, _I.FAILURE): (_S.COMPLETED, (_D.SEND_RESPONSE,)),
    (_S.PROCEEDING, _I.REQUEST): (_S.PROCEEDING, (_D.REPEAT_RESPONSE,)),
    (_S.PROCEEDING, _I.PROVISIONAL): (_S.PROCEEDING, (_D.SEND_RESPONSE,)),
    (_S.PROCEEDING, _I.SUCCESS): (_S.COMPLETED, (_D.SEND_RESPONSE,)),
    (_S.PROCEEDING, _I.FAILURE): (_S.COMPLETED, (_D.SEND_RESPONSE,)),
    (_S.PROCEEDING, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_D.TRANSPORT_FAILED,)),
    (_S.COMPLETED, _I.REQUEST): (_S.COMPLETED, (_D.REPEAT_RESPONSE,)),
    (_S.COMPLETED, _I.TRANSPORT_ERROR): (_S.TERMINATED, (_D.TRANSPORT_FAILED,)),
    (_S.COMPLETED, _T.J): (_S.TERMINATED, ()),
}

_TABLES: Mapping[TransactionKind, _Table] = {
    TransactionKind.INVITE_CLIENT: _INVITE_CLIENT,
    TransactionKind.CLIENT: _CLIENT,
    TransactionKind.INVITE_SERVER: _INVITE_SERVER,
    TransactionKind.SERVER: _SERVER,
}

_FIRST_STATE: Mapping[TransactionKind, TransactionState] = {
    TransactionKind.INVITE_CLIENT: TransactionState.CALLING,
    TransactionKind.CLIENT: TransactionState.TRYING,
    TransactionKind.INVITE_SERVER: TransactionState.PROCEEDING,
    TransactionKind.SERVER: TransactionState.TRYING,
}

# A timer starts on entering one of its states from a state in which it does not run.
_TIMERS_OF: Mapping[tuple[TransactionKind, TransactionState], tuple[Timer, ...]] = {
    (TransactionKind.INVITE_CLIENT, TransactionState.CALLING): (Timer.A, Timer.B),
    (TransactionKind.INVITE_CLIENT, TransactionState.ACCEPTED): (Timer.M,),
    (TransactionKind.INVITE_CLIENT, TransactionState.COMPLETED): (Timer.D,),
    (TransactionKind.CLIENT, TransactionState.TRYING): (Timer.E, Timer.F),
    (TransactionKind.CLIENT, TransactionState.PROCEEDING): (Timer.E, Timer.F),
    (TransactionKind.CLIENT, TransactionState.COMPLETED): (Timer.K,),
    (TransactionKind.INVITE_SERVER, TransactionState.ACCEPTED): (Timer.L,),
    (TransactionKind.INVITE_SERVER, TransactionState.COMPLETED): (Timer.G, Timer.H),
    (TransactionKind.INVITE_SERVER, TransactionState.CONFIRMED): (Timer.I,),
    (TransactionKind.SERVER, TransactionState.COMPLETED): (Timer.J,),
}

# A reliable transport retransmits by itself: these never run there.
_RETRANSMIT = frozenset({Timer.A, Timer.E, Timer.G})
# A reliable transport delivers no late copies of messages: these fire at once there.
_LINGER = frozenset({Timer.D, Timer.I, Timer.J, Timer.K})


class Transaction:
    """
    One transaction of any kind; create it with `start_client` or `start_server`.

    `peer` is the caller's handle for sending, such as an address or a connection; it is only
    stored.
    """

    def __init__(
        self, kind: TransactionKind, request: Request, *, peer: Any, reliable: bool, timing: Timing
    ) -> None:
        self.kind = kind
        self.request = request
        self.peer = peer
        self.state = _FIRST_STATE[kind]
        self.last_response: Response | None = None
        self._reliable = reliable
        self._timing = timing
        self._deadlines: dict[Timer, float] = {}
        self._intervals: dict[Timer, float] = {}

    @property
    def terminated(self) -> bool:
        """
        True once the transaction is over and can be discarded.
        """
        return self.state is TransactionState.TERMINATED

    @property
    def deadline(self) -> float | None:
        """
        Time of the next call of `handle_timers`; None if no timer runs.
        """
        return min(self._deadlines.values(), default=None)

    def receive(self, message: Message, now: float) -> list[Output]:
        """
        Process a message of the other side that belongs here (see `client_key` and `server_key`).
        """
        if isinstance(message, Response):
            self.last_response = message
            return self._input(_class_of(message), now, message)
        is_ack = message.method == "ACK" and self.kind is TransactionKind.INVITE_SERVER
        return self._input(_Input.ACK if is_ack else _Input.REQUEST, now, message)

    def respond(self, response: Response, now: float) -> list[Output]:
        """
        Send the user's response; ignore one that the state no longer allows.
        """
        return self._input(_class_of(response), now, response)

    def handle_timers(self, now: float) -> list[Output]:
        """
        Fire the timers that are due at `now`. A late call is fine: each timer fires once per call.
        """
        outputs: list[Output] = []
        due = sorted((at, timer) for timer, at in self._deadlines.items() if at <= now)
        for _, timer in due:
            # A timer that fired earlier in this loop may have ended the state of this one.
            if timer not in self._deadlines:
                continue
            if timer in _RETRANSMIT:
                self._restart(timer, now)
            else:
                del self._deadlines[timer]
            outputs += self._input(timer, now, None)
        return outputs

    def transport_failed(self, detail: str, now: float) -> list[Output]:
        """
        Handle a transport that could not deliver (RFC 3261 section 18.4).
        """
        return self._input(_Input.TRANSPORT_ERROR, now, None, detail)

    def stop_retransmitting(self) -> None:
        """
        Stop retransmitting the request but still accept responses: the user no longer needs them.
        """
        for timer in _RETRANSMIT:
            self._deadlines.pop(timer, None)

    def enter(self, state: TransactionState, now: float) -> None:
        """
        Change the state and start and stop timers accordingly.
        """
        self.state = state
        timers = _TIMERS_OF.get((self.kind, state), ())
        self._deadlines = {t: at for t, at in self._deadlines.items() if t in timers}
        for timer in timers:
            if timer not in self._deadlines and not (self._reliable and timer in _RETRANSMIT):
                self._intervals[timer] = self._first_interval(timer)
                self._deadlines[timer] = now + self._intervals[timer]

    def _input(
        self, kind: _Input | Timer, now: float, message: Message | None, detail: str = ""
    ) -> list[Output]:
        step = _TABLES[self.kind].get((self.state, kind))
        if step is None:
            return []
        next_state, actions = step
        outputs: list[Output] = []
        for action in actions:
            outputs += self._do(action, kind, message, detail)
        if next_state is not self.state:
            self.enter(next_state, now)
        return outputs

    def _do(
        self, action: _Do, cause: _Input | Timer, message: Message | None, detail: str
    ) -> list[Output]:
        output: Output | None
        match action, message:
            case _Do.SEND_REQUEST, _:
                output = Send(self.request)
            case _Do.SEND_ACK, Response():
                output = Send(ack_for_failure(self.request, message))
            case _Do.SEND_RESPONSE, Response():
                self.last_response = message
                output = Send(message)
            case _Do.REPEAT_RESPONSE, _:
                output = Send(self.last_response) if self.last_response else None
            case _Do.DELIVER, Request() | Response():
                output = Deliver(message)
            case _Do.TIMED_OUT, _:
                waited = self._timing.patience
                output = Failed("timeout", f"timer {cause.value} fired after {waited:g} s")
            case _Do.TRANSPORT_FAILED, _:
                output = Failed("transport", detail)
            case _:
                raise AssertionError(f"{action} cannot be done with {message}")
        return [output] if output else []

    def _restart(self, timer: Timer, now: float) -> None:
        if timer is Timer.E and self.state is TransactionState.PROCEEDING:
            # RFC 3261 section 17.1.2.2: after a provisional response, the interval is T2 at once.
            self._intervals[timer] = self._timing.t2
        else:
            doubled = 2 * self._intervals[timer]
            # Timer A doubles without bound (17.1.1.2), E and G up to T2.
            self._intervals[timer] = doubled if timer is Timer.A else min(doubled, self._timing.t2)
        self._deadlines[timer] = now + self._intervals[timer]

    def _first_interval(self, timer: Timer) -> float:
        if timer in _LINGER and self._reliable:
            return 0.0
        if timer in _RETRANSMIT:
            return self._timing.t1
        if timer in {Timer.I, Timer.K}:
            return self._timing.t4
        return self._timing.d if timer is Timer.D else self._timing.patience


def start_client(
    request: Request,
    now: float,
    *,
    peer: Any = None,
    reliable: bool,
    timing: Timing = DEFAULT_TIMING,
) -> tuple[Transaction, list[Output]]:
    """
    Begin a client transaction; the first output sends the request.

    `request` may be anything but an ACK, which has no transaction of its own.
    """
    kind = TransactionKind.INVITE_CLIENT if request.method == "INVITE" else TransactionKind.CLIENT
    transaction = Transaction(kind, request, peer=peer, reliable=reliable, timing=timing)
    transaction.enter(transaction.state, now)
    return transaction, [Send(request)]


def start_server(
    request: Request,
    now: float,
    *,
    peer: Any = None,
    reliable: bool,
    timing: Timing = DEFAULT_TIMING,
) -> Transaction:
    """
    Begin the server transaction of a request that belongs to none yet; the user responds to it.

    If the user cannot answer an INVITE within 200 ms, it must send a 100 (17.2.1).
    """
    kind = TransactionKind.INVITE_SERVER if request.method == "INVITE" else TransactionKind.SERVER
    transaction = Transaction(kind, request, peer=peer, reliable=reliable, timing=timing)
    transaction.enter(transaction.state, now)
    return transaction


ClientKey = tuple[str | None, str]
ServerKey = tuple[str | None, tuple[str, int | None], str]


def client_key(message: Message) -> ClientKey:
    """
    Return the key that a response shares with its request, RFC 3261 section 17.1.3.
    """
    return message.via.branch, message.cseq.method


def is_response_to(request: Request, response: Response) -> bool:
    """
    Return True if `response` has what a response to `request` must copy, RFC 3261 section 8.2.6.2.

    The key of the transaction alone (17.1.3) would let a response of another call pass.
    """
    return client_key(request) == client_key(response) and (
        request.call_id,
        request.cseq.number,
        request.from_.tag,
    ) == (response.call_id, response.cseq.number, response.from_.tag)


def server_key(request: Request) -> ServerKey:
    """
    Return the key of a request's server transaction, RFC 3261 section 17.2.3.

    A request shares it with its retransmissions, and an INVITE with the ACK of its failure.

    For branches without the magic cookie (RFC 2543) the same fields are compared; they distinguish
    the requests of every implementation that sends a branch.
    """
    via = request.via
    return via.branch, via.sent_by, "INVITE" if request.method == "ACK" else request.method


def _class_of(response: Response) -> _Input:
    if response.is_provisional:
        return _Input.PROVISIONAL
    return _Input.SUCCESS if response.is_success else _Input.FAILURE


def ack_for_failure(invite: Request, response: Response) -> Request:
    """
    Return the ACK for a 300-699, which belongs to the INVITE's transaction: RFC 3261 17.1.1.3.

    It has the INVITE's Request-URI, topmost Via, From, Call-ID and Route, and the response's To.
    """
    return Request(
        "ACK",
        invite.uri,
        Headers.of(
            ("Via", invite.via),
            ("Max-Forwards", 70),
            ("From", invite.headers.one("From")),
            ("To", response.headers.one("To")),
            ("Call-ID", invite.call_id),
            ("CSeq", CSeq(invite.cseq.number, "ACK")),
            *(("Route", value) for value in invite.headers.all("Route")),
        ),
    )
