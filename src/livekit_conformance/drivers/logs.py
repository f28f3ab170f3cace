"""
Read the lines that the services write to their logs during the run, and nothing older.

A busy deployment logs far more about others than about us. So a line is read once, and parsed only
when somebody looks at it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import overload

from ahocorasick_rs import BytesAhoCorasick

from livekit_conformance import run_clock
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import (
    ON_PURPOSE,
    SERVER,
    SIP,
    STARTS,
    known_line,
    of_both,
)
from livekit_conformance.catalogue.log_lines.failures import (
    HAS_ERROR,
    MAY_TELL,
    failed_link,
    reports_failure,
)
from livekit_conformance.catalogue.log_lines.last_words import last_words
from livekit_conformance.drivers.growing_log import (
    BEFORE_THE_RUN,
    GrowingLog,
    LineSplitter,
    LogFile,
    LogPipe,
)
from livekit_conformance.errors import Blocked, blocked
from livekit_conformance.judges.preconditions import LOG_HAS_GAPS, LOG_UNREADABLE
from livekit_conformance.observations import (
    CallerFound,
    LogWarning,
    OthersLines,
    Recorder,
    ServiceStart,
)
from livekit_conformance.protocol.logline import ALARMING, LogLine, is_before, may_alarm, parse
from livekit_conformance.protocol.own_names import OwnNames, Whose, calls_in
from livekit_conformance.waiting import Waited, wait_until

# Bytes of one log that are kept; a deployment that logs more is read no further.
MOST_KEPT = 100_000_000
# Also counts the older lines that a command prints first.
_MOST_READ = 3 * MOST_KEPT
# Warnings with the same message that are recorded; the rest is counted.
_MOST_OF_A_KIND = 100
# A file is truncated or replaced less often.
_LOOKED_AT_EVERY_S = 0.5
_ENDS_WITHIN_S = 2.0
# Of a larger window only what was recorded becomes evidence.
_MOST_EVIDENCE = 5_000_000
_ON_PURPOSE = ON_PURPOSE.encode()
# Lines at the end of the window among which are the last words of its service.
_MOST_LAST_LINES = 400
_BELOW_WARN = frozenset({"debug", "info"})
# Link that is broken when a service has ended.
_LINK_OF = {SERVER: Link.SERVER, SIP: Link.SIP_SOCKET}
# livekit-sip gives its participant this prefix unless a rule sets another identity.
_CALLER = "sip_"


class Lines(Sequence[LogLine]):
    """
    Lines of a log, oldest first. Each is parsed when it is looked at for the first time.
    """

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self._parsed: dict[int, LogLine] = {}

    @property
    def parsed(self) -> int:
        """
        Number of lines that were parsed.
        """
        return len(self._parsed)

    def __len__(self) -> int:
        return len(self.raw)

    @overload
    def __getitem__(self, place: int) -> LogLine: ...

    @overload
    def __getitem__(self, place: slice) -> list[LogLine]: ...

    def __getitem__(self, place: int | slice) -> LogLine | list[LogLine]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        number = range(len(self))[place]
        if (line := self._parsed.get(number)) is None:
            line = self._parsed[number] = parse(_text(self.raw[number]))
        return line

    def texts(self) -> Iterator[str]:
        """
        Yield the lines as text, without parsing them.
        """
        return map(_text, self.raw)

    def holding(self, texts: Iterable[str], *, after: int = 0) -> Iterator[tuple[int, LogLine]]:
        """
        Yield the lines that hold one of `texts`, with their numbers, from number `after` on.

        A text matches as it is written into JSON.
        """
        for number in self.numbers(holder_of(texts), after=after):
            yield number, self[number]

    def numbers(self, wanted: Callable[[bytes], bool], *, after: int = 0) -> Iterator[int]:
        """
        Yield the numbers of the lines whose bytes are wanted, from number `after` on.
        """
        return (number for number in range(after, len(self)) if wanted(self.raw[number]))


def holder_of(texts: Iterable[str]) -> Callable[[bytes], bool]:
    """
    Return a predicate of bytes that hold one of `texts`, as it is written into JSON.
    """
    encoded = [
        json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogateescape")
        for text in texts
        if text
    ]
    if len(encoded) == 1:
        return lambda raw: encoded[0] in raw
    automaton = BytesAhoCorasick(encoded)
    return lambda raw: bool(automaton.find_matches_as_indexes(raw))


_may_tell = holder_of(MAY_TELL)


class LogTail:
    """
    One log from its current end on. Lines are kept, so every reader sees the whole window.

    With `since` (Unix seconds) the whole log is read, and older lines are left out.
    """

    def __init__(self, service: str, log: Path | GrowingLog, *, since: float | None = None) -> None:
        self.service = service
        self.lines = Lines()
        self._log = LogFile(log, from_start=since is not None) if isinstance(log, Path) else log
        self._splitter = LineSplitter()
        self._since = since
        self._read = self._kept = 0
        self._is_full = False
        # Lines up to these numbers are left out of `report`, or were looked at by it.
        self._reported: int | None = None
        self._looked_at = 0
        # Numbers of the lines that were already recorded, and how often each message occurred.
        self._recorded: set[int] = set()
        self._alike: Counter[str] = Counter()
        # The end of what the log held before the run, whole lines only.
        self._earlier = self._log.earlier.split(b"\n")[len(self._log.earlier) >= BEFORE_THE_RUN :]
        # Warnings about other users, by message.
        self._others: defaultdict[str, _Others] = defaultdict(_Others)

    @property
    def gaps(self) -> list[str]:
        """
        Sentences about the lines of the window that could not be read.
        """
        losses = dict.fromkeys(self._log.losses)
        gaps = [f"the log of {self.service}: {loss}" for loss in losses]
        if self._splitter.too_long:
            gaps.append(
                f"the log of {self.service}: {self._splitter.too_long} lines of more than 1 MiB "
                "were left out"
            )
        if self._is_full:
            gaps.append(
                f"the log of {self.service} grew by more than {MOST_KEPT // 1_000_000} MB during "
                "the run: later lines were not read"
                if self._kept > MOST_KEPT
                else f"the log command of {self.service} printed more than "
                f"{_MOST_READ // 1_000_000} MB of older lines: later lines were not read"
            )
        return gaps

    def read(self) -> Lines:
        """
        Return all whole lines of the window, oldest first; raise Blocked if the log is unreadable.
        """
        try:
            for chunk in self._log.chunks():
                self._take(chunk)
        except OSError as error:
            raise blocked(
                LOG_UNREADABLE,
                f"the log of {self.service} cannot be read: {error}",
                remedy="Set `path` under `logs` in the profile to a readable file",
                service=self.service,
                error=str(error),
            ) from error
        return self.lines

    def _take(self, chunk: bytes) -> None:
        self._read += len(chunk)
        lines = self._splitter.feed(chunk)
        if (since := self._since) is not None:
            older = [line for line in lines if is_before(line, since)]
            lines = [line for line in lines if not is_before(line, since)]
            self._remember(older)
        self.lines.raw.extend(lines)
        self._kept += sum(map(len, lines))
        if self._kept > MOST_KEPT or self._read > _MOST_READ:
            self._is_full = True
            self._log.stop()

    def _remember(self, older: Sequence[bytes]) -> None:
        """
        Keep the end of the lines from before the run.
        """
        room = BEFORE_THE_RUN
        kept = deque[bytes]()
        for line in chain(reversed(older), reversed(self._earlier)):
            room -= len(line)
            if room < 0:
                break
            kept.appendleft(line)
        self._earlier = list(kept)

    def require_whole(self) -> None:
        """
        Raise Blocked if lines of the window could not be read: then an absent line proves nothing.
        """
        if self.gaps:
            raise blocked(
                LOG_HAS_GAPS,
                "; ".join(self.gaps),
                remedy="Run the checks again, or at a quieter time; a `command` under `logs` can "
                "print less (`--since=1m`, `grep`)",
                service=self.service,
            )

    def report(self, recorder: Recorder, own: OwnNames | None = None) -> None:
        """
        Record the warnings of the window, except for those that the suite caused on purpose.

        Of many warnings with the same message, the first ones are recorded. Those that are not
        about a run with its `own` names, but about other users of the deployment, are counted.
        Those that may be about either are recorded as `unclear`.
        """
        callers = {seen.identity for seen in recorder.observations if isinstance(seen, CallerFound)}

        def is_caller(identity: str) -> bool:
            return identity in callers or identity.startswith(_CALLER)

        lines = self.read()
        end = len(lines) if self._reported is None else self._reported
        for number in lines.numbers(_is_worth_a_look, after=self._looked_at):
            line = lines[number]
            if number >= end or not _is_warning(self.service, line):
                continue
            whose = own.whose(line) if own is not None else Whose.OURS
            if whose is Whose.OTHERS:
                self._others[line.message].add(line)
                continue
            is_unclear = whose is Whose.UNCLEAR and not _is_of_all(line)
            link = failed_link(self.service, line, is_caller)
            if link is not None and own is not None and own.fails_on_purpose(line, link):
                continue
            # A line that names neither a call nor a room of ours is a witness, no more.
            is_finding = link is not None and own is not None and own.names_us(line)
            kind = "" if line.dialect == "text" else line.message
            self._alike[kind] += 1
            if self._alike[kind] > _MOST_OF_A_KIND:
                continue
            self._recorded.add(number)
            recorder.record(
                LogWarning(
                    line.at or run_clock.now(),
                    describe_line(self.service, line),
                    service=self.service,
                    level=line.level,
                    message=line.message,
                    unclear=is_unclear,
                    link=link if is_finding else None,
                    fields={
                        name: line.fields[name] for name in LogWarning.kept if name in line.fields
                    },
                )
            )
        self._looked_at = len(lines)

    @property
    def has_warnings_only(self) -> bool:
        """
        True if no line so far is below level warn: `logging.level` of the service hides them.
        """
        return not any(line.level in _BELOW_WARN for line in self.lines)

    def report_last_words(
        self, recorder: Recorder, whence: Callable[[str], str] = lambda _: ""
    ) -> None:
        """
        Record the words with which the service has ended; only of one that does not answer.

        They may be from before the run: then they count from its last start on. `whence` says where
        the settings are that they quote.
        """
        earlier = [parse(_text(raw)) for raw in self._earlier]
        lines = [*_since_its_start(self.service, earlier), *self.lines[-_MOST_LAST_LINES:]]
        words = last_words(self.service, lines, gone=True)
        if words is None:
            return
        is_earlier = any(words is line for line in earlier)
        said = f"{words.message} {words.error}".rstrip()
        recorder.record(
            LogWarning(
                words.at or run_clock.now(),
                f"last words in the log of {self.service}{' (before the run)' * is_earlier}: "
                + "; ".join(filter(None, (said, whence(said)))),
                service=self.service,
                level=words.level,
                message=words.message,
                link=_LINK_OF[self.service].value,
                fields={
                    "error": words.error or None,
                    # An error may be the last line of a service that was stopped.
                    "last": words.level != "error",
                },
            )
        )

    def report_starts(self, recorder: Recorder) -> None:
        """
        Record the lines in which the service itself says that it starts.
        """
        if (known := STARTS.get(self.service)) is None:
            return
        for _, line in self.lines.holding([known.message]):
            if line.message == known.message and line.at is not None:
                text = f"log of {self.service}: {line.message}"
                recorder.record(ServiceStart(line.at, text, service=self.service))

    def report_others(self, recorder: Recorder) -> None:
        """
        Record how many warnings are about other users of the deployment.
        """
        for message, others in self._others.items():
            same = others.errors.keys() if len(others.errors) == 1 else ()
            words = " ".join((message, *(f"({error})" for error in same if error)))
            recorder.record(
                OthersLines(
                    run_clock.now(),
                    f"not ours: {others.lines} lines in the log of {self.service}: {words}",
                    service=self.service,
                    message=words,
                    lines=others.lines,
                    calls=len(others.calls),
                )
            )

    def report_losses(self, recorder: Recorder) -> None:
        """
        Record what the window lacks, and how many warnings `report` left out.
        """
        more = (
            f"log of {self.service}: {count - _MOST_OF_A_KIND} more lines like the first "
            f"{_MOST_OF_A_KIND} of: {kind or 'lines in no known dialect'}"
            for kind, count in self._alike.items()
            if count > _MOST_OF_A_KIND
        )
        for sentence in (*self.gaps, *more):
            recorder.record(LogWarning(run_clock.now(), sentence, service=self.service, fields={}))

    def is_recorded(self, number: int) -> bool:
        """
        Return True for a line that `report` or somebody else has recorded.
        """
        return number in self._recorded

    def recorded(self, number: int) -> None:
        """
        Note that somebody has recorded a line.
        """
        self._recorded.add(number)

    def evidence(self) -> list[str]:
        """
        Return the lines of the window; of a large one, those that were recorded.
        """
        if self._kept <= _MOST_EVIDENCE:
            return list(self.lines.texts())
        recorded = [self.lines[number].raw for number in sorted(self._recorded)]
        megabytes = self._kept // 1_000_000
        return [f"{len(recorded)} of {len(self.lines)} lines ({megabytes} MB):", *recorded]

    def report_no_more(self) -> None:
        """
        Leave all later lines out of `report`: the suite itself is about to cause them.
        """
        self._reported = len(self.read())

    async def wait_for(
        self,
        wanted: Callable[[LogLine], bool],
        *,
        within: float,
        what: str,
        after: int = 0,
        holding: Iterable[str] = (),
    ) -> tuple[LogLine | None, Waited]:
        """
        Return the first wanted line of the window, with the result of the wait for `what`.

        The first `after` lines of the window are skipped, and those that hold none of the texts
        `holding`, if there are any. Raises Blocked if the line may be one that could not be read.
        """
        found: LogLine | None = None
        may_be_wanted = holder_of(holding) if holding else _any_line
        next_ = after

        async def why_not_yet() -> str | None:
            nonlocal found, next_
            lines = self.read()
            numbers = lines.numbers(may_be_wanted, after=next_)
            found = next((lines[n] for n in numbers if wanted(lines[n])), None)
            next_ = len(lines)
            return None if found else f"{what} is not among the {len(lines)} lines"

        waited = await wait_until(why_not_yet, within=within, poll=0.05)
        if found is None:
            self.require_whole()
        return found, waited


@dataclass(slots=True)
class _Others:
    """
    Warnings with one message that are about other users of the deployment.
    """

    lines: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    calls: set[str] = field(default_factory=set)

    def add(self, line: LogLine) -> None:
        self.lines += 1
        self.errors[line.error] += 1
        # A line may have two names of its call.
        self.calls.update(islice(calls_in(line), 1))


def _since_its_start(service: str, lines: Sequence[LogLine]) -> Sequence[LogLine]:
    known = STARTS.get(service)
    starts = [n for n, line in enumerate(lines) if known is not None and known.is_in(line.message)]
    return lines[starts[-1] :] if starts else lines


def _is_worth_a_look(raw: bytes) -> bool:
    """
    Return False for a line that is no warning, far faster than `_is_warning` does.
    """
    may_tell = may_alarm(raw) or _may_tell(raw) or HAS_ERROR.search(raw) is not None
    return may_tell and _ON_PURPOSE not in raw


def _is_warning(service: str, line: LogLine) -> bool:
    return line.level in ALARMING or line.dialect == "text" or reports_failure(service, line)


def _is_of_all(line: LogLine) -> bool:
    """
    Return whether a line is about the service itself: all of its users share what it reports.
    """
    return any(known.is_in(line.message) for known in (of_both.CRASH, of_both.HIGH_CPU_LOAD))


def _any_line(_raw: bytes) -> bool:
    return True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


@asynccontextmanager
async def followed(tails: Iterable[LogTail]) -> AsyncIterator[None]:
    """
    Read the logs regularly, so that a file which is truncated loses as little as possible.
    """
    tails = list(tails)

    async def follow() -> None:
        while True:
            for tail in tails:
                # An unreadable log blocks the checks that need it.
                with suppress(Blocked):
                    tail.read()
            await asyncio.sleep(_LOOKED_AT_EVERY_S)

    following = asyncio.create_task(follow())
    try:
        yield
    finally:
        following.cancel()
        await asyncio.wait([following])
        if not following.cancelled():
            following.result()  # raise errors of our own


@asynccontextmanager
async def log_of_command(service: str, command: Sequence[str]) -> AsyncIterator[LogTail]:
    """
    Yield a tail of the output of a command (`kubectl logs -f ...`) that runs beside the suite.

    A command that cannot be started leaves its error as the only line. One that prints more than is
    read waits, and ends with its children when the tail is no longer needed.
    """
    since = run_clock.now()
    ours, theirs = os.pipe()
    pipe = LogPipe(ours)
    tail = LogTail(service, pipe, since=since)
    loop = asyncio.get_running_loop()

    def read() -> None:
        tail.read()
        if pipe.is_over:
            loop.remove_reader(ours)

    loop.add_reader(ours, read)
    process = None
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        except OSError as error:
            os.write(theirs, f"the log command {command[0]} cannot be started: {error}\n".encode())
        finally:
            os.close(theirs)
        yield tail
    finally:
        if process is not None:
            await _end(process)
        loop.remove_reader(ours)
        os.close(ours)


async def _end(process: asyncio.subprocess.Process) -> None:
    """
    End a process, and then its children too, at the latest by SIGKILL.
    """
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDS_WITHIN_S):
                await process.wait()


def describe_line(service: str, line: LogLine) -> str:
    """
    Return one line of a service's log in readable form.
    """
    level = f"{line.level.upper()} " if line.level else ""
    response = line.fields.get("response")
    answer = f"; {line.fields.get('status')} {str(response).strip()}" if response else ""
    error = f" (error: {line.error}{answer})" if line.error else _told(service, line)
    return f"log of {service}: {level}{line.message}{error}"


def _told(service: str, line: LogLine) -> str:
    """
    Return the field that makes a line without an error the report of a failure.
    """
    known = known_line(service, line.message)
    name = known.telling.field if known is not None and known.telling is not None else "err"
    value = line.fields.get(name)
    return f" ({name}: {value})" if value else ""
