"""
Times of arrival: those of the kernel, not those of a process that was busy meanwhile.
"""

import socket
import time

import pytest

from livekit_conformance.drivers.sip import arrival_times
from livekit_conformance.drivers.sip.arrival_times import ArrivalTimes

HOST = "127.0.0.1"
WAITS_S = 0.1
# Between two calls of this test.
AT_ONCE_S = 0.05
# The kernel starts to note times a moment after the first socket of the machine asks for them.
STARTS_WITHIN_S = 5.0


def arrived_after_s(received: socket.socket, times: ArrivalTimes) -> float:
    """Return how long after it was sent a datagram arrived that was read late."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"sound", received.getsockname())
        sent = time.monotonic()
        time.sleep(WAITS_S)
        received.recv(100)
        return times.of_last(time.monotonic()) - sent


@pytest.fixture
def bound():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind((HOST, 0))
        yield opened


def test_a_datagram_that_waited_arrived_when_it_was_sent(bound: socket.socket) -> None:
    times = ArrivalTimes(bound)
    give_up_at = time.monotonic() + STARTS_WITHIN_S
    while arrived_after_s(bound, times) >= WAITS_S and time.monotonic() < give_up_at:
        pass

    for _ in range(3):
        assert abs(arrived_after_s(bound, times)) < AT_ONCE_S


def test_a_system_that_notes_no_times_leaves_the_time_of_reading(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival_times, "_SIOCGSTAMPNS", 0xFFFF)

    assert arrived_after_s(bound, ArrivalTimes(bound)) >= WAITS_S


def test_a_clock_that_was_set_meanwhile_is_not_believed(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = ArrivalTimes(bound)
    wall = time.time
    for moved_s in (-3600.0, 3600.0):
        monkeypatch.setattr(time, "time", lambda moved_s=moved_s: wall() + moved_s)
        assert arrived_after_s(bound, times) >= WAITS_S
