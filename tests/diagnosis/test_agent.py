"""
Causes of calls that are not answered, not heard or not ended, told apart by participants in the
room, media and log lines.
"""

from __future__ import annotations

import pytest

from livekit_conformance.catalogue.log_lines import of_server
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.judges.calls import judge_limits
from livekit_conformance.judges.webhooks import judge_call_events
from livekit_conformance.observations import Observation
from livekit_conformance.protocol.dispatch import Terms, Trunk
from livekit_conformance.protocol.webhook_arrival import Arrival
from livekit_conformance.verdict import Verdict
from tests.diagnosis.signs import call, log, record, seen

NOT_ANSWERED = record("1.5-call-is-answered", link="agent")
REFUSED = record("1.5-invite-is-not-rejected", link="agent")
OFFER_REFUSED = record("1.5-invite-is-not-rejected", link="media-offer")
NOT_HEARD = record("1.5-audio-flows-both-ways")
NO_RTP = record("1.5-audio-flows-both-ways", link="media")
ENDED = record("1.5-call-ends-cleanly")


RINGING, ANSWERED = call("kept-ringing"), call("answered", 200, media_unreachable=None)


def room(**changes: object) -> Observation:
    nobody = {
        **dict.fromkeys(("others", "here", "gone", "audio", "silenced", "elsewhere"), 0),
        "staying": 0,
        "muted": False,
        "sent_for": "",
        "jobs": 0,
        "rejected": 0,
        "deployed": True,
    }
    return seen("room", **(nobody | changes))


def media(side: str, **details: object) -> Observation:
    return seen("media", side=side, **details)


def dispatch(**terms: object) -> Observation:
    return seen("dispatch", **terms)


def no_worker(name: str) -> Observation:
    return log(
        "not dispatching agent job since no worker is available",
        service="livekit-server",
        level="info",
        agentName=name,
        jobType="JT_ROOM",
    )


NO_WORKER = no_worker("receptionist")
REFUSED_JOB = log("failed to assign job to worker", service="livekit-server", level="warn")
RANG_OUT = log("SIP call ended", level="info", reason="cannot-subscribe")
TIMED_OUT = log("SIP call ended", level="info", reason="media-timeout")
FULL = log(
    "failed to send job request",
    "no servers available (received 1 responses)",
    service="livekit-server",
    level="info",
    agentName="receptionist",
    jobType="JT_ROOM",
)
SENT_FOR = {"sent_for": "receptionist"}
STAND_IN_ENDED = seen("process", service="agent-stand-in")


@pytest.mark.parametrize(
    ("seen", "cause", "confidence"),
    [
        ([room()], "agent-does-not-come", "likely"),
        ([room(**SENT_FOR)], "no-worker-for-the-agent", "likely"),
        ([room(**SENT_FOR), NO_WORKER], "no-worker-for-the-agent", "certain"),
        ([room(**SENT_FOR), REFUSED_JOB], "worker-refuses-the-job", "certain"),
        ([room(**SENT_FOR), FULL], "worker-refuses-the-job", "certain"),
        ([room(), FULL], "worker-refuses-the-job", "certain"),
        ([room(**SENT_FOR, rejected=1)], "worker-refuses-the-job", "certain"),
        ([room(rejected=1)], "worker-refuses-the-job", "certain"),
        ([room(jobs=1)], "agent-took-the-job-and-stays-away", "certain"),
        ([room(**SENT_FOR, jobs=1)], "agent-took-the-job-and-stays-away", "certain"),
        ([room(others=1, here=1)], "agent-does-not-speak", "certain"),
        ([room(others=1, here=1), STAND_IN_ENDED], "agent-stand-in-ended", "certain"),
        ([room(others=1, here=1, silenced=1)], "agent-may-not-publish", "certain"),
        ([room(others=1, gone=1)], "agent-leaves-before-it-speaks", "certain"),
        ([room(elsewhere=1)], "agent-in-another-room", "likely"),
    ],
)
def test_who_was_seen_while_it_rang_tells_why_nobody_answered(
    seen: list[Observation], cause: str, confidence: str
) -> None:
    (found,) = diagnose([NOT_ANSWERED], [RINGING, *seen])

    assert (found.id, found.confidence, found.link) == (cause, confidence, "agent")


def test_the_agent_of_our_own_rooms_that_nobody_is_has_no_worker_either() -> None:
    (found,) = diagnose([NOT_ANSWERED], [RINGING, room(), no_worker(of_server.NOBODY)])

    assert found.id == "agent-does-not-come"


def test_an_application_that_was_not_told_is_not_blamed() -> None:
    not_delivered = record("1.3-server-delivers-room-events")

    found = diagnose([not_delivered, NOT_ANSWERED], [RINGING, room()])

    assert "agent-does-not-come" not in {cause.id for cause in found}


def test_an_agent_of_ours_that_does_not_come_is_not_the_applications() -> None:
    (found,) = diagnose([NOT_ANSWERED], [RINGING, room(deployed=False)])

    assert found.id == "cause-unknown"


@pytest.mark.parametrize(("lines", "confidence"), [([], "likely"), ([RANG_OUT], "certain")])
def test_a_trunk_that_rings_briefly_is_blamed_and_no_key(
    lines: list[Observation], confidence: str
) -> None:
    trunk = Trunk("ST_1", terms=Terms(ringing_timeout_s=0.001))
    refused = record("1.5-invite-is-not-rejected", link="agent", findings=judge_limits(trunk, 0.04))
    unseen = record("1.1-sip-service-joins-the-server")
    seen = [dispatch(ringing_timeout_s=0.001), call("refused", 486, at_s=0.04), *lines]
    (found,) = diagnose([refused, unseen], seen)

    assert (found.id, found.confidence) == ("ringing-timeout-too-short", confidence)


def test_a_connection_that_the_limit_of_its_call_cut_off_is_not_blamed() -> None:
    trunk = Trunk("ST_1", terms=Terms(max_call_duration_s=0.001))
    limits = judge_limits(trunk, 0.02)
    refused = record("1.5-invite-is-not-rejected", link="agent", findings=limits)
    cut = log("error establishing signal connection", "i/o timeout", level="warn")
    seen = [dispatch(max_call_duration_s=0.001), call("refused", 486, at_s=0.02), cut]
    (found,) = diagnose([refused, record("1.1-sip-service-joins-the-server")], seen)

    assert (found.id, found.confidence) == ("max-call-duration-too-short", "certain")


def test_a_trunk_that_rings_longer_than_the_call_lasted_is_not() -> None:
    seen = [dispatch(ringing_timeout_s=1.0), call("refused", 486, at_s=0.04)]
    (found,) = diagnose([record("1.5-invite-is-not-rejected", link="sip-join")], seen)

    assert found.id == "sip-service-cannot-join"


def test_a_trunk_that_rings_for_long_is_not() -> None:
    (found,) = diagnose([REFUSED], [dispatch(ringing_timeout_s=30.0), call("refused", 486), room()])

    assert found.id == "agent-does-not-come"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("common audio codec not found", "no-common-codec"),
        ("no common encryption profiles", "media-encryption-required"),
        ("failed to listen on udp port", "no-rtp-port-is-free"),
    ],
)
def test_an_offer_that_was_refused_is_explained_by_the_log(error: str, cause: str) -> None:
    refusal = log("Cannot start media", level="warn", error=error)
    (found,) = diagnose([OFFER_REFUSED], [call("refused", 400), refusal])

    assert (found.id, found.confidence) == (cause, "certain")


def test_an_offer_that_was_refused_for_the_terms_of_the_trunk_is_likely_only() -> None:
    (found,) = diagnose([OFFER_REFUSED], [call("refused", 400), dispatch(only_codecs="G722")])

    assert (found.id, found.confidence) == ("no-common-codec", "likely")


def test_media_at_an_address_of_nobody_is_not_told_as_a_firewall() -> None:
    answered = call("answered", 200, media_unreachable="it is a private address")
    counted = media("livekit-sip", packets=0, sent=50)

    (found,) = diagnose([NOT_HEARD], [answered, counted, media("agent", level=0.0), TIMED_OUT])

    assert (found.id, found.confidence) == ("media-address-is-unreachable", "certain")


@pytest.mark.parametrize(
    ("seen", "confidence"),
    [
        (media("livekit-sip", packets=0, sent=50), "certain"),
        (TIMED_OUT, "certain"),
        (media("agent", level=0.0), "likely"),
    ],
)
def test_rtp_that_does_not_come_in_is_told_by_any_witness(
    seen: Observation, confidence: str
) -> None:
    (found,) = diagnose([NOT_HEARD], [ANSWERED, seen])

    assert (found.id, found.confidence) == ("no-rtp-from-the-caller", confidence)


def test_rtp_that_came_in_is_not_the_network() -> None:
    counted = media("livekit-sip", packets=50, sent=50)
    (found,) = diagnose([NOT_HEARD], [ANSWERED, counted, media("agent", level=0.0)])

    assert found.id == "cause-unknown"


@pytest.mark.parametrize(
    ("counted", "confidence"),
    [([], "likely"), ([media("livekit-sip", packets=50, sent=50)], "certain")],
)
def test_rtp_that_does_not_come_out_is_certain_when_livekit_sip_sent_it(
    counted: list[Observation], confidence: str
) -> None:
    (found,) = diagnose([NO_RTP], [ANSWERED, media("caller", packets=0), *counted])

    assert (found.id, found.confidence) == ("no-rtp-to-the-caller", confidence)


def test_a_muted_agent_is_named() -> None:
    seen = [ANSWERED, room(others=1, here=1, audio=1, muted=True)]
    (found,) = diagnose([NOT_HEARD], seen)

    assert (found.id, found.confidence) == ("agent-is-muted", "certain")


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        (
            [
                dispatch(max_call_duration_s=1.0),
                seen("call-end", by="them", after_s=0.4),
            ],
            "max-call-duration-too-short",
        ),
        ([seen("call-end", by="them", after_s=0.4)], "cause-unknown"),
    ],
)
def test_a_call_that_ends_wrongly_is_explained_or_said_to_be_unknown(
    seen: list[Observation], cause: str
) -> None:
    (found,) = diagnose([ENDED], [ANSWERED, *seen])

    assert found.id == cause


@pytest.mark.parametrize(
    ("arrived", "cause"),
    [
        (["room_started", "participant_left"], "agent-stays-after-the-call"),
        (["participant_left", "room_started", "room_finished"], "cause-unknown"),
    ],
)
def test_an_agent_that_stays_is_blamed_only_where_the_room_did_not_end(
    arrived: list[str], cause: str
) -> None:
    came = [Arrival(0.0, {"event": event, "id": event}, "", None) for event in arrived]
    findings = judge_call_events(came, caller="")
    events = record("1.3-call-events-arrive-in-order", findings=findings)

    (found,) = diagnose([events], [ANSWERED, room(others=1, here=1, audio=1, staying=1)])

    assert found.id == cause


def test_a_webrtc_connection_that_fails_explains_the_caller_and_the_participant() -> None:
    joins = record("1.1-participant-joins", Verdict.BLOCKED, "webrtc")
    caller = record("1.1-sip-service-joins-the-server")
    failed = log(
        "Cannot create LiveKit participant", error="could not connect after timeout", level="error"
    )

    (found,) = diagnose([joins, caller], [call("refused", 486), room(), failed])

    assert (found.id, found.confidence) == ("webrtc-cannot-connect", "certain")
    assert found.checks == (joins.id, caller.id)
