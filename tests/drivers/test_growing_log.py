"""
Each line that a log gains is read once, whatever happens to its file; nothing else is read.
"""

from __future__ import annotations

import os
import tracemalloc

import pytest

from livekit_conformance.drivers.growing_log import (
    LONGEST_LINE,
    LineSplitter,
    LogFile,
    LogPipe,
    NotAFileError,
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "service.log"
    path.write_bytes(b"old\n")
    return path


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


def gained(log):
    return b"".join(log.chunks())


def test_each_byte_is_read_once_however_often_one_looks(path):
    log = LogFile(path)
    pieces = [b"%d\n" % number * number for number in range(50)]

    read = []
    for piece in pieces:
        append(path, piece)
        read.append(gained(log))

    assert read == pieces


def test_a_log_of_two_gigabytes_is_read_from_its_end_on(path):
    os.truncate(path, 2 << 30)
    log = LogFile(path)
    append(path, b"new\n")

    assert gained(log) == b"new\n"


def test_a_renamed_log_is_read_to_its_end_before_the_new_one(path):
    log = LogFile(path)
    append(path, b"last of the old\n")
    path.rename(path.with_suffix(".1"))
    append(path.with_suffix(".1"), b"written late\n")
    path.write_bytes(b"first of the new\n")

    assert gained(log) == b"last of the old\nwritten late\nfirst of the new\n"
    assert log.losses == []


def test_a_renamed_log_without_a_new_one_is_read_on(path):
    log = LogFile(path)
    path.rename(path.with_suffix(".1"))
    append(path.with_suffix(".1"), b"the service has it open\n")

    assert gained(log) == b"the service has it open\n"


@pytest.mark.parametrize("size", [2, 400], ids=["shorter", "longer"])
def test_a_truncated_log_is_read_from_its_beginning_and_says_so(path, size):
    append(path, b"x" * 200 + b"\n")
    log = LogFile(path)
    path.write_bytes(b"y" * size + b"\n")

    assert gained(log) == b"y" * size + b"\n"
    assert log.losses == ["it was truncated, so lines from just before may be missing"]


def test_a_truncation_drops_the_line_that_had_not_ended(path):
    log, splitter = LogFile(path), LineSplitter()

    def lines():
        return [line for chunk in log.chunks() for line in splitter.feed(chunk)]

    append(path, b"half a li")
    assert lines() == []
    path.write_bytes(b"whole\n")

    assert lines() == [b"whole"]


def test_a_link_that_points_to_another_file_is_followed(tmp_path, path):
    link = tmp_path / "current.log"
    link.symlink_to(path)
    log = LogFile(link)
    append(path, b"before\n")
    (tmp_path / "next.log").write_bytes(b"after\n")
    link.unlink()
    link.symlink_to(tmp_path / "next.log")

    assert gained(log) == b"before\nafter\n"


def test_a_fifo_is_refused_without_waiting_for_its_writer(tmp_path):
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(NotAFileError, match="it is not a regular file"):
        gained(LogFile(tmp_path / "fifo"))


def test_a_pipe_that_is_full_again_at_once_does_not_hold_us():
    ours, theirs = os.pipe()
    log = LogPipe(ours)
    os.set_blocking(theirs, False)

    def looks():
        for chunk in log.chunks():
            yield len(chunk)
            os.write(theirs, b"x" * 65536)

    os.write(theirs, b"x")
    assert sum(looks()) < 1 << 20
    os.close(theirs)
    os.close(ours)


@pytest.mark.parametrize("size", [1, 1000, 1 << 16, 4 << 20])
def test_a_line_that_is_too_long_is_left_out_and_counted(size):
    splitter = LineSplitter()
    data = b"first\n" + b"x" * (2 * LONGEST_LINE) + b"\nlast\n"
    if size == 1:
        data = data[2 * LONGEST_LINE - 1000 :]
        splitter.feed(b"first\n" + b"x" * (2 * LONGEST_LINE - 1006))

    lines = [
        line
        for start in range(0, len(data), size)
        for line in splitter.feed(data[start : start + size])
    ]

    assert [line for line in lines if line != b"first"] == [b"last"]
    assert splitter.too_long == 1


def test_a_hundred_megabytes_without_a_line_end_are_not_kept(path):
    log, splitter = LogFile(path), LineSplitter()
    os.truncate(path, 100_000_000)
    append(path, b"\nnext\n")

    tracemalloc.start()
    lines = [line for chunk in log.chunks() for line in splitter.feed(chunk)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert lines == [b"next"]
    assert splitter.too_long == 1
    assert peak < 10_000_000
