"""
The four transactions on a manual clock: states, timers, retransmissions.
"""

import pytest

from livekit_conformance.protocol.sip.dialog import new_request, response_to
from livekit_conformance.protocol.sip.message import NameAddr, Request, Response, Via
from livekit_conformance.protocol.sip.transaction import (
    Deliver,
    Failed,
    Output,
    Send,
    Timing,
    Transaction,
    TransactionState,
    ack_for_failure,
    client_key,
    server_key,
    start_client,
    start_server,
)

T1, T2, T4 = 0.5, 4.0, 5.0


def request(method: str) -> Request:
    return new_request(
        method,
        "sip:+15550123@192.0.2.1",
        via=Via.parse("SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-1"),
        caller=NameAddr("sip:+15550100@192.0.2.9").with_tag("from"),
        callee=NameAddr("sip:+15550123@192.0.2.1"),
        call_id="call-1",
        cseq=1,
    )


def response(status: int, method: str = "INVITE") -> Response:
    return response_to(request(method), status, "Reason", to_tag="to")


def client(method: str, *, reliable: bool = False) -> Transaction:
    transaction, outputs = start_client(request(method), 0.0, reliable=reliable)
    assert outputs == [Send(request(method))]
    return transaction


def server(method: str, *, reliable: bool = False) -> Transaction:
    return start_server(request(method), 0.0, reliable=reliable)


def run_out(transaction: Transaction, until: float = 1000.0) -> list[tuple[float, Output]]:
    """
    Run the clock from deadline to deadline, and return the events with their times.
    """
    seen: list[tuple[float, Output]] = []
    for _ in range(1000):
        now = transaction.deadline
        if now is None or now > until:
            return seen
        seen += [(now, output) for output in transaction.handle_timers(now)]
    raise AssertionError("the timers never come to rest")


def sent_at(seen: list[tuple[float, Output]]) -> list[float]:
    return [at for at, output in seen if isinstance(output, Send)]


def test_an_unanswered_invite_is_repeated_at_doubling_intervals_until_timer_b() -> None:
    """
    RFC 3261 section 17.1.1.2: after 0.5, 1, 2, 4, 8, 16 s more; at 64*T1 the user gets a timeout.
    """
    transaction = client("INVITE")

    seen = run_out(transaction)

    assert sent_at(seen) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert seen[-1] == (32.0, Failed("timeout", "timer B fired after 32 s"))
    assert transaction.state is TransactionState.TERMINATED


def test_an_unanswered_request_is_repeated_at_intervals_up_to_t2_until_timer_f() -> None:
    """
    RFC 3261 section 17.1.2.2: 0.5, 1, 2, then every 4 s.
    """
    seen = run_out(client("OPTIONS"))

    assert sent_at(seen) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert seen[-1] == (32.0, Failed("timeout", "timer F fired after 32 s"))


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_over_a_reliable_transport_nothing_is_repeated(method: str) -> None:
    """
    Timers A and E do not run; B and F do.
    """
    seen = run_out(client(method, reliable=True))

    assert sent_at(seen) == []
    assert [at for at, _ in seen] == [32.0]


def test_a_provisional_response_stops_the_invite() -> None:
    """
    In Proceeding no timer runs: it may ring indefinitely.
    """
    transaction = client("INVITE")

    assert transaction.receive(response(180), 0.1) == [Deliver(response(180))]
    assert transaction.deadline is None
    assert transaction.receive(response(180), 9.0) == [Deliver(response(180))]


def test_a_provisional_response_slows_other_requests_down_to_t2() -> None:
    """
    RFC 3261 section 17.1.2.2: in Proceeding, timer E is reset to T2.
    """
    transaction = client("OPTIONS")
    transaction.receive(response(100, "OPTIONS"), 0.1)

    assert sent_at(run_out(transaction, until=13.0)) == [0.5, 4.5, 8.5, 12.5]


def test_a_failure_is_acknowledged_each_time_and_shown_once() -> None:
    """
    RFC 3261 section 17.1.1.2, state Completed: retransmissions get the ACK again.
    """
    transaction = client("INVITE")
    refusal = response(503)

    first = transaction.receive(refusal, 1.0)
    second = transaction.receive(refusal, 1.5)

    ack = ack_for_failure(request("INVITE"), refusal)
    assert first == [Send(ack), Deliver(refusal)]
    assert second == [Send(ack)]
    assert run_out(transaction) == []
    assert transaction.state is TransactionState.TERMINATED


def test_the_ack_of_a_failure_belongs_to_the_transaction_of_the_invite() -> None:
    """
    RFC 3261 section 17.1.1.3: same branch, Request-URI and CSeq number; To of the response.
    """
    ack = ack_for_failure(request("INVITE"), response(486))

    assert (ack.method, ack.uri, str(ack.cseq)) == ("ACK", request("INVITE").uri, "1 ACK")
    assert ack.via == request("INVITE").via
    assert ack.to.tag == "to"
    assert server_key(ack) == server_key(request("INVITE"))


def test_every_2xx_is_shown_for_64_t1() -> None:
    """
    RFC 6026 section 7.2: the user acknowledges each; timer M ends it.
    """
    transaction = client("INVITE")

    for at in (1.0, 1.5, 2.5):
        assert transaction.receive(response(200), at) == [Deliver(response(200))]
    assert transaction.state is TransactionState.ACCEPTED
    assert transaction.deadline == 33.0
    assert transaction.handle_timers(33.0) == []
    assert transaction.terminated


def test_late_finals_of_other_requests_are_absorbed_for_t4() -> None:
    """
    RFC 3261 section 17.1.2.2: timer K.
    """
    transaction = client("BYE")

    assert transaction.receive(response(200, "BYE"), 1.0) == [Deliver(response(200, "BYE"))]
    assert transaction.receive(response(200, "BYE"), 1.5) == []
    assert transaction.deadline == 1.0 + T4


@pytest.mark.parametrize(
    ("method", "status", "state"),
    [("INVITE", 486, TransactionState.COMPLETED), ("OPTIONS", 200, TransactionState.COMPLETED)],
)
def test_over_a_reliable_transport_nobody_lingers(
    method: str, status: int, state: TransactionState
) -> None:
    """
    Timers D and K take no time where no copies can arrive.
    """
    transaction = client(method, reliable=True)
    transaction.receive(response(status, method), 1.0)

    assert (transaction.state, transaction.deadline) == (state, 1.0)
    transaction.handle_timers(1.0)
    assert transaction.terminated


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_transport_error_ends_a_client_transaction(method: str) -> None:
    """
    RFC 3261 section 17.1.4: the user is informed at once.
    """
    transaction = client(method)

    assert transaction.transport_failed("refused", 0.1) == [Failed("transport", "refused")]
    assert transaction.terminated


def test_a_request_that_lost_its_interest_is_not_repeated_and_still_takes_answers() -> None:
    """
    `stop_retransmitting` leaves the transaction alive.
    """
    transaction = client("INVITE")
    transaction.stop_retransmitting()

    assert sent_at(run_out(transaction, until=31.0)) == []
    assert transaction.receive(response(180), 31.0) == [Deliver(response(180))]


def test_a_repeated_invite_gets_the_last_provisional_again() -> None:
    """
    RFC 3261 section 17.2.1, state Proceeding; before there is one, nothing is sent.
    """
    transaction = server("INVITE")

    assert transaction.receive(request("INVITE"), 0.1) == []
    assert transaction.respond(response(180), 0.2) == [Send(response(180))]
    assert transaction.receive(request("INVITE"), 0.5) == [Send(response(180))]


def test_a_failure_is_repeated_until_the_ack() -> None:
    """
    RFC 3261 section 17.2.1: timer G doubles up to T2; the ACK silences it, timer I ends it.
    """
    transaction = server("INVITE")
    transaction.respond(response(486), 0.0)

    assert sent_at(run_out(transaction, until=12.0)) == [0.5, 1.5, 3.5, 7.5, 11.5]
    ack = ack_for_failure(request("INVITE"), response(486))
    assert transaction.receive(ack, 12.0) == []
    assert (transaction.state, transaction.deadline) == (TransactionState.CONFIRMED, 12.0 + T4)
    assert transaction.receive(ack, 12.5) == []
    assert run_out(transaction) == []
    assert transaction.terminated


def test_a_failure_that_is_never_acknowledged_is_told() -> None:
    """
    RFC 3261 section 17.2.1: timer H.
    """
    transaction = server("INVITE")
    transaction.respond(response(486), 0.0)

    assert run_out(transaction)[-1] == (32.0, Failed("timeout", "timer H fired after 32 s"))


def test_an_accepted_invite_absorbs_its_copies_and_shows_the_ack() -> None:
    """
    RFC 6026 section 7.1: the user repeats its 2xx, the transaction waits for timer L.
    """
    transaction = server("INVITE")
    assert transaction.respond(response(200), 0.0) == [Send(response(200))]

    assert transaction.receive(request("INVITE"), 0.5) == []
    assert transaction.respond(response(200), 0.5) == [Send(response(200))]
    ack = ack_for_failure(request("INVITE"), response(200))
    assert transaction.receive(ack, 1.0) == [Deliver(ack)]
    assert transaction.respond(response(486), 1.5) == []
    assert run_out(transaction) == []
    assert transaction.terminated


def test_a_repeated_request_gets_its_final_response_again_until_timer_j() -> None:
    """
    RFC 3261 section 17.2.2.
    """
    transaction = server("BYE")
    assert transaction.receive(request("BYE"), 0.1) == []
    transaction.respond(response(200, "BYE"), 0.2)

    assert transaction.receive(request("BYE"), 0.5) == [Send(response(200, "BYE"))]
    assert transaction.respond(response(500, "BYE"), 0.6) == []
    assert transaction.deadline == pytest.approx(32.2)
    transaction.handle_timers(32.2)
    assert transaction.terminated


def test_a_transport_error_does_not_end_an_invite_server() -> None:
    """
    RFC 6026: the user is informed, and the state stays, because the ACK may still come.
    """
    transaction = server("INVITE")

    assert transaction.transport_failed("gone", 0.1) == [Failed("transport", "gone")]
    assert transaction.state is TransactionState.PROCEEDING


def test_other_timings_scale_all_timers() -> None:
    """
    T1 is a parameter, as the RFC allows for networks whose round trip is known.
    """
    transaction, _ = start_client(request("INVITE"), 0.0, reliable=False, timing=Timing(t1=0.01))

    assert run_out(transaction)[-1][0] == pytest.approx(0.64)


def test_a_late_clock_fires_each_timer_once() -> None:
    """
    A process that was suspended for three retransmissions does not send a volley.
    """
    transaction = client("INVITE")

    assert transaction.handle_timers(10.0) == [Send(request("INVITE"))]


def test_responses_and_cancels_find_their_own_transaction() -> None:
    """
    RFC 3261 section 17.1.3: CANCEL has the branch of its INVITE, but another CSeq method.
    """
    assert client_key(response(180)) == client_key(request("INVITE"))
    assert client_key(response(200, "CANCEL")) != client_key(request("INVITE"))
    assert server_key(request("CANCEL")) != server_key(request("INVITE"))
