"""
Reads one log: counts its lines, and hands the few that say something to the findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from livekit_conformance.catalogue.error_lines import ON_PURPOSE
from livekit_conformance.log_diagnosis.findings import ID, Findings, ServiceLine, Unexplained
from livekit_conformance.log_diagnosis.prefilter import ALARMING, Candidate, Prefilter
from livekit_conformance.log_diagnosis.reading import LogReader, Note
from livekit_conformance.log_diagnosis.services import Attribution
from livekit_conformance.log_diagnosis.wrapping import Unwrapped, unwrap

# What marks a line of a dialect that does not warn: plain, inside of Docker's JSON, console, and
# JSON that something else has written again. Long ones are searched for faster.
_QUIET = tuple(
    mark.encode()
    for level in ("info", "debug")
    for mark in (
        f'{{"level":"{level}","ts":',
        f'{{\\"level\\":\\"{level}\\"',
        f"\t{level.upper()}\t",
        rf"\t{level.upper()}\t",
        f',"level":"{level}"',
        f'"level": "{level}"',
    )
)
_ANY_QUIET = re.compile(b"|".join(map(re.escape, _QUIET))).search
# How the services begin a line themselves; level, logger and message are kept.
_BEGINNING = re.compile(
    rb'\{"level":"(\w+)","ts":[\d.e+]+,"logger":"([^"]*)","caller":"[^"]*","msg":"((?:[^"\\]|\\.)*)"'
)
# What the run-time of Go writes by itself when a service dies.
_WITHOUT_DIALECT = ("panic: ", "fatal error: ")
_NO_WARNING = (b'{"level":"info"', b'{"level":"debug"')
_ERROR = re.compile(rb'"error":"((?:[^"\\]|\\.)*)"')
_ID = re.compile(ID.pattern.encode())
_ON_PURPOSE = ON_PURPOSE.encode()
# Lines that are looked at for their service and time: of the first block, and then every 1 MB.
_OF_THE_FIRST, _OF_OTHERS = 64, 4
_OTHERS_EVERY = 1 << 20


@dataclass(slots=True)
class Scanned:
    """
    One log: how many lines it has, how many are of a dialect of LiveKit, whose they are, and when
    the first and the last was written (Unix seconds, UTC); `notes` say what was wrong with it.
    """

    name: str
    lines: int = 0
    understood: int = 0
    services: tuple[str, ...] = ()
    first: float | None = None
    last: float | None = None
    notes: list[Note] = field(default_factory=list)

    def see(self, at: float | None) -> None:
        """
        Take the time of a line into account.
        """
        if at is not None:
            self.first = at if self.first is None else min(at, self.first)
            self.last = at if self.last is None else max(at, self.last)


class Scanner:
    """
    Goes through logs, one after the other; `findings` and `unexplained` grow.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.unexplained = Unexplained()
        self._prefilter = Prefilter(findings.signs, _WITHOUT_DIALECT)
        self._marks = list(_QUIET)

    def scan(self, reader: LogReader, scanned: Scanned, on_block: Callable[[int], None]) -> None:
        """
        Read a log to its end; `on_block` is told the bytes of each block.
        """
        attribution = Attribution(scanned.name.rpartition("/")[2])
        block, unseen = b"\n", 0
        try:
            for block in reader.blocks():
                if not scanned.lines:
                    _look_at(block, _OF_THE_FIRST, scanned, attribution)
                elif (unseen := unseen + len(block)) >= _OTHERS_EVERY:
                    _look_at(block, _OF_OTHERS, scanned, attribution)
                    unseen = 0
                self._take_block(block, scanned, attribution)
                on_block(len(block))
        finally:
            _look_at(block, _OF_OTHERS, scanned, attribution)
            if not block.endswith(b"\n"):
                scanned.lines += 1
            scanned.understood = min(scanned.understood, scanned.lines)
            scanned.services = attribution.services()
            scanned.notes += reader.notes

    def _take_block(self, block: bytes, scanned: Scanned, attribution: Attribution) -> None:
        alarming = 0
        for candidate in self._prefilter.candidates(block):
            alarming += candidate.alarming
            self._take_line(block, candidate, scanned, attribution)
        # Up to Python 3.12 this is four times as fast as `count`.
        lines = len(block) - len(block.replace(b"\n", b""))
        scanned.lines += lines
        lines += not block.endswith(b"\n")
        scanned.understood += alarming + self._quiet(block, lines - alarming)

    def _take_line(
        self, block: bytes, candidate: Candidate, scanned: Scanned, attribution: Attribution
    ) -> None:
        start, end = candidate.start, candidate.end
        # What the suite itself does on purpose tells nothing about the deployment.
        if block.find(_ON_PURPOSE, start, end) >= 0:
            return
        possible = self._prefilter.possible(block[start:end]) if candidate.known else []
        if not possible and block.startswith(_NO_WARNING, start, end):
            return
        as_written = _as_written(block, start, end)
        if not possible and self.unexplained.take_again(as_written):
            return
        unwrapped = _unwrapped(block, slice(start, end))
        service = attribution.of(unwrapped)
        before = scanned.lines
        seen = ServiceLine(
            unwrapped.line,
            service,
            scanned.name,
            lambda: before + block.count(b"\n", 0, start) + 1,
        )
        if possible and self.findings.take(seen, possible):
            return
        # A line of no dialect is here because of what it says: a panic, or an error at start-up.
        is_alarming = seen.line.level in ALARMING or seen.line.dialect == "text"
        if is_alarming and not self.unexplained.take_again(as_written):
            self.unexplained.take(seen, as_written)

    def _quiet(self, block: bytes, most: int) -> int:
        """
        How many lines of a block are of a dialect and do not warn; at most `most` can be.
        """
        for mark in self._marks:
            quiet = block.count(mark)
            if quiet * 2 > most:
                # Other blocks will be of this dialect, too.
                self._marks.remove(mark)
                self._marks.insert(0, mark)
                break
        if quiet >= most:
            return most
        lines = block.split(b"\n")
        others = [line for line in lines if mark not in line]
        quiet = len(lines) - len(others) + sum(_ANY_QUIET(line) is not None for line in others)
        return min(quiet, most)


def _as_written(block: bytes, start: int, end: int) -> Hashable:
    """
    Level, logger, message and error of a line, without parsing it; None for another kind of line.
    """
    begun = _BEGINNING.match(block, start, end)
    if begun is None:
        return None
    error = _ERROR.search(block, begun.end(), end)
    return begun.groups(), _ID.sub(b"#", error[1]) if error else b""


def _unwrapped(block: bytes, line: slice) -> Unwrapped:
    return unwrap(block[line].decode("utf-8", "backslashreplace"))


def _look_at(block: bytes, most: int, scanned: Scanned, attribution: Attribution) -> None:
    """
    Take the services and times of the first and the last line, and of some between.
    """
    end = -1
    for step in range(most):
        place = max(len(block) - 2, 0) * step // (most - 1)
        start = block.rfind(b"\n", 0, place) + 1
        if start > end:
            end = block.find(b"\n", place)
            end = len(block) if end < 0 else end
            unwrapped = _unwrapped(block, slice(start, end))
            attribution.of(unwrapped)
            scanned.see(unwrapped.line.at)
