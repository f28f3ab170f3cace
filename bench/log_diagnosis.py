"""
Compare `livekit-conformance diagnose` on a log of 1 GB with `grep -c -F` for the same strings. Both
run alternately. Prints the median times, their ratio and peak memory; fails on a wrong count.

   .venv/bin/python bench/log_diagnosis.py [--megabytes N] [--runs N] [--per-thousand N]

The log repeats lines of the real services (tests/log_diagnosis/recordings) with new times and call
ids. Of a thousand lines, N show a cause, N are other warnings, and the rest is ordinary. `grep`
searches for all signs of the causes at once, in the locale C, which is its fastest. `diagnose` does
more: it searches for every warning, counts all lines, and parses the matching ones.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.log_diagnosis.findings import Findings
from livekit_conformance.log_diagnosis.prefilter import Prefilter

RECORDINGS = Path(__file__).parents[1] / "tests" / "log_diagnosis" / "recordings"
MEGABYTE = 1 << 20
TIME = re.compile(rb'"ts":[\d.]+')
CALL = re.compile(rb'"(callID|sipCallID)":"[^"]*"')
# Signs of a cause in the recorded failures, as parts of log lines that name their call.
SHOWING = {
    "sip-bus-has-no-server": (b'"msg":"Rejecting inbound, auth check failed"',),
    "sip-service-key-refused": (
        b'"msg":"Cannot create LiveKit participant"',
        b'"error":"unauthorized: ',
    ),
    "provider-wants-other-credentials": (
        b'"msg":"cannot create sip participant"',
        b"max auth retry attempts",
    ),
}


@dataclass
class Truth:
    """
    Content of the log: its number of lines, and the lines and calls of each cause.
    """

    lines: int = 0
    shown: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SHOWING, 0))
    calls: dict[str, set[int]] = field(default_factory=lambda: {id_: set() for id_ in SHOWING})


def write_log(path: Path, size: int, per_thousand: float) -> Truth:
    """
    Write a log of this size and return its content.
    """
    dice = random.Random(1)  # noqa: S311  # the same log each time
    ordinary = [
        line
        for line in (RECORDINGS / "healthy.log").read_bytes().splitlines(keepends=True)
        if b'"level":"info"' in line
    ]
    failures = (RECORDINGS / "failures.log").read_bytes().splitlines(keepends=True)
    showing = {
        id_: next(line for line in failures if all(part in line for part in parts))
        for id_, parts in SHOWING.items()
    }
    warning = [line for line in failures if b'"logger":"sip.pion' in line]
    truth, written, at = Truth(), 0, 1795433196.0
    with path.open("wb") as log:
        while written < size:
            at += 0.01
            drawn = dice.random() * 1000
            if drawn < per_thousand:
                id_ = dice.choice(list(showing))
                call = dice.randrange(5000)
                line = CALL.sub(rb'"\1":"SCL_%d"' % call, showing[id_])
                truth.shown[id_] += 1
                truth.calls[id_].add(call)
            else:
                line = dice.choice(warning if drawn < 2 * per_thousand else ordinary)
            line = TIME.sub(b'"ts":%.4f' % at, line)
            truth.lines += 1
            written += log.write(line)
    return truth


@dataclass(frozen=True)
class Used:
    """
    Wall-clock and CPU time in seconds, and peak memory in kB.
    """

    wall: float
    cpu: float
    memory: int


def timed(command: list[str], output: Path) -> Used:
    """
    Run a command and return its usage; raise SystemExit for a status other than 0 and 1.
    """
    with output.open("wb") as file:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=file, env={**os.environ, "LC_ALL": "C"})
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        raise SystemExit(f"{command[0]} ended with status {process.returncode}")
    return Used(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss)


def wrong_counts(output: Path, truth: Truth) -> list[str]:
    """
    Return the differences between the report and the content of the log.
    """
    report = json.loads(output.read_bytes())
    (log,) = report["logs"]
    told = {cause["id"]: (cause["lines"], cause["calls"]) for cause in report["causes"]}
    expected = {id_: (lines, len(truth.calls[id_])) for id_, lines in truth.shown.items() if lines}
    pairs = (
        ("lines", log["lines"], truth.lines),
        ("understood", log["understood"], truth.lines),
        ("causes", told, expected),
    )
    return [f"{what}: {is_} instead of {must}" for what, is_, must in pairs if is_ != must]


def main() -> None:
    """
    Time both programs alternately and print the medians.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--per-thousand", type=float, default=5)
    options = parser.parse_args()
    strings = Prefilter(Findings(CAUSES).signs).strings
    with tempfile.TemporaryDirectory() as scratch:
        log, patterns, output = (Path(scratch) / name for name in ("log", "patterns", "output"))
        truth = write_log(log, options.megabytes * MEGABYTE, options.per_thousand)
        patterns.write_text("".join(f"{string}\n" for string in strings), encoding="utf-8")
        grep = ["grep", "-c", "-F", "-f", str(patterns), str(log)]
        ours = [
            sys.executable,
            "-m",
            "livekit_conformance.cli",
            "diagnose",
            "--json",
            str(log),
        ]
        pairs = []
        for _ in range(options.runs + 1):
            by_grep = timed(grep, output)
            pairs.append((timed(ours, output), by_grep))
        wrong = wrong_counts(output, truth)
    # Discard the first run, which warmed up the page cache.
    pairs = pairs[1:]
    print(
        f"{truth.lines} lines, {options.megabytes} MB; {len(strings)} strings; {options.runs} runs"
    )
    for what in ("wall", "cpu"):
        times = [(getattr(one, what), getattr(other, what)) for one, other in pairs]
        ratios = sorted(one / other for one, other in times)
        print(
            f"{what:4}  diagnose {statistics.median(one for one, _ in times):.2f} s"
            f"  grep {statistics.median(other for _, other in times):.2f} s"
            f"  ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )
    print(f"memory {max(one.memory for one, _ in pairs) / 1024:.0f} MB")
    if wrong:
        raise SystemExit("\n".join(wrong))
    print("counts right")


if __name__ == "__main__":
    main()
