"""
Read a log that gains 50 MB of other people's calls, as a run does: look at it regularly, wait for
lines, report warnings, and search it for known errors. Prints the time as a ratio to reading the
file alone, and to parsing each line once.

   .venv/bin/python bench/busy_log.py [--megabytes N] [--runs N]

The log repeats healthy lines of the real services (tests/log_diagnosis/recordings).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from pathlib import Path

from livekit_conformance.catalogue.log_lines import KNOWN_ERRORS
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.logline import parse
from livekit_conformance.secrets.patterns import Redactor, whole_tokens

RECORDING = Path(__file__).parents[1] / "tests" / "log_diagnosis" / "recordings" / "healthy.log"
MEGABYTE = 1_000_000
# A run waits for some twenty lines, and looks at the logs every half second.
WAITS, LOOKS = 20, 50


async def ours(path: Path, pieces: list[bytes]) -> float:
    """
    Return the seconds of processor time that a run spends on this log, without writing it.
    """
    tail, recorder = LogTail("livekit-sip", path), Recorder(Redactor())
    used = 0.0
    for number, piece in enumerate(pieces):
        with path.open("ab") as log:
            log.write(piece)
        began = time.process_time()
        tail.read()
        if number % (LOOKS // WAITS) == 0:
            await tail.wait_for(lambda _: True, holding=["absent"], within=0.0, what="a line")
        used += time.process_time() - began
    began = time.process_time()
    tail.report(recorder)
    for _ in tail.lines.holding(KNOWN_ERRORS):
        pass
    for text in tail.lines.texts():
        whole_tokens(text)
    tail.evidence()
    return used + time.process_time() - began


def reading(path: Path) -> float:
    """
    Return the seconds of processor time to read the file and split it into lines.
    """
    began = time.process_time()
    path.read_bytes().split(b"\n")
    return time.process_time() - began


def parsing(path: Path) -> float:
    """
    Return the seconds of processor time to parse each line once.
    """
    began = time.process_time()
    for line in path.read_text().splitlines():
        parse(line)
    return time.process_time() - began


def main() -> None:
    """
    Measure all three alternately and print the medians.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    size = options.megabytes * MEGABYTE // LOOKS
    lines = itertools.cycle(RECORDING.read_bytes().splitlines(keepends=True))
    pieces = []
    for _ in range(LOOKS):
        piece = bytearray()
        while len(piece) < size:
            piece += next(lines)
        pieces.append(bytes(piece))
    times = []
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log"
            path.touch()
            run = asyncio.run(ours(path, pieces))
            times.append((run, reading(path), parsing(path)))
    run, read, parsed = (statistics.median(column) for column in zip(*times, strict=True))
    sys.stdout.write(
        f"{options.megabytes} MB in {LOOKS} pieces: run {run:.2f} s, reading {read:.2f} s "
        f"(ratio {run / read:.1f}), parsing {parsed:.2f} s (ratio {run / parsed:.2f})\n"
    )


if __name__ == "__main__":
    main()
