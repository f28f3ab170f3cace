"""
Read the lines that the services write to their logs during the run, and nothing older.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from livekit_conformance.catalogue.error_lines import ON_PURPOSE, TELLING
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.logline import LogLine, parse
from livekit_conformance.waiting import Waited, wait_until

_WARNING = frozenset({"warn", "error", "dpanic", "panic", "fatal"})
# Fields that a diagnosis uses; the rest of a line stays in the log.
_FIELDS = ("error", "status", "response", "method", "path", "reason", "callID", "sipCallID")
# Fields of a failed call: its direction, and the times of the other side's answers, if any.
_OF_A_FAILURE = ("agentName", "jobType", "direction", "inviteToTryingMs", "inviteToRingingMs")
# Fields that identify the call of a line, where the line has them.
_NAMES = ("room", "participant", "participantID", "event", "id", "result", *_OF_A_FAILURE)


class LogTail:
    """
    One log from a byte offset on. Lines are kept, so every reader sees the whole window.

    A file that became shorter was rotated or truncated: it is read again from its beginning.
    With `since` (Unix seconds) the whole file is read, and older lines are left out.
    """

    def __init__(self, service: str, path: Path, *, since: float | None = None) -> None:
        self.service = service
        self.path = path
        self.lines: list[LogLine] = []
        self._since = since
        self._reported: int | None = None
        # Numbers of the lines that were already recorded.
        self._recorded: set[int] = set()
        self._rest = b""
        self._offset, self._inode = 0, 0
        if path.is_file():
            status = path.stat()
            self._inode = status.st_ino
            self._offset = status.st_size if since is None else 0

    def read(self) -> list[LogLine]:
        """
        Return all whole lines of the window, oldest first; raise Blocked if the log is unreadable.
        """
        try:
            fresh = self._read_fresh()
        except OSError as error:
            raise Blocked(
                f"the log of {self.service} cannot be read: {error}",
                remedy="Set `path` under `logs` in the profile to a readable file",
            ) from error
        *whole, self._rest = (self._rest + fresh).split(b"\n")
        lines = (parse(raw.decode("utf-8", "backslashreplace")) for raw in whole if raw)
        self.lines.extend(line for line in lines if not self._is_old(line))
        return self.lines

    def _read_fresh(self) -> bytes:
        status = self.path.stat()
        if status.st_size < self._offset or status.st_ino != self._inode:
            self._offset, self._inode, self._rest = 0, status.st_ino, b""
        with self.path.open("rb") as log:
            log.seek(self._offset)
            fresh = log.read()
        self._offset += len(fresh)
        return fresh

    def _is_old(self, line: LogLine) -> bool:
        return self._since is not None and line.at is not None and line.at < self._since

    def report(self, recorder: Recorder) -> None:
        """
        Record the warnings of the window, except for those that the suite caused on purpose.
        """
        for number, line in enumerate(self.read()[: self._reported]):
            if ON_PURPOSE in line.raw or number in self._recorded:
                continue
            if line.level in _WARNING or line.dialect == "text" or _reports_a_failure(line):
                self._recorded.add(number)
                recorder.record(
                    line.at or time.time(),
                    "log",
                    describe_line(self.service, line),
                    service=self.service,
                    level=line.level,
                    message=line.message,
                    **{name: line.fields.get(name) for name in _FIELDS},
                    **{name: line.fields[name] for name in _NAMES if name in line.fields},
                )

    def unreported(self) -> list[LogLine]:
        """
        Return the lines of the window that `report` has not recorded.
        """
        return [line for number, line in enumerate(self.lines) if number not in self._recorded]

    def report_no_more(self) -> None:
        """
        Leave all later lines out of `report`: the suite itself is about to cause them.
        """
        self._reported = len(self.read())

    async def wait_for(
        self, wanted: Callable[[LogLine], bool], *, within: float, what: str, after: int = 0
    ) -> tuple[LogLine | None, Waited]:
        """
        Return the first wanted line of the window, with the result of the wait for `what`.

        The first `after` lines of the window are skipped.
        """
        found: list[LogLine] = []

        async def why_not_yet() -> str | None:
            found.extend(line for line in self.read()[after:] if wanted(line))
            return None if found else f"{what} is not among the {len(self.lines)} lines"

        waited = await wait_until(why_not_yet, within=within, poll=0.05)
        return (found[0] if found else None), waited


def _reports_a_failure(line: LogLine) -> bool:
    name, telling = TELLING.get(line.message, ("", None))
    return telling is not None and telling.search(str(line.fields.get(name) or "")) is not None


@asynccontextmanager
async def log_of_command(service: str, command: Sequence[str]) -> AsyncIterator[LogTail]:
    """
    Yield a tail of the output of a command (`kubectl logs -f ...`) that runs beside the suite.

    A command that cannot be started leaves its error as the only line.
    """
    since = time.time()
    with tempfile.NamedTemporaryFile(prefix=f"{service}-", suffix=".log") as spool:
        tail = LogTail(service, Path(spool.name), since=since)
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=spool, stderr=spool
            )
        except OSError as error:
            spool.write(f"the log command {command[0]} cannot be started: {error}\n".encode())
            spool.flush()
            yield tail
            return
        try:
            yield tail
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def describe_line(service: str, line: LogLine) -> str:
    """
    Return one line of a service's log in readable form.
    """
    level = f"{line.level.upper()} " if line.level else ""
    response = line.fields.get("response")
    answer = f"; {line.fields.get('status')} {str(response).strip()}" if response else ""
    error = f" (error: {line.error}{answer})" if line.error else ""
    return f"log of {service}: {level}{line.message}{error}"
