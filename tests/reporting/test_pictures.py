"""
The pictures of report.html: shapes, colours, and the same information as text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from livekit_conformance.catalogue.log_lines import Lane
from livekit_conformance.catalogue.milestones import MISSING, Milestone
from livekit_conformance.observations import CallQuality
from livekit_conformance.reporting.pictures.ladder import ladder
from livekit_conformance.reporting.pictures.quality_bar import quality_bar
from livekit_conformance.reporting.pictures.time_bar import time_bar
from livekit_conformance.reporting.pictures.trend_chart import trend_chart
from livekit_conformance.reporting.result.trend import Point
from livekit_conformance.timeline.model import Moment, Step, Stop, Timeline
from livekit_conformance.wording import LANGUAGES
from tests.reporting import runs

SVG = "{http://www.w3.org/2000/svg}"
CALL = Timeline(
    "call",
    "probe",
    "refused",
    0.0,
    steps=(
        Step(0.0, Lane.CALLER, Lane.SIP, "INVITE", moment=Moment.INVITED),
        Step(0.01, Lane.SIP, Lane.SIP, '"a note"', "<of> & one"),
        Step(0.1, Lane.SIP, Lane.CALLER, "100 Trying", moment=Moment.TRYING),
        Step(0.5, Lane.SIP, Lane.CALLER, "486 Busy Here", is_problem=True),
    ),
    stop=Stop(Milestone.JOINED, 3, Lane.SERVER),
)
QUALITY = CallQuality(
    1.0,
    "",
    call="call",
    r=92.0,
    mos=4.38,
    expected=50,
    lost=2,
    late=1,
    reordered=0,
    duplicated=0,
    jitter_ms=1.5,
    longest_gap_ms=41.0,
    delay_ms=80.0,
    own_delay_ms=1.0,
    first_packet_s=0.1,
    first_sound_s=0.1,
)


def parsed(picture):
    return ET.fromstring(picture)  # noqa: S314 - our own


def texts(picture, kind=None):
    found = parsed(picture).iter(f"{SVG}text")
    return [text.text for text in found if kind is None or text.get("class") == kind]


def test_the_ladder_names_its_lanes_and_tells_each_step_with_its_time():
    told = texts(ladder(CALL, "en"))

    heads = ["caller", "livekit-sip", "bus", "livekit-server", "webhook", "endpoint", "agent"]
    assert [text for text in told if text in heads] == heads
    for words in ("+0.000", "INVITE", "+0.100", "100 Trying", '"a note" <of> & one'):
        assert words in told


def test_what_is_broken_is_red_and_says_so_in_words():
    picture = ladder(CALL, "en")

    assert texts(picture, "lkc-bad") == [
        "STOPS HERE: livekit-sip did not join the room on livekit-server",
        "PROBLEM: 486 Busy Here",
    ]
    broken = [path for path in parsed(picture).iter(f"{SVG}path") if path.get("stroke-dasharray")]
    assert [path.get("class") for path in broken] == ["lkc-bad"]


def test_a_good_call_has_nothing_red():
    (told,) = runs.healthy().timelines

    assert "lkc-bad" not in ladder(told, "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("missing", Milestone)
def test_every_way_to_stop_is_drawn(missing, language):
    stopped = replace(CALL, stop=Stop(missing, 99, Lane.SIP))
    picture = ladder(stopped, language)

    drawn = " ".join(texts(picture, "lkc-bad"))
    assert MISSING[missing].say(language)[:30] in drawn
    assert picture.count("stroke-dasharray") == 1


def test_a_long_text_stays_beside_the_lanes():
    step = Step(0.0, Lane.CALLER, Lane.SIP, "INVITE", "word " * 500)
    picture = ladder(replace(CALL, steps=(step,), stop=None), "en")

    assert max(len(text) for text in texts(picture)) <= 90
    assert len(texts(picture)) < 20


def test_the_bar_shows_the_marks_of_a_call_as_shares_of_the_whole():
    (told,) = runs.healthy().timelines

    assert texts(time_bar(told, "en")) == [
        "100 Trying: at 0.002 s, 0.002 s of it (1 %)",
        "first webhook: at 0.026 s, 0.024 s of it (13 %)",
        "180 Ringing: at 0.030 s, 0.004 s of it (2 %)",
        "agent is there: at 0.180 s, 0.150 s of it (79 %)",
        "200 OK: at 0.190 s, 0.010 s of it (5 %)",
    ]
    bars = [
        (float(r.get("x")), float(r.get("width")))
        for r in parsed(time_bar(told, "en")).iter(f"{SVG}rect")
    ]
    assert bars[0][0] == 0
    assert sum(bars[-1]) == pytest.approx(350, abs=0.5)
    assert all(x + width <= 350.5 for x, width in bars)


def test_the_bar_says_which_marks_were_not_seen():
    assert texts(time_bar(CALL, "en"), "lkc-bad") == [
        "180 Ringing: not seen",
        "first webhook: not seen",
        "agent is there: not seen",
        "200 OK: not seen",
    ]


def test_a_call_of_which_nothing_was_seen_has_no_bar():
    assert time_bar(replace(CALL, steps=()), "en") == ""
    assert time_bar(replace(CALL, steps=CALL.steps[:1]), "en") == ""


def point(number, verdict="CONFORMANT", rate=100.0, left=0):
    started = f"2026-11-{number:02}T00:00:00Z"
    return Point(f"r{number}", "mock", started, verdict, rate, 90.0, 1.0, 9, 10, left)


def test_the_trend_marks_each_verdict_by_its_shape():
    points = [
        point(1),
        point(2, "NOT CONFORMANT", 62.5),
        point(3, "INCOMPLETE", None),
        point(4),
    ]
    picture = trend_chart(points, "en")

    assert picture.count('class="lkc-good"') == picture.count("<circle") == 2
    assert picture.count('class="lkc-bad"') == 1
    assert picture.count("<rect") == 1
    assert texts(picture) == ["100 %", "80 %", "60 %", "2026-11-01", "2026-11-04"]
    description = unescape(re.search("<desc[^>]*>(.*)</desc>", picture)[1])
    assert "2 of them CONFORMANT. Lowest 62.5 %, highest 100.0 %, among the 4 runs" in description


def test_a_run_of_a_part_is_not_the_best_one():
    points = [
        point(1, rate=97.0),
        point(2, "PARTIALLY CONFORMANT", 100.0, left=3),
        point(3, rate=98),
    ]
    picture = trend_chart(points, "en")

    description = unescape(re.search("<desc[^>]*>(.*)</desc>", picture)[1])
    assert "Lowest 97.0 %, highest 98.0 %, among the 2 runs that left out the fewest" in description
    (line,) = re.findall(r'd="M([^"AaHh]*L[^"]*)"(?![^>]*dasharray)', picture)
    assert line.count("L") == 1
    assert picture.count("<circle") == 2
    assert picture.count('class="lkc-undecided"') == 1


def test_one_run_is_no_trend():
    assert trend_chart([point(1)], "en") == ""
    assert trend_chart([point(1, rate=None), point(2, rate=None)], "en") == ""


def test_the_quality_is_told_as_a_bar_and_in_words():
    good, poor = (quality_bar(replace(QUALITY, mos=mos), "en") for mos in (4.5, 1.7))

    assert texts(poor) == [
        "MOS 1.70 of 4.5 (R 92)",
        "packets: 2 of 50 lost, 1 too late",
        "jitter 1.5 ms, delay 80 ms, longest gap 41 ms",
    ]
    widths = [float(parsed(each).find(f"{SVG}rect").get("width")) for each in (good, poor)]
    assert widths == [350.0, 70.0]
