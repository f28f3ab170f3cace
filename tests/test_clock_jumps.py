"""
Jumps of a clock, derived from the Date of livekit-server's answers and from our own clock.
"""

from __future__ import annotations

from email.utils import formatdate

from livekit_conformance import run_clock
from livekit_conformance.clock_jumps import jumps_of
from livekit_conformance.observations import ClockSet, Observation, Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.observed import observed

URL = "http://server.example:7880/twirp/livekit.RoomService/ListRooms"
# 14:03:00 UTC on some day.
START = 1796047380.0


def answer(at: float, ahead: float = 0.0, **details: object) -> Observation:
    """
    Return an answer of a server whose clock is ahead of ours as it was at the start.
    """
    date = formatdate(START + at + ahead, usegmt=True)
    return observed(
        START + at, "http", "http", {"url": URL, "status": 200, "date": date, **details}
    )


def ours(at: float, by_s: float) -> Observation:
    return observed(START + at, "clock", "clock", {"by_s": by_s})


def seen(*observations: Observation) -> list[str]:
    return [str(jump) for jump in jumps_of(observations)]


def test_clocks_that_agree_or_never_agreed_have_not_jumped():
    assert seen() == []
    assert seen(answer(0), answer(1), answer(2)) == []
    assert seen(answer(0, 90), answer(1, 90)) == []


def test_our_clock_that_is_set_has_jumped_between_two_answers():
    (said,) = seen(answer(0), answer(5.2), ours(6, 3600), answer(7), answer(8))
    assert said == (
        "the clock of this machine was set forward by 3600 s between 14:03:05.2 UTC and "
        "14:03:07.0 UTC"
    )
    (back,) = jumps_of([answer(0), ours(1, -3600), answer(2, status=401)])
    assert (back.whose, back.by_s) == ("ours", -3600)
    assert "was set back by 3600 s" in str(back)


def test_the_clock_of_the_server_has_jumped_if_ours_has_not():
    (jump,) = jumps_of([answer(0), answer(1, -3600), answer(2, -3600)])

    assert (jump.whose, round(jump.by_s), jump.until) == ("livekit-server", -3600, START)


def test_a_clock_that_is_set_right_or_with_the_servers_has_not_jumped():
    assert seen(answer(0, 3600), ours(1, 3600), answer(2, 3600)) == []
    assert seen(answer(0), ours(1, 3600), answer(2, 3600)) == []
    assert seen(answer(0), ours(1, 3600), ours(2, -3600), answer(3)) == []


def test_a_difference_that_tokens_tolerate_or_that_is_not_proven_is_no_jump():
    assert seen(answer(0), answer(1, 59)) == []
    # The server may have written the date at any time of a request.
    assert seen(answer(0), answer(100, -90, duration_s=100)) == []
    assert seen(answer(0), answer(1, date="at noon")) == []
    assert seen(answer(0), answer(1, -90, url="http://hooks.example/webhooks")) == []


def test_two_servers_with_different_clocks_have_not_jumped():
    assert seen(answer(0), answer(1, 90), answer(2), answer(3, 90)) == []


def test_the_recorder_sees_our_clock_being_set(monkeypatch):
    recorder, wall = Recorder(Redactor()), run_clock.time.time
    before = run_clock.now()
    recorder.record(observed(before, "http", "before"))

    monkeypatch.setattr(run_clock.time, "time", lambda: wall() - 3600)
    recorder.record(observed(run_clock.now(), "http", "after"))
    recorder.record(observed(run_clock.now(), "http", "later"))

    kinds = [each.kind for each in recorder.observations]
    assert kinds == ["http", "clock", "http", "http"]
    assert [each.by_s for each in recorder.observations if isinstance(each, ClockSet)] == [-3600]
    times = [each.at for each in recorder.observations if each.kind == "http"]
    assert times == sorted(times)
