"""
One JSON line for everything that matters, on disk at once: a killed run still has its report.

All reports, those at the end of a run too, are made from what the journal says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TextIO

from livekit_conformance.catalogue.cause import Cause
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.diagnosis import diagnose
from livekit_conformance.observations import Observation
from livekit_conformance.reporting.model import (
    Result,
    Run,
    not_run,
    record_as_json,
    record_from_json,
)
from livekit_conformance.timeline.model import Timeline
from livekit_conformance.timeline.story import PROBE, timelines
from livekit_conformance.verdict import CheckRecord, Verdict

NAME = "journal.jsonl"
_HAPPY = frozenset({Verdict.PASS, Verdict.SKIPPED})


class JournalError(Exception):
    """
    A file that is not the journal of a run; names the line.
    """


class Journal:
    """
    Writes the journal of one run. Everything handed in must be free of secrets.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO = path.open("w", encoding="utf-8")

    def begin(self, run: Run, planned: Iterable[CheckRecord]) -> None:
        """
        Head the journal with the run and the checks it is going to make.
        """
        self._write("run", run=asdict(run))
        self._write("plan", checks=[record_as_json(record) for record in planned])

    def target(self, url: str, versions: Mapping[str, str]) -> None:
        """
        Note which target was found.
        """
        self._write("target", url=url, versions=dict(versions))

    def check(
        self, record: CheckRecord, observations: Iterable[Observation], *, elapsed_s: float
    ) -> None:
        """
        Note the outcome of a check, and everything that was seen since the last one.
        """
        self.seen(observations)
        self._write("check", elapsed_s=elapsed_s, check=record_as_json(record))

    def seen(self, observations: Iterable[Observation]) -> None:
        """
        Note observations.
        """
        for observation in observations:
            self._write("observation", observation=observation.as_json())

    def end(self, *, duration_s: float, interrupted: str | None) -> None:
        """
        Note that the run came to its end, and close the file.
        """
        self._write("end", duration_s=duration_s, interrupted=interrupted)
        self._file.close()

    def _write(self, kind: str, **content: Any) -> None:
        json.dump({"type": kind, **content}, self._file, ensure_ascii=False, default=str)
        self._file.write("\n")
        self._file.flush()


def read(path: Path, causes: Sequence[Cause] = CAUSES) -> Result:
    """
    The result of the run whose journal is at `path`, whether it came to its end or not.

    It is diagnosed anew, by `causes`.

    Raises JournalError when the file is not a journal, OSError when it cannot be read.
    """
    run: Run | None = None
    planned: list[CheckRecord] = []
    records: list[CheckRecord] = []
    observations: list[Observation] = []
    # How many observations there were when each check was done.
    seen_by: list[int] = []
    ended = False
    for line in _lines(path):
        match line["type"]:
            case "run":
                run = Run(**line["run"])
            case "plan":
                planned = [record_from_json(check) for check in line["checks"]]
            case "target" if run:
                run = replace(run, url=line["url"], versions=line["versions"])
            case "observation":
                observations.append(Observation(**line["observation"]))
            case "check" if run:
                records.append(record_from_json(line["check"]))
                seen_by.append(len(observations))
                run = replace(run, duration_s=line["elapsed_s"])
            case "end" if run:
                run = replace(run, duration_s=line["duration_s"], interrupted=line["interrupted"])
                ended = True
    if run is None:
        raise JournalError(f"{path}: not the journal of a run: it does not begin with one")
    if not ended:
        run = replace(run, interrupted="the run was killed")
    done = {record.id for record in records}
    why = f"not run: {run.interrupted or 'the run stopped before this check'}"
    left = not_run((plan for plan in planned if plan.id not in done), why)
    checks = (*records, *left)
    stories = _stories(observations, records, seen_by)
    return Result(run, checks, tuple(diagnose(checks, observations, causes)), stories)


def _stories(
    observations: Sequence[Observation], records: Sequence[CheckRecord], seen_by: Sequence[int]
) -> tuple[Timeline, ...]:
    """
    The stories of the probe call and of every call that a check was not happy with.
    """
    unhappy: set[int] = set()
    for record, start, end in zip(records, (0, *seen_by), seen_by, strict=False):
        if record.verdict not in _HAPPY:
            unhappy.update(map(id, observations[start:end]))
    return timelines(
        observations, of=lambda seen: seen.details.get("purpose") == PROBE or id(seen) in unhappy
    )


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    # Not splitlines(): a recorded text may hold U+0085 or U+2028, which JSON leaves as they are.
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        try:
            content = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines) and number > 1:
                return  # torn by the kill that ended the run
            raise JournalError(f"{path}: line {number}: not JSON: {error.msg}") from error
        if not isinstance(content, dict) or "type" not in content:
            raise JournalError(f"{path}: line {number}: not a line of a journal")
        yield content
