"""
Journal of a run: one JSON line per event, on disk at once, so that a killed run has its report.

All reports, those at the end of a run too, are made from the journal. The living run holds a lock
on it, which the kernel releases however the run ends. Lines that a full disk does not take are kept
in memory, and the file ends with a whole line.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from livekit_conformance import run_clock
from livekit_conformance.catalogue.cause import Cause
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.checks import not_selected
from livekit_conformance.catalogue.hosting import Hosting
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.diagnosis.interruptions import outages_by_cause
from livekit_conformance.observations import Observation, OthersLines, observation_from_json
from livekit_conformance.reporting.result.model import (
    OthersTraffic,
    Result,
    Run,
    not_run,
    record_as_json,
    record_from_json,
    timestamp,
)
from livekit_conformance.timeline.model import Timeline
from livekit_conformance.timeline.story import PROBE, timelines
from livekit_conformance.verdict import CheckRecord, Verdict

NAME = "journal.jsonl"
# Empty file beside the journal while the disk takes no more lines: a full disk takes that still.
_UNWRITABLE = ".unwritable"
# Beginning of the line that `_write` writes for a check.
_CHECK = b'{"type": "check"'
_HAPPY = frozenset({Verdict.PASS, Verdict.SKIPPED})


class JournalError(Exception):
    """
    File that is not the journal of a run; the message names the line.
    """


class Journal:
    """
    Writer of the journal of one run; all arguments must be free of secrets.

    The journal is locked until `release`, so that no other run takes this one for dead. Every
    method raises OSError while the file cannot be written. No line is lost: the next method writes
    what is missing, and `result` knows it meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._size = 0
        self._unwritten = b""

    def begin(self, run: Run, planned: Iterable[CheckRecord]) -> None:
        """
        Begin the journal with the run and the checks that it plans.
        """
        self._keep("run", run=asdict(run))
        plan = [record_as_json(record) for record in planned]
        left = not_selected(record["id"] for record in plan)
        self._write("plan", checks=plan, not_selected=left)

    def target(self, url: str, versions: Mapping[str, str]) -> None:
        """
        Record the target that was found.
        """
        self._write("target", url=url, versions=dict(versions))

    def started(self, check_id: str) -> None:
        """
        Record the start of a check, so that a killed run shows where and when it was killed.
        """
        self._write("start", check=check_id, at=timestamp(run_clock.now()))

    def check(
        self, record: CheckRecord, observations: Iterable[Observation], *, elapsed_s: float
    ) -> None:
        """
        Record the outcome of a check, and the observations made since the last one.
        """
        self._keep_seen(observations)
        self._write("check", elapsed_s=elapsed_s, check=record_as_json(record))

    def seen(self, observations: Iterable[Observation]) -> None:
        """
        Record observations.
        """
        self._keep_seen(observations)
        self._flush()

    def end(self, *, duration_s: float, interrupted: str | None) -> None:
        """
        Record that the run came to its end.
        """
        self._write("end", duration_s=duration_s, interrupted=interrupted)

    def result(self) -> Result:
        """
        Return the result of the run so far.
        """
        if self._file is None:
            raise ValueError("the journal has been released")
        written = os.pread(self._file, self._size, 0)
        return _result(self.path, written + self._unwritten)

    def release(self) -> None:
        """
        Release the lock: the run is over and its reports are written. May be called again.
        """
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, kind: str, **content: Any) -> None:
        self._keep(kind, **content)
        self._flush()

    def _keep_seen(self, observations: Iterable[Observation]) -> None:
        for observation in observations:
            self._keep("observation", observation=observation.as_json())

    def _keep(self, kind: str, **content: Any) -> None:
        line = json.dumps({"type": kind, **content}, ensure_ascii=False, default=str)
        self._unwritten += f"{line}\n".encode()

    def _flush(self) -> None:
        if self._file is None:
            return
        try:
            _write_all(self._file, self._unwritten, self._size)
        except OSError:
            # The file ends with a whole line.
            os.ftruncate(self._file, self._size)
            with suppress(OSError):
                _unwritable(self.path).touch()
            raise
        self._size += len(self._unwritten)
        self._unwritten = b""
        _unwritable(self.path).unlink(missing_ok=True)


def _unwritable(journal: Path) -> Path:
    return journal.with_suffix(_UNWRITABLE)


def _write_all(file: int, content: bytes, at: int) -> None:
    """
    Write `content` at an offset of the file. A nearly full disk takes only a part at once.
    """
    rest = memoryview(content)
    while rest:
        written = os.pwrite(file, rest, at)
        rest, at = rest[written:], at + written


def is_held(path: Path) -> bool:
    """
    Return whether the run with the journal at `path` lives; raise OSError if it cannot be read.
    """
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def environment(path: Path) -> str | None:
    """
    Return the environment of a run by the first line of its journal; None if it cannot be read.
    """
    try:
        with path.open("rb") as journal:
            return str(json.loads(journal.readline())["run"]["environment"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def durations(path: Path) -> dict[str, float]:
    """
    Return the duration of each check with its set-up in seconds; empty if unreadable.
    """
    found: dict[str, float] = {}
    former = 0.0
    try:
        for line in _lines(path, path.read_bytes(), begins=_CHECK):
            elapsed = line["elapsed_s"]
            check = line["check"]["id"]
            found[check] = found.get(check, 0.0) + max(elapsed - former, 0.0)
            former = elapsed
    except (OSError, JournalError, KeyError, TypeError):
        return {}  # of another version, or broken: these are only estimates
    return found


def read(path: Path, causes: Sequence[Cause] = CAUSES, *, lives: bool = False) -> Result:
    """
    Return the result of the run with the journal at `path`, whether it came to its end or not.

    It is diagnosed anew, by `causes`. A run that neither ended nor `lives` was killed, or its
    folder took no more reports.

    Raises JournalError if the file is not a journal, OSError if it cannot be read.
    """
    return _result(path, path.read_bytes(), causes, lives=lives)


def _result(
    path: Path, journal: bytes, causes: Sequence[Cause] = CAUSES, *, lives: bool = False
) -> Result:
    content = _Content()
    for line in _lines(path, journal):
        try:
            content.take(line)
        except (KeyError, TypeError, ValueError) as error:
            problem = f"an unknown line {line['type']!r}: {type(error).__name__}"
            raise JournalError(f"{path}: {problem}: {error}") from error
    if (run := content.run) is None:
        raise JournalError(f"{path}: not the journal of a run: it does not begin with one")
    is_unwritable = _unwritable(path).is_file()
    observations, begun = content.observations, content.begun
    begun_at = content.begun_at
    # If a check was run again, its last attempt counts.
    done = {record.id: record for record in content.attempts}
    records = tuple(done.values())
    if not content.ended:
        how = "stopped by a folder that took no more reports" if is_unwritable else "killed"
        run = replace(run, interrupted=_where(begun, done, "still running" if lives else how))
    why = f"not run: {run.interrupted or 'the run stopped before this check'}"
    left = not_run((plan for plan in content.planned if plan.id not in done), why)
    checks = (*records, *(_halfway(r, begun, begun_at, lives=lives) for r in left))
    stories = _stories(observations, content.attempts, content.seen_by)
    found = diagnose(records, observations, causes, Hosting(run.hosting))
    others = tuple(
        OthersTraffic(seen.service, seen.message, seen.lines, seen.calls)
        for seen in observations
        if isinstance(seen, OthersLines)
    )
    return Result(
        run,
        checks,
        found,
        stories,
        not_selected=content.not_selected,
        others=others,
        outages=outages_by_cause(records, observations),
    )


@dataclass(slots=True)
class _Content:
    """
    Content of the journal lines that were read so far.
    """

    run: Run | None = None
    planned: list[CheckRecord] = field(default_factory=list)
    not_selected: tuple[str, ...] = ()
    attempts: list[CheckRecord] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    # Number of observations when each attempt was done.
    seen_by: list[int] = field(default_factory=list)
    # The check that began last, and when.
    begun: str | None = None
    begun_at: str | None = None
    ended: bool = False

    def take(self, line: Mapping[str, Any]) -> None:
        run = self.run
        match line["type"]:
            case "run":
                self.run = _run_from_json(line["run"])
            case "plan":
                self.planned = [record_from_json(check) for check in line["checks"]]
                # Version 0.1.0 did not write what it left out.
                left = line.get("not_selected")
                self.not_selected = tuple(
                    not_selected(plan.id for plan in self.planned) if left is None else left
                )
            case "target" if run:
                self.run = replace(run, url=line["url"], versions=line["versions"])
            case "start":
                # Journals of the first versions have no time here.
                self.begun, self.begun_at = line["check"], line.get("at")
            case "observation":
                if (seen := observation_from_json(line["observation"])) is not None:
                    self.observations.append(seen)
            case "check" if run:
                self.attempts.append(record_from_json(line["check"]))
                self.seen_by.append(len(self.observations))
                self.run = replace(run, duration_s=line["elapsed_s"])
            case "end" if run:
                why = line["interrupted"]
                self.run = replace(run, duration_s=line["duration_s"], interrupted=why)
                self.ended = True


def _run_from_json(data: Mapping[str, Any]) -> Run:
    """
    Return the run at the head of a journal; ignore fields that this version does not know.
    """
    known = {each.name: data[each.name] for each in fields(Run) if each.name in data}
    return Run(**known | {"again": tuple(data.get("again", ()))})


def _halfway(
    record: CheckRecord, begun: str | None, begun_at: str | None, *, lives: bool
) -> CheckRecord:
    if record.id != begun:
        return record
    message = "still running" if lives else "the run stopped while this check was running"
    return replace(record, message=message, started=begun_at)


def _where(begun: str | None, done: Container[str], how: str) -> str:
    if begun is None:
        return f"{how} before the first check"
    return f"{how} after {begun}" if begun in done else f"{how} at {begun}"


def _stories(
    observations: Sequence[Observation], attempts: Sequence[CheckRecord], seen_by: Sequence[int]
) -> tuple[Timeline, ...]:
    """
    Return the stories of the probe call and of every call of an unhappy check.
    """
    unhappy: set[int] = set()
    for record, start, end in zip(attempts, (0, *seen_by), seen_by, strict=False):
        if record.verdict not in _HAPPY:
            unhappy.update(map(id, observations[start:end]))
    return timelines(observations, of=lambda call: call.purpose == PROBE or id(call) in unhappy)


def _lines(path: Path, journal: bytes, begins: bytes = b"") -> Iterable[dict[str, Any]]:
    # Not splitlines(): a recorded text may hold U+0085 or U+2028, which JSON leaves as they are.
    # Read as bytes, because a kill may tear a character in two.
    lines = journal.removesuffix(b"\n").split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.startswith(begins):
            continue
        try:
            content = json.loads(line)
        except ValueError as error:
            if number == len(lines) and number > 1:
                return  # torn by the kill that ended the run
            raise JournalError(f"{path}: line {number}: not JSON: {error}") from error
        if not isinstance(content, dict) or "type" not in content:
            raise JournalError(f"{path}: line {number}: not a line of a journal")
        yield content
