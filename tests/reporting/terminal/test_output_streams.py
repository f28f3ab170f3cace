"""
Output to a file descriptor passes the scrubber, that of child processes too.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from livekit_conformance.reporting.terminal.output_streams import CleanStream, Relay
from livekit_conformance.waiting import wait_until


def mask(text):
    return text.replace("canary", "***")


@pytest.fixture
def pipe():
    source, sink = os.pipe()
    yield source, sink
    os.close(source)
    os.close(sink)


def test_a_line_is_cleaned_whole_although_it_is_written_in_pieces(pipe):
    source, sink = pipe
    relay = Relay(sink, mask)

    for piece in (b"a can", b"ary\nb ca", b"nary and no end"):
        os.write(sink, piece)
    relay.close()

    assert os.read(source, 100) == b"a ***\nb *** and no end"


def test_a_prompt_is_shown_before_its_line_ends(pipe):
    source, sink = pipe
    relay = Relay(sink, mask)

    os.write(sink, b"canary? ")

    assert os.read(source, 100) == b"***? "
    relay.close()


def test_a_child_process_passes_too_and_bytes_that_are_no_text_stay(pipe):
    source, sink = pipe
    relay = Relay(sink, mask)

    code = "import os; os.write(1, b'canary \\xff\\n')"
    subprocess.run([sys.executable, "-c", code], stdout=sink, check=True)
    relay.close()

    assert os.read(source, 100) == b"*** \xff\n"


def test_a_relay_that_is_closed_gives_the_descriptor_back(pipe):
    source, sink = pipe
    Relay(sink, mask).close()

    os.write(sink, b"canary")

    assert os.read(source, 100) == b"canary"


async def test_who_writes_learns_that_nobody_reads_any_more():
    source, sink = os.pipe()
    relay = Relay(sink, mask)
    os.close(source)

    async def write():
        try:
            os.write(sink, b"canary\n")
        except BrokenPipeError:
            return None
        return "the relay still takes it"

    waited = await wait_until(write, within=5.0)
    relay.close()
    os.close(sink)
    assert waited.reason is None


def test_a_clean_stream_is_the_stream_in_all_else(tmp_path):
    with (tmp_path / "out").open("w", encoding="utf-8") as file:
        stream = CleanStream(file, mask)

        assert stream.write("a canary") == len("a canary")
        assert stream.fileno() == file.fileno()
        stream.flush()

    assert (tmp_path / "out").read_text() == "a ***"
