"""
Two user agents over a lossy link: each still sees every exchange exactly once.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from livekit_conformance.protocol.sip.dialog import Retransmission, cancel, new_request, response_to
from livekit_conformance.protocol.sip.layer import (
    Event,
    RequestReceived,
    ResponseReceived,
    TransactionFailed,
    TransactionLayer,
    Transmit,
)
from livekit_conformance.protocol.sip.message import NameAddr, Request, Response, Via, parse
from livekit_conformance.protocol.sip.transaction import Transaction

DELAY = 0.02


def request(method: str, cseq: int = 1) -> Request:
    return new_request(
        method,
        "sip:+15550123@192.0.2.1",
        via=Via.parse(f"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-{method}-{cseq}"),
        caller=NameAddr("sip:+15550100@192.0.2.9").with_tag("from"),
        callee=NameAddr("sip:+15550123@192.0.2.1"),
        call_id="call-1",
        cseq=cseq,
    )


@dataclass
class Link:
    """
    A caller and a callee, a clock, and a link between them that drops and duplicates.
    """

    loss: float = 0.0
    duplicates: float = 0.0
    seed: int = 0
    answers: tuple[int, ...] = (200,)
    now: float = 0.0
    caller: TransactionLayer = field(default_factory=lambda: TransactionLayer(reliable=False))
    callee: TransactionLayer = field(default_factory=lambda: TransactionLayer(reliable=False))
    seen: dict[str, list[str]] = field(default_factory=lambda: {"caller": [], "callee": []})
    on_wire: Counter[str] = field(default_factory=Counter)
    flying: list[tuple[float, int, str, bytes]] = field(default_factory=list)
    again: dict[Transaction, tuple[Response, Retransmission]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def call(self, method: str) -> None:
        self.handle("caller", self.caller.request(request(method), self.now)[1])
        self.run()

    def run(self, until: float = 200.0) -> None:
        """
        Advance from event to event until none is left.
        """
        for _ in range(10_000):
            times = [
                at
                for at in (
                    min((at for at, *_ in self.flying), default=None),
                    self.caller.deadline,
                    self.callee.deadline,
                    min((again.at for _, again in self.again.values()), default=None),
                )
                if at is not None
            ]
            if not times or min(times) > until:
                return
            self.now = min(times)
            self.step()
        raise AssertionError("too many round trips")

    def step(self) -> None:
        arrived = sorted(item for item in self.flying if item[0] <= self.now)
        self.flying = [item for item in self.flying if item[0] > self.now]
        for _, _, side, data in arrived:
            layer = self.caller if side == "caller" else self.callee
            self.handle(side, layer.receive(parse(data), self.now))
        self.handle("caller", self.caller.handle_timers(self.now))
        self.handle("callee", self.callee.handle_timers(self.now))
        for transaction, (response, current) in list(self.again.items()):
            if current.at <= self.now:
                del self.again[transaction]
                self.handle("callee", self.callee.respond(transaction, response, self.now))
                if following := current.following():
                    self.again[transaction] = (response, following)

    def handle(self, side: str, events: list[Event]) -> None:
        for event in events:
            match event:
                case Transmit(message, _):
                    self.send(side, message)
                case RequestReceived(received, transaction, _):
                    self.seen[side].append(received.method)
                    if received.method == "ACK":
                        self.again.clear()
                    elif transaction is not None:
                        self.answer(received, transaction)
                case ResponseReceived(response, _):
                    self.seen[side].append(str(response.status))
                    if response.is_success and response.cseq.method == "INVITE":
                        self.send(side, request("ACK"))
                case TransactionFailed(_, cause, _):
                    self.seen[side].append(cause)

    def answer(self, received: Request, transaction: Transaction) -> None:
        for status in self.answers:
            response = response_to(received, status, "Reason", to_tag="to")
            self.handle("callee", self.callee.respond(transaction, response, self.now))
            if response.is_success and received.method == "INVITE":
                self.again[transaction] = (response, Retransmission.starting(self.now))

    def send(self, side: str, message: Request | Response) -> None:
        self.on_wire[message.label] += 1
        copies = 1 + (self.random.random() < self.duplicates)
        for _ in range(copies):
            if self.random.random() >= self.loss:
                other = "callee" if side == "caller" else "caller"
                item = (self.now + DELAY, self.on_wire.total(), other, message.to_bytes())
                self.flying.append(item)


LOSSES = pytest.mark.parametrize("loss", [0.0, 0.1, 0.3, 0.5])
SEEDS = pytest.mark.parametrize("seed", range(5))


@LOSSES
@SEEDS
def test_a_refused_call_is_seen_once_by_each_side(loss: float, seed: int) -> None:
    """
    INVITE, 486: the user sees neither losses nor duplicates; the layers handle the ACK.
    """
    link = Link(loss=loss, duplicates=0.2, seed=seed, answers=(486,))

    link.call("INVITE")

    assert link.seen["callee"][:1] == ["INVITE"]
    assert link.seen["callee"].count("INVITE") == 1
    assert link.seen["caller"] == ["486"]
    assert link.caller.deadline is None
    assert link.callee.deadline is None


@LOSSES
@SEEDS
def test_an_accepted_call_is_acknowledged_in_the_end(loss: float, seed: int) -> None:
    """
    The callee repeats its 200 until an ACK gets through, and the caller acknowledges each.
    """
    link = Link(loss=loss, duplicates=0.2, seed=seed, answers=(200,))

    link.call("INVITE")

    assert link.seen["callee"].count("INVITE") == 1
    assert "ACK" in link.seen["callee"]
    assert set(link.seen["caller"]) == {"200"}


@LOSSES
@SEEDS
def test_a_bye_is_answered_once(loss: float, seed: int) -> None:
    """
    A non-INVITE request is seen once, and so is its final response.
    """
    link = Link(loss=loss, duplicates=0.2, seed=seed, answers=(200,))

    link.call("BYE")

    assert link.seen == {"caller": ["200"], "callee": ["BYE"]}


def test_without_losses_nothing_is_sent_twice() -> None:
    """
    Only a loss causes a retransmission.
    """
    link = Link(answers=(180, 486))

    link.call("INVITE")

    assert link.on_wire == {"INVITE": 1, "180 Reason": 1, "486 Reason": 1, "ACK": 1}


def test_a_dead_link_is_told_after_64_t1() -> None:
    """
    Everything is lost: 7 INVITEs, then the timeout.
    """
    link = Link(loss=1.0)

    link.call("INVITE")

    assert link.seen == {"caller": ["timeout"], "callee": []}
    assert link.on_wire["INVITE"] == 7
    assert link.now == pytest.approx(32.0)


def test_a_cancel_finds_the_invite_it_is_about() -> None:
    """
    RFC 3261 section 9.2: same branch and sent-by.
    """
    layer = TransactionLayer(reliable=False)
    (received,) = layer.receive(request("INVITE"), 0.0)
    assert isinstance(received, RequestReceived)

    assert layer.invite_of(cancel(request("INVITE"))) is received.transaction
    assert layer.invite_of(cancel(request("INVITE", cseq=2))) is None


def test_a_response_that_nobody_asked_for_is_shown_without_a_transaction() -> None:
    """
    It may be a 2xx whose transaction is over.
    """
    layer = TransactionLayer(reliable=False)
    stray = response_to(request("INVITE"), 200, "OK", to_tag="to")

    assert layer.receive(stray, 0.0) == [ResponseReceived(stray, None)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Call-ID", "other"),
        ("From", "<sip:+15550100@192.0.2.9>;tag=other"),
        ("From", "<sip:+15550100@192.0.2.9>"),
        ("CSeq", "2 INVITE"),
        ("CSeq", "1 BYE"),
        ("Via", "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-other"),
    ],
)
def test_a_response_with_another_identity_is_no_answer(name: str, value: str) -> None:
    """
    RFC 3261 section 8.2.6.2: a response copies all of them. The right one is still awaited.
    """
    layer = TransactionLayer(reliable=False)
    transaction, _ = layer.request(request("INVITE"), 0.0)
    right = response_to(request("INVITE"), 200, "OK", to_tag="to")
    foreign = right.with_headers(right.headers.replacing(name, value))

    assert layer.receive(foreign, 0.1) == [ResponseReceived(foreign, None)]
    assert layer.receive(right, 0.2) == [ResponseReceived(right, transaction)]


def test_a_transport_failure_reaches_every_waiting_transaction() -> None:
    """
    One socket serves them all.
    """
    layer = TransactionLayer(reliable=True)
    one, _ = layer.request(request("INVITE"), 0.0)
    two, _ = layer.request(request("OPTIONS"), 0.0)

    events = layer.transport_failed("closed", 1.0)

    assert events == [
        TransactionFailed(one, "transport", "closed"),
        TransactionFailed(two, "transport", "closed"),
    ]
    assert layer.deadline is None
