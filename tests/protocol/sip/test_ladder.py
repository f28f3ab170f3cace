"""
The ladder of a call, in readable form.
"""

from livekit_conformance.protocol.sip.ladder import (
    CallSummary,
    LadderStep,
    draw,
    repeated,
    round_trip_s,
)


def test_a_ladder_is_drawn_with_times_arrows_and_labels() -> None:
    """
    One line for each message.
    """
    steps = [
        LadderStep(0.0, "sent", "INVITE", ""),
        LadderStep(1.004, "received", "503 Try", "", 503),
    ]

    assert draw(steps) == "   0.000 s  -> INVITE\n   1.004 s  <- 503 Try"


def test_a_summary_tells_the_story_in_one_line() -> None:
    """
    Provisional statuses, the final response with its delay, and the problem, if any.
    """
    refused = CallSummary(
        answered=False,
        cancelled=False,
        final_status=503,
        final_reason="Try again later",
        final_at_s=1.004,
        provisional=(100, 180),
        challenges=0,
    )
    silent = CallSummary(
        answered=False,
        cancelled=False,
        final_status=None,
        final_reason=None,
        final_at_s=None,
        provisional=(),
        challenges=0,
        problem="no answer at all within 8 s",
    )

    assert str(refused) == "100, 180, 503 Try again later after 1.00 s"
    assert str(silent) == "no answer at all within 8 s"


def test_what_comes_again_at_once_was_doubled_by_a_network():
    doubled = [step(0.01 * n, "received", text) for n, text in enumerate(("100", "180") * 2)]
    by_chance = [step(0.01, "received", "100"), step(0.03, "received", "100")]
    retransmitted = [step(0.01, "received", "180"), step(1.01, "received", "180")]
    other = [step(0.01, "received", "180"), step(0.02, "received", "180 to another")]

    assert repeated(doubled) == 2
    assert repeated(by_chance) == 0
    assert repeated(retransmitted) == 0
    assert repeated(other) == 0


def test_what_was_sent_in_time_and_read_late_was_not_doubled():
    ringing = [0.0, 1.2, 2.3, 4.61, 7.99, 8.18, 8.19, 8.87, 8.871, 9.4, 13.45, 13.46]
    doubled = [second + late for second in range(8) for late in (0.0, 0.001)]

    assert repeated([step(at_s, "received", "180") for at_s in ringing]) == 0
    assert repeated([step(at_s, "received", "180") for at_s in doubled]) == 8


def test_what_answers_a_request_that_we_repeated_was_not_doubled():
    steps = [
        step(0.0, "sent", "INVITE"),
        step(0.5, "sent", "INVITE"),
        step(0.52, "received", "100"),
        step(0.53, "received", "100"),
    ]

    assert repeated(steps) == 0


def test_an_ack_that_we_repeat_hides_no_copy():
    refused = [("received", "407"), ("sent", "ACK")]
    steps = [step(0.01 * n, *each) for n, each in enumerate(refused * 3)]

    assert repeated(steps) == 2


def step(at_s, direction, text):
    return LadderStep(at_s, direction, text, text)


def test_a_round_trip_is_the_shortest_wait_for_a_response() -> None:
    """
    A response to an earlier request does not count, and an ACK is never answered.
    """
    steps = [
        LadderStep(0.0, "sent", "INVITE", ""),
        LadderStep(0.05, "received", "407", "", 407),
        LadderStep(0.051, "sent", "ACK", ""),
        LadderStep(0.052, "received", "100", "", 100),
        LadderStep(1.0, "received", "BYE", ""),
        LadderStep(2.0, "sent", "BYE", ""),
        LadderStep(2.08, "received", "200", "", 200),
    ]

    assert round_trip_s(steps) == 0.05
    assert round_trip_s([]) == 0.0
