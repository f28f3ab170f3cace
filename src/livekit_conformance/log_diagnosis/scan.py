"""
Scan one log: count its lines, and pass the few relevant ones to the findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

from livekit_conformance.catalogue.log_lines import ON_PURPOSE, of_both
from livekit_conformance.catalogue.log_lines.failures import reports_failure
from livekit_conformance.catalogue.log_lines.last_words import is_known, last_words
from livekit_conformance.log_diagnosis.findings import ID, Findings, ServiceLine, Unexplained
from livekit_conformance.log_diagnosis.prefilter import ALARMING, Candidate, Prefilter
from livekit_conformance.log_diagnosis.reading import LogReader, Note
from livekit_conformance.log_diagnosis.sequences import MARK, Sequences
from livekit_conformance.log_diagnosis.services import Attribution
from livekit_conformance.log_diagnosis.wrapping import Unwrapped, unwrap
from livekit_conformance.protocol.logline import LogLine

# Markers of a line in a known dialect that is no warning: plain, inside Docker's JSON, console,
# and re-encoded JSON. Long markers are found faster.
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
# Beginning of a line as the services write it; level, logger and message are captured.
_BEGINNING = re.compile(
    rb'\{"level":"(\w+)","ts":[\d.e+]+,"logger":"([^"]*)","caller":"[^"]*","msg":"((?:[^"\\]|\\.)*)"'
)
# Output of the Go runtime when a service dies.
_WITHOUT_DIALECT = (of_both.CRASH.message, of_both.FATAL.message)
_NO_WARNING = (b'{"level":"info"', b'{"level":"debug"')
# A field with an error, which a line below warning level may have as well.
_WITH_ERROR = ('"error":"', '"error": "')
_ERROR = re.compile(rb'"error": ?"((?:[^"\\]|\\.)*)"')
_ID = re.compile(ID.pattern.encode())
_ON_PURPOSE = ON_PURPOSE.encode()
_FIRST_OF_TWO = MARK.encode()
_MOST_HARMLESS = 1_000
# Lines at the end of a log among which are the last words of its service.
_LAST = 400
# Lines that are examined for service and time: in the first block, then every 1 MB.
_OF_THE_FIRST, _OF_OTHERS = 64, 4
_OTHERS_EVERY = 1 << 20


@dataclass(slots=True)
class Scanned:
    """
    Statistics of one log: lines, lines in a LiveKit dialect, services, first and last time.

    Times are in Unix seconds; `notes` describe what was wrong with the log.
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
        Extend the period of the log by the time of a line.
        """
        if at is not None:
            self.first = at if self.first is None else min(at, self.first)
            self.last = at if self.last is None else max(at, self.last)


class Scanner:
    """
    Scan logs, one after the other; fills `findings` and `unexplained`.
    """

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.unexplained = Unexplained()
        self._sequences = Sequences()
        self._prefilter = Prefilter(findings.signs, (*_WITHOUT_DIALECT, MARK, *_WITH_ERROR))
        # Kinds of ordinary lines with an error that healthy calls have.
        self._harmless: set[Hashable] = set()
        self._marks = list(_QUIET)

    def scan(self, reader: LogReader, scanned: Scanned, on_block: Callable[[int], None]) -> None:
        """
        Read a log to its end; `on_block` receives the size of each block in bytes.
        """
        attribution = Attribution(scanned.name.rpartition("/")[2])
        before, block, unseen = b"", b"\n", 0
        try:
            for next_block in reader.blocks():
                before, block = block, next_block
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
            self._take_last_words(before + block, scanned, attribution)
            scanned.understood = min(scanned.understood, scanned.lines)
            scanned.services = attribution.services()
            scanned.notes += reader.notes

    def _take_block(self, block: bytes, scanned: Scanned, attribution: Attribution) -> None:
        alarming = 0
        self.findings.own.note(block)
        for candidate in self._prefilter.candidates(block):
            alarming += candidate.alarming
            self._take_line(block, candidate, scanned, attribution)
        for place in self._sequences.places(block):
            self._take_second(block, place, scanned, attribution)
        # Up to Python 3.12 this is four times as fast as `count`.
        lines = len(block) - len(block.replace(b"\n", b""))
        scanned.lines += lines
        lines += not block.endswith(b"\n")
        scanned.understood += alarming + self._quiet(block, lines - alarming)

    def _take_line(
        self, block: bytes, candidate: Candidate, scanned: Scanned, attribution: Attribution
    ) -> None:
        start, end = candidate.start, candidate.end
        # Lines that the suite itself causes on purpose prove nothing about the deployment.
        if block.find(_ON_PURPOSE, start, end) >= 0:
            return
        possible: list[int] = []
        if candidate.known:
            raw = block[start:end]
            possible = self._prefilter.possible(raw)
            if _FIRST_OF_TWO in raw:
                self._sequences.begin(_unwrapped(block, slice(start, end)).line)
        is_quiet = block.startswith(_NO_WARNING, start, end)
        if not possible and is_quiet and _ERROR.search(block, start, end) is None:
            return
        as_written = _as_written(block, start, end)
        if not possible and (
            as_written in self._harmless or self.unexplained.take_again(as_written)
        ):
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
        # A line in no known dialect is a candidate for its text: a panic, or an error at start-up.
        is_alarming = seen.line.level in ALARMING or seen.line.dialect == "text"
        if not is_alarming and not (seen.line.error and reports_failure(service or "", seen.line)):
            if as_written is not None and len(self._harmless) < _MOST_HARMLESS:
                self._harmless.add(as_written)
            return
        if not self.unexplained.take_again(as_written):
            self.unexplained.take(seen, as_written)

    def _take_second(
        self, block: bytes, place: int, scanned: Scanned, attribution: Attribution
    ) -> None:
        start, end = _line_at(block, place)
        if not self._sequences.is_wanted(block[start:end]):
            return
        unwrapped = _unwrapped(block, slice(start, end))
        line = self._sequences.end(unwrapped.line)
        if line is not None:
            number = partial(int, scanned.lines + block.count(b"\n", 0, start) + 1)
            service = attribution.of(unwrapped)
            self.findings.take_derived(ServiceLine(line, service, scanned.name, number))

    def _take_last_words(self, end: bytes, scanned: Scanned, attribution: Attribution) -> None:
        """
        Count the words with which each service has ended, if its log ends with such.
        """
        raw = end.rstrip(b"\n").split(b"\n")[-_LAST:]
        written: dict[str, list[tuple[int, LogLine]]] = {}
        for number, line in enumerate(raw, scanned.lines - len(raw) + 1):
            unwrapped = unwrap(line.decode("utf-8", "backslashreplace"))
            if (service := attribution.of(unwrapped)) is not None:
                written.setdefault(service, []).append((number, unwrapped.line))
        for service, lines in written.items():
            words = last_words(service, [line for _, line in lines])
            number = next((number for number, line in lines if line is words), 0)
            # Known ones have a cause of their own.
            if words is not None and not is_known(service, words):
                said = replace(words, fields=MappingProxyType({**words.fields, "last": True}))
                self.findings.take_derived(
                    ServiceLine(said, service, scanned.name, partial(int, number))
                )

    def _quiet(self, block: bytes, most: int) -> int:
        """
        Return the number of lines in a known dialect that are no warnings, at most `most`.
        """
        for mark in self._marks:
            quiet = block.count(mark)
            if quiet * 2 > most:
                # Other blocks are probably of this dialect, too.
                self._marks.remove(mark)
                self._marks.insert(0, mark)
                break
        if quiet >= most:
            return most
        lines = block.split(b"\n")
        others = [line for line in lines if mark not in line]
        quiet = len(lines) - len(others) + sum(_ANY_QUIET(line) is not None for line in others)
        return min(quiet, most)


def _line_at(block: bytes, place: int) -> tuple[int, int]:
    end = block.find(b"\n", place)
    return block.rfind(b"\n", 0, place) + 1, len(block) if end < 0 else end


def _as_written(block: bytes, start: int, end: int) -> Hashable:
    """
    Return level, logger, message and error of a line without parsing it; None for other lines.
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
    Record services and times of the first and the last line, and of some between.
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
