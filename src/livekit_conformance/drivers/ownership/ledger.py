"""
Ledger of a run: objects that it is about to create, on disk before the request is sent.

One JSON line for each intended object, and one more when the server has answered with an id. A
live run holds a lock on the file, which the kernel releases however the run ends. A ledger
without its lock therefore belongs to a dead run.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from livekit_conformance.errors import blocked, in_system_words
from livekit_conformance.judges.preconditions import LEDGER_NOT_WRITABLE
from livekit_conformance.protocol.mark import Kind

NAME = "ledger.jsonl"
# Younger objects of a run without a ledger are left alone; in seconds.
TTL_S = 3600


class Ledger:
    """
    Writer of the ledger of one live run. Use it as a context manager.

    `budget` is the time limit of the run; `ttl` the time in which nobody else may delete its
    objects. Both are in seconds.
    """

    def __init__(self, path: Path, *, run: str, environment: str, budget: float = 0.0) -> None:
        self.run = run
        self.environment = environment
        self.ttl = max(TTL_S, round(2 * budget))
        self._path = path
        with self._obstacle():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            # This may wait for a sweeper that is reading; no other run has this file.
            fcntl.flock(self._file, fcntl.LOCK_EX)
            _sync_folder(path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def intend(self, kind: Kind, name: str) -> None:
        """
        Record, before the request, that an object is about to be created; on disk on return.

        Raises Blocked if the ledger cannot be written: nobody could delete the object after a kill.
        """
        with self._obstacle():
            self._write(
                "create", kind, name, run=self.run, environment=self.environment, at=time.time()
            )

    def complete(self, kind: Kind, name: str, server_id: str) -> None:
        """
        Record the id that the server gave the object, if the disk takes it; nothing depends on it.
        """
        with suppress(OSError):
            self._write("created", kind, name, id=server_id)

    def _write(self, what: str, kind: Kind, name: str, **more: Any) -> None:
        line = json.dumps({"type": what, "kind": kind, "name": name, **more}, ensure_ascii=False)
        content = f"{line}\n".encode()
        size = os.fstat(self._file).st_size
        try:
            # In one call: a kill leaves either a whole line or a torn last one.
            if os.write(self._file, content) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301 - as below
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, size)
            raise

    @contextmanager
    def _obstacle(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise blocked(
                LEDGER_NOT_WRITABLE,
                f"{self._path} cannot be written: {in_system_words(error)}; nothing is created "
                "that no file records",
                remedy="Free space there, or name another folder: --reports DIR",
                path=str(self._path),
                error=in_system_words(error),
            ) from error


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """
    Content of a ledger: its run, whether the run is alive, and the objects it was about to create.
    """

    run: str
    environment: str
    lives: bool
    intended: frozenset[tuple[Kind, str]]


def past_runs(reports: Path) -> Iterator[RecordedRun]:
    """
    Yield the runs whose ledgers lie in the folders of `reports`.
    """
    for path in sorted(reports.glob(f"*/{NAME}")):
        if not path.parent.is_symlink() and (past := read(path)) is not None:
            yield past


def read(path: Path) -> RecordedRun | None:
    """
    Return the content of the ledger at `path`; None when no object was intended.
    """
    with path.open("rb") as file:
        lives = not _is_free(file.fileno())
        lines = [line for raw in file if (line := _parse(raw)) is not None]
    intended = [line for line in lines if line["type"] == "create"]
    if not intended:
        return None
    first = intended[0]
    return RecordedRun(
        first["run"],
        first["environment"],
        lives,
        frozenset((line["kind"], line["name"]) for line in intended),
    )


def _is_free(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _parse(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None  # torn by the kill that ended the run, before the request was sent
    if not isinstance(line, dict):
        return None
    wanted = {"create": {"kind", "name", "run", "environment"}, "created": {"kind", "name"}}
    return line if line.keys() >= wanted.get(str(line.get("type")), {"type", ""}) else None


def _sync_folder(folder: Path) -> None:
    # The directory entry of a new file is on disk only after a sync of its folder.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
