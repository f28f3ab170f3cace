"""
Timeline of a call from observations: the steps that belong to it, their order, and its end.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.catalogue.milestones import Milestone
from livekit_conformance.timeline.ladder import WIDTH, as_text
from livekit_conformance.timeline.model import as_json
from livekit_conformance.timeline.story import timelines
from livekit_conformance.wording import LANGUAGES
from tests.observed import observed
from tests.timeline.witnesses import (
    BEGAN,
    CALL,
    CALLER,
    ROOM,
    ended,
    healthy,
    line,
    of_server,
    of_sip,
    sip,
    webhook,
)

WHOLE_STORY = [
    ("INVITE", Lane.CALLER, Lane.SIP),
    ('"processing invite"', Lane.SIP, Lane.SIP),
    ("100 Processing", Lane.SIP, Lane.CALLER),
    ('"Starting SIP invite authentication"', Lane.BUS, Lane.SIP),
    ("407 Unauthorized", Lane.SIP, Lane.CALLER),
    ("ACK", Lane.CALLER, Lane.SIP),
    ("INVITE", Lane.CALLER, Lane.SIP),
    ('"SIP invite authentication successful"', Lane.SIP, Lane.SIP),
    ('"Joining room"', Lane.SIP, Lane.SERVER),
    ('"starting RTC session"', Lane.SERVER, Lane.SERVER),
    ("room_started", Lane.SERVER, Lane.ENDPOINT),
    ("180 Ringing", Lane.SIP, Lane.CALLER),
    ('"SIP participant joined room"', Lane.SERVER, Lane.SIP),
    ("participant_joined", Lane.SERVER, Lane.ENDPOINT),
    ("track_published", Lane.SERVER, Lane.ENDPOINT),
    ('"Accepting the call"', Lane.SIP, Lane.SIP),
    ("200 OK", Lane.SIP, Lane.CALLER),
    ("ACK", Lane.CALLER, Lane.SIP),
    ("BYE", Lane.CALLER, Lane.SIP),
    ("200 OK", Lane.SIP, Lane.CALLER),
    ("participant_left", Lane.SERVER, Lane.ENDPOINT),
]


def story(*seen):
    (told,) = timelines(seen)
    return told


def labels(told):
    return [step.label.strip('"') for step in told.steps]


def test_all_witnesses_of_a_call_make_one_story_in_order():
    told = story(*healthy())

    assert [(s.label, s.source, s.target) for s in told.steps] == WHOLE_STORY
    assert told.stop is None
    assert (told.call, told.rooms, told.began) == (CALL, (ROOM,), BEGAN)
    assert told.steps[6].detail == "sip:+15550123@127.0.0.1 with credentials"
    assert not any(step.is_problem for step in told.steps)


def test_a_sip_message_is_known_by_its_own_text_and_not_by_our_summary_of_it():
    seen = [replace(o, summary="a message") if o.kind == "sip" else o for o in healthy()]

    told = story(*seen)

    assert [(s.label, s.source, s.target) for s in told.steps] == WHOLE_STORY
    assert told.clocks == story(*healthy()).clocks


offsets = st.floats(-7200, 7200)


@given(sip_ahead=offsets, server_ahead=offsets)
def test_the_order_is_the_same_whatever_the_clocks_of_the_services_show(sip_ahead, server_ahead):
    told = story(*healthy(sip_ahead=sip_ahead, server_ahead=server_ahead))
    at = {step.label.strip('"'): step.at_s for step in reversed(told.steps)}

    for cause, effect in (
        ("INVITE", "processing invite"),
        ("processing invite", "100 Processing"),
        ("Joining room", "starting RTC session"),
        ("starting RTC session", "SIP participant joined room"),
        ("Accepting the call", "200 OK"),
    ):
        assert at[cause] <= at[effect] + 1e-5
    for clock, truth in (("livekit-sip", sip_ahead), ("livekit-server", server_ahead)):
        offset = told.clocks.offsets[clock]
        assert offset.low - 1e-5 <= truth <= offset.high + 1e-5
        if abs(truth) > 0.01:
            assert offset.applied == pytest.approx(truth, abs=0.01)
            assert f"The clock of {clock} is {abs(offset.applied):.3f} s" in as_text(told, "en")


def test_a_clock_without_an_exact_witness_is_read_from_the_header_date():
    details = {
        "url": "http://127.0.0.1:7880/twirp/livekit.RoomService/ListRooms",
        "status": 200,
        "duration_s": 0.01,
        "date": "Fri, 15 Jan 2027 08:10:00 GMT",
    }
    told = story(
        sip(0.0, ">INVITE"), observed(BEGAN + 0.1, "http", "POST", details), ended(1.0, "x")
    )

    offset = told.clocks.offsets["livekit-server"]
    assert (offset.low, offset.high) == pytest.approx((599.9, 600.91), abs=1e-3)


def test_lines_of_other_calls_and_rooms_stay_out():
    strangers = [
        line(0.02, "livekit-sip", "Joining room", callID="SCL_x", sipCallID="x", room="other"),
        line(0.03, "livekit-server", "participant active", room="other", participant=CALLER),
        webhook(0.03, "participant_joined", CALLER, room="other"),
        # The same room, hours later.
        of_server(9000.0, "participant active", participant="somebody"),
        line(0.02, "livekit-sip", "redis: pool: failed", level=None, kind="log"),
    ]

    assert [s.label for s in story(*healthy(), *strangers).steps] == [w[0] for w in WHOLE_STORY]


def test_the_probe_call_is_told_first_and_calls_can_be_chosen():
    other = ended(9.0, "refused", purpose="wrong password", call="x")
    seen = [other, sip(8.0, ">INVITE", call="x"), *healthy()]

    assert [told.purpose for told in timelines(seen)] == ["probe", "wrong password"]
    (told,) = timelines(seen, of=lambda o: o is other)
    assert labels(told) == ["INVITE"]


START = [sip(0.0, ">INVITE"), sip(0.002, "<100 Processing")]
CHALLENGED = [*START, sip(0.01, "<407 Unauthorized"), sip(0.02, ">INVITE")]
RINGING = [*CHALLENGED, sip(0.03, "<180 Ringing")]
JOINING = [*RINGING, of_sip(0.04, "Joining room", room=ROOM, participant=CALLER)]
JOINED = [*JOINING, webhook(0.06, "participant_joined", CALLER)]
SPEAKS = [*JOINED, webhook(0.1, "track_published", "agent")]
ANSWERED = [*SPEAKS, sip(0.2, "<200 OK")]


def heard(packets):
    details = {"call": CALL, "side": "caller", "packets": packets}
    return observed(BEGAN + 1.2, "media", f"the caller heard {packets} packets", details)


def counted(packets):
    told = f"{packets} RTP packets from the caller, sent it 50"
    details = {"call": CALL, "side": "livekit-sip", "packets": packets, "heard": told}
    return observed(BEGAN + 1.3, "media", f"livekit-sip got {told}", details)


@pytest.mark.parametrize(("at", "is_told"), [(1.0, True), (2.1, False)])
def test_a_connection_that_ends_with_the_call_did_not_break(at, is_told):
    torn = of_server(at, "error writing to websocket", level="warn", error="reset by peer")
    told = story(*ANSWERED, sip(2.0, ">BYE", method="BYE"), torn, ended(3.0, ""))

    assert ("error writing to websocket" in labels(told)) == is_told


def test_what_livekit_sip_counted_stands_in_its_own_lane():
    told = story(*ANSWERED, counted(7), ended(2.0, ""))

    (step,) = [step for step in told.steps if step.label == "counted"]
    assert (step.source, step.target) == (Lane.SIP, Lane.SIP)
    assert step.detail.startswith("7 RTP packets from the caller")
    assert not step.is_problem


@pytest.mark.parametrize(
    ("seen", "missing"),
    [
        ([sip(0.0, ">INVITE")], Milestone.TRYING),
        (START, Milestone.TRUNK),
        ([*START, sip(1.0, "<503 Try again later")], Milestone.TRUNK),
        (CHALLENGED, Milestone.CREDENTIALS),
        ([*CHALLENGED, sip(0.03, "<401 Unauthorized")], Milestone.CREDENTIALS),
        (RINGING, Milestone.DISPATCHED),
        ([*START, sip(0.01, "<180 Ringing")], Milestone.DISPATCHED),
        ([*RINGING, sip(1.0, "<503 Try again later")], Milestone.DISPATCHED),
        # Without any log: a failed join ends in 486.
        ([*RINGING, sip(0.05, "<486 Rejected")], Milestone.JOINED),
        (JOINING, Milestone.JOINED),
        ([*RINGING, webhook(0.05, "room_started")], Milestone.JOINED),
        (JOINED, Milestone.AGENT),
        ([*JOINED, webhook(0.1, "track_published", CALLER)], Milestone.AGENT),
        # The caller has given up and left.
        ([*JOINED, webhook(0.3, "participant_left", CALLER)], Milestone.AGENT),
        (SPEAKS, Milestone.ANSWERED),
        ([*ANSWERED, heard(0)], Milestone.AUDIO),
        # livekit-sip receiving the caller's audio does not prove audio to the caller.
        ([*ANSWERED, heard(0), counted(50)], Milestone.AUDIO),
        ([*ANSWERED, heard(50), sip(2.0, ">BYE", method="BYE")], Milestone.HUNG_UP),
        (ANSWERED, Milestone.LEFT),
        ([*ANSWERED, webhook(2.0, "participant_left", CALLER)], None),
        # No source that could have observed the caller leaving.
        ([*RINGING, sip(0.2, "<200 OK")], None),
    ],
)
def test_a_story_stops_at_the_first_step_that_did_not_come(seen, missing):
    # Observations without a call id are matched by this one's room.
    where = {"call": CALL, "room": ROOM, "identity": CALLER, "sid": "PA_own"}
    told = story(*seen, observed(BEGAN + 0.1, "caller", "found", where), ended(2.0, ""))

    assert (told.stop and told.stop.missing) == missing
    assert ("THE STORY STOPS HERE" in as_text(told, "en")) == (missing is not None)


def test_the_stop_stands_before_the_refusal_that_follows_from_it():
    told = story(
        *JOINING,
        of_sip(0.05, "Cannot create LiveKit participant", level="error", error="unauthorized"),
        sip(0.06, "<486 Rejected"),
        sip(0.07, ">ACK", method="ACK"),
        ended(0.06, "refused"),
    )

    assert told.stop is not None
    assert labels(told)[told.stop.before :] == ["486 Rejected", "ACK"]
    problems = [step.label.strip('"') for step in told.steps if step.is_problem]
    assert problems == ["Cannot create LiveKit participant", "486 Rejected"]


def test_the_reason_behind_a_long_url_is_told():
    url = f'Get "http://127.0.0.1:1/rtc/validate?version=2&attributes={"x" * 300}": refused'
    failed = of_sip(0.05, "error getting validation", level="warn", error=url)

    (step,) = (step for step in story(*JOINING, failed, ended(1.0)).steps if step.is_problem)

    assert step.detail == 'error=Get "http://127.0.0.1:1/rtc/validate?...": refused'


def test_a_refused_join_that_names_no_call_is_known_by_its_time():
    fields = {"level": "warn", "status": 401, "error": "invalid token"}
    refused = line(0.05, "livekit-server", "error handling request", path="/rtc", **fields)
    before = line(-5.0, "livekit-server", "error handling request", path="/rtc", **fields)
    validated = line(
        0.06, "livekit-server", "error handling request", path="/rtc/validate", **fields
    )

    told = story(*JOINING, refused, before, validated, ended(1.0, "refused"))

    (step,) = (step for step in told.steps if "error handling" in step.label)
    assert (step.at_s, step.source, step.target) == (0.05, Lane.SIP, Lane.SERVER)


def poll(at, name="ListRooms", status=200, took=0.01, **more):
    url = f"http://127.0.0.1:7880/twirp/livekit.RoomService/{name}"
    details = {"url": url, "status": status, "duration_s": took, **more}
    return observed(BEGAN + at, "http", f"POST {name}", details)


def test_repetitions_are_told_once_with_their_number():
    ringing = [sip(number + 0.5, "<180 Ringing") for number in range(4)]
    polls = [poll(number + 0.1) for number in range(4)]

    told = story(*START, *ringing, *polls, poll(0.9, status=None, took=0.002), ended(6.0, ""))

    counted = {step.label: (step.times, step.until_s) for step in told.steps}
    assert counted["180 Ringing"] == (4, 3.5)
    assert counted["ListRooms -> 200"] == (4, pytest.approx(3.09))
    assert "(4 times, last at 3.500 s)" in as_text(told, "en")
    assert len(told.steps) == 4


def test_an_api_that_fails_during_the_call_is_a_problem():
    told = story(*START, poll(2.0, status=None, took=1.5, error="no answer in time"), ended(6.0))

    assert [s.label for s in told.steps if s.is_problem] == ["ListRooms -> no answer in time"]


def test_a_message_that_could_not_be_sent_is_told():
    refused = observed(BEGAN + 0.1, "sip", "!! Connection refused", {"text": "refused"})

    told = story(sip(0.0, ">INVITE"), refused, ended(1.0, "silence"))

    assert [(s.label, s.source, s.is_problem) for s in told.steps][1:] == [
        ("refused", Lane.CALLER, True)
    ]


def test_what_was_known_before_the_call_comes_first():
    channel = "IOInfo|GetSIPTrunkAuthentication|REQ"
    seen = [
        observed(BEGAN - 9.0, "bus", f"1 on {channel}", {"channel": channel, "subscribers": 1}),
        observed(BEGAN - 2.0, "bus", f"0 on {channel}", {"channel": channel, "subscribers": 0}),
        observed(BEGAN - 1.0, "dispatch", "the choice", {"called": "+15550123", "rule": None}),
        observed(BEGAN - 0.5, "dispatch", "of another", {"called": "+15550199"}),
    ]

    told = story(*seen, *START, ended(1.0))

    assert labels(told) == [f"0 on {channel}", "configured:", "INVITE", "100 Processing"]
    assert [step.is_problem for step in told.steps] == [True, True, False, False]


def test_an_outbound_call_begins_with_the_request_for_it():
    url = "http://127.0.0.1:7880/twirp/livekit.SIP/CreateSIPParticipant"
    asked = {"url": url, "status": 200, "duration_s": 0.1}
    own = {"participant": "callee", "room": ROOM}
    seen = [
        sip(0.0, "<INVITE"),
        sip(0.01, ">200 OK"),
        sip(0.02, "<ACK", method="ACK"),
        observed(BEGAN + 0.05, "http", "POST", asked),
        ended(0.05, is_outbound=True, final_at_s=0.1, room=ROOM),
        # From here on one line has both ids.
        of_sip(0.03, "Outbound SIP call established", **own),
        line(-0.04, "livekit-sip", "Creating SIP participant", callID="SCL_own", **own),
    ]

    told = story(*seen)

    assert labels(told) == [
        "CreateSIPParticipant",
        "Creating SIP participant",
        "INVITE",
        "200 OK",
        "ACK",
        "Outbound SIP call established",
        "CreateSIPParticipant -> 200",
    ]
    assert told.stop is None


def test_an_outbound_call_whose_invite_never_came_stops_there():
    asked = {
        "url": "http://127.0.0.1:7880/twirp/livekit.SIP/CreateSIPParticipant",
        "status": 503,
        "duration_s": 1.0,
        "body": '{"code":"unavailable","msg":"no response from servers","meta":{}}',
    }
    told = story(
        observed(BEGAN + 1.0, "http", "POST", asked),
        ended(1.0, "unavailable", is_outbound=True, call=None, room=ROOM),
    )

    assert [step.detail for step in told.steps] == ["", "no response from servers"]
    assert told.stop is not None
    assert told.stop.missing is Milestone.TAKEN


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ladder_fits_a_terminal_and_each_arrow_ends_where_it_should(language):
    long = of_sip(0.05, "Something new", level="error", error="x" * 400 + " " + "words " * 90)
    told = story(*healthy(sip_ahead=3.2, server_ahead=-90.0), long)

    lines = as_text(told, language).splitlines()

    assert max(map(len, lines)) <= WIDTH
    (joining,) = (text for text in lines if '"Joining room"' in text)
    assert "|      |------+----->|      |      |" in joining
    (left,) = (text for text in lines if "participant_left" in text)
    assert "|      |      |      |----->|      |" in left
    (answer,) = (text for text in lines if "200 OK to BYE" in text)
    assert "|<-----|      |      |      |      |" in answer
    assert not any("{" in text for text in lines)


def test_the_data_of_a_timeline_are_plain_json():
    told = story(*START, of_sip(-5.0, "processing invite"), ended(1.0, "trying-only"))

    content = json.loads(json.dumps(as_json(told), allow_nan=False))

    assert content["stop"]["missing"] == "trunk"
    assert set(content["stop"]["text"]) == set(LANGUAGES)
    assert content["steps"][0]["source"] == "caller"
    offset = content["clocks"]["livekit-sip"]
    assert (offset["low_s"], offset["high_s"]) == pytest.approx((-5.002, -5.0))
    assert math.isfinite(offset["applied_s"])


def test_a_run_without_a_call_has_no_story():
    assert timelines([poll(0.0)]) == ()
