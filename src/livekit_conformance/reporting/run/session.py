"""
State of the plugin while a run is under way; fixtures reach it as `config.stash[RUN]`.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from livekit_conformance import __version__
from livekit_conformance.environments.hosting import hosting_of
from livekit_conformance.environments.loader import Loaded
from livekit_conformance.environments.places import environment_name
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.scrubbing import scrubber_of
from livekit_conformance.observations import Observation, Recorder
from livekit_conformance.reporting.result.journal import NAME, Journal
from livekit_conformance.reporting.result.json_text import entry_a_line
from livekit_conformance.reporting.result.model import Result, Run
from livekit_conformance.reporting.result.whole_files import write_whole
from livekit_conformance.reporting.run.report_folder import problem_with, problem_with_latest
from livekit_conformance.reporting.run.verdict_rules import Broken, Decision
from livekit_conformance.verdict import UNSUCCESSFUL, CheckRecord
from livekit_conformance.wording import Language


@dataclass
class RunState:
    """
    State of a run: its profile, its recorder, and the records of the checks so far.

    `directory` is the folder of the reports, `budget` the seconds that the run may take. The
    reports are in `language`, the summary on the terminal in `terminal_language`.
    """

    environment: str
    loaded: Loaded
    directory: Path
    run: Run
    budget: float
    profile: Profile
    recorder: Recorder
    versions: Mapping[str, str] = field(default_factory=dict)
    broken: Broken = field(default_factory=Broken)
    records: list[CheckRecord] = field(default_factory=list)
    journal: Journal | None = None
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict)
    language: Language = "en"
    terminal_language: Language = "en"
    _began: float = field(default_factory=time.monotonic)
    # Why files can no longer be written, from the first failure on.
    unwritable: str | None = None
    _journaled: int = 0

    @classmethod
    def start(
        cls,
        environment: str,
        loaded: Loaded,
        reports: Path,
        *,
        budget: float | None = None,
        seed: int = 0,
        language: Language | None = None,
        terminal_language: Language = "en",
        build: Mapping[str, str] | None = None,
        again: tuple[str, ...] = (),
        required_coverage: float = 0.0,
    ) -> RunState:
        """
        Return a new run with a unique id.
        """
        now = datetime.now(UTC)
        name = environment_name(environment)
        run_id = f"{now:%Y%m%dT%H%M%SZ}-{name}-{secrets.token_hex(4)}"
        profile = loaded.profile
        scrubber = scrubber_of(profile)
        run = Run(
            id=run_id,
            environment=name,
            kind=profile.kind,
            started=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            suite_version=__version__,
            seed=seed,
            url=scrubber(profile.livekit.url),
            variables=loaded.origins,
            build=build or {},
            again=again,
            hosting=hosting_of(profile).value,
            required_coverage=required_coverage,
        )
        return cls(
            environment=name,
            loaded=loaded,
            directory=reports / run_id,
            run=run,
            budget=budget or profile.limits.run,
            profile=profile,
            recorder=Recorder(scrubber),
            language=language or "en",
            terminal_language=language or terminal_language,
        )

    def use(self, profile: Profile, *, versions: Mapping[str, str] | None = None) -> None:
        """
        Continue with the profile that a provisioner filled in, and the versions that it found.

        `versions` has the keys `livekit_server` and `livekit_sip`, as far as they are known.
        """
        self.profile = profile
        self.versions = {name: self.clean(found) for name, found in (versions or {}).items()}
        self.recorder.redact = self.recorder.redact.with_secrets(profile.secrets())
        if self.journal is not None:
            with self._writing():
                self.journal.target(self.clean(profile.livekit.url), self.versions)

    @property
    def short_id(self) -> str:
        """
        Unique part of the run's id.
        """
        return self.run.id.rpartition("-")[2]

    @property
    def mark(self) -> str:
        """
        Return what the names of all rooms of the run have in common.
        """
        return f"lkc-{self.short_id}"

    def clean(self, text: str) -> str:
        """
        Return `text` without secrets.
        """
        return self.recorder.redact(text)

    @property
    def elapsed(self) -> float:
        """
        Seconds since the run began.
        """
        return time.monotonic() - self._began

    @property
    def time_left(self) -> float:
        """
        Seconds until the budget is used up; negative if it is overdrawn.
        """
        return self.budget - self.elapsed

    def begin(self, planned: Iterable[CheckRecord]) -> None:
        """
        Open the journal and let DIR/latest point at this run.

        Raises UsageError, and leaves no folder, if that is impossible.
        """
        reports = self.directory.parent
        try:
            if (problem := problem_with_latest(reports)) is not None:
                raise pytest.UsageError(problem)
            self.directory.mkdir(parents=True, exist_ok=True)
            self.journal = Journal(self.directory / NAME)
            self.journal.begin(self.run, planned)
            point_latest_at(self.directory)
        except OSError as error:
            self.release()
            self.journal = None
            shutil.rmtree(self.directory, ignore_errors=True)
            raise pytest.UsageError(problem_with(reports, error)) from error

    def started(self, check_id: str) -> None:
        """
        Record the start of a check, and forget the links that an earlier attempt at it broke.
        """
        self.broken.forget(check_id)
        if self.journal is not None:
            with self._writing():
                self.journal.started(check_id)

    def former_attempts(self, check_id: str) -> list[CheckRecord]:
        """
        Return the records of earlier attempts at this check, oldest first.
        """
        return [record for record in self.records if record.id == check_id]

    @property
    def is_troubled(self) -> bool:
        """
        Return whether a check has failed, or its claim could not be tested.
        """
        return any(record.verdict in UNSUCCESSFUL for record in self.records)

    def settle(self, record: CheckRecord, decision: Decision) -> None:
        """
        Keep the record of a check, and write it to disk at once.
        """
        self.records.append(record)
        self.broken.add(record, decision)
        if self.journal is not None:
            fresh = self._not_yet_journaled()
            with self._writing():
                self.journal.check(record, fresh, elapsed_s=round(self.elapsed, 3))

    def finish(self, interrupted: str | None) -> Result | None:
        """
        Complete the journal and return the result in it; None if the run never began.
        """
        if self.journal is None:
            return None
        why = None if interrupted is None else self.clean(interrupted)
        with self._writing():
            self.journal.seen(self._not_yet_journaled())
        with self._writing():
            self.journal.end(duration_s=round(self.elapsed, 3), interrupted=why)
        return replace(self.journal.result(), language=self.language)

    def release(self) -> None:
        """
        Release the lock on the journal, which shows that this run is over.
        """
        if self.journal is not None:
            self.journal.release()

    def write_evidence(self, check_id: str, seen: Sequence[Observation]) -> tuple[str, ...]:
        """
        Write the observations of a check to a file and return its path; no file if there are none.
        """
        if not seen:
            return ()
        name = f"{re.sub(r'[^A-Za-z0-9._-]', '_', check_id)}.json"
        content = {"check": check_id, "observations": [o.as_json() for o in seen]}
        return self._write_evidence(name, entry_a_line(content))

    @contextmanager
    def shared_evidence(self, fixture: str) -> Iterator[None]:
        """
        Keep the observations made inside as evidence for every check that uses `fixture`.
        """
        seen: list[Observation] = []
        try:
            with self.recorder.scope() as seen:
                yield
        finally:
            self.shared[fixture] = self.write_evidence(fixture.replace("_", "-"), seen)

    def keep_log(self, service: str, lines: Sequence[str]) -> None:
        """
        Keep the lines of a service's log as evidence, without secrets.
        """
        self._write_evidence(f"{service}.log", "".join(f"{self.clean(line)}\n" for line in lines))

    def _write_evidence(self, name: str, text: str) -> tuple[str, ...]:
        """
        Return the path of a new file with `text`; none if it cannot be written.
        """
        path = Path("evidence") / name
        with self._writing():
            (self.directory / path.parent).mkdir(parents=True, exist_ok=True)
            write_whole(self.directory / path, text)
            return (path.as_posix(),)
        return ()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """
        Keep the reason why a file could not be written; the run ends after its current check.
        """
        try:
            yield
        except OSError as error:
            self.unwritable = self.unwritable or problem_with(self.directory.parent, error)

    def _not_yet_journaled(self) -> list[Observation]:
        fresh = self.recorder.observations[self._journaled :]
        self._journaled += len(fresh)
        return fresh


RUN: pytest.StashKey[RunState] = pytest.StashKey()


def point_latest_at(directory: Path) -> None:
    """
    Replace the link `latest` beside `directory` in one step; readers never find it missing.

    Raises OSError if `latest` is a real directory.
    """
    fresh = directory.with_name(f".latest-{directory.name}")
    fresh.symlink_to(directory.name, target_is_directory=True)
    try:
        fresh.replace(directory.with_name("latest"))
    except OSError:
        fresh.unlink()
        raise
