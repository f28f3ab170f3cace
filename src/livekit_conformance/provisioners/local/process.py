"""
Supervised child process: one log file, a readiness check, and no survival after its parent.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from livekit_conformance import run_clock
from livekit_conformance.errors import Blocked
from livekit_conformance.observations import Recorder, ServiceProcess
from livekit_conformance.provisioners.local.prerequisites import SETPRIV
from livekit_conformance.waiting import wait_until

_TAIL_BYTES = 2000
_READY_WITHIN_S = 10.0
_UNLESS_ORPHANED = '[ "$PPID" = "$1" ] || exit 1; shift; exec "$@"'


class Process:
    """
    One service. It dies with its parent, also when the parent is killed by SIGKILL.

    The kernel delivers the parent-death signal (prctl(2), PR_SET_PDEATHSIG), which `setpriv` of
    util-linux arms before it becomes the service. If the parent was killed before the signal was
    armed, the shell in between detects it: by then its own parent is another process.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, recorder: Recorder) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._recorder = recorder
        self._child: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """
        Process id of the running service.
        """
        return self._running().pid

    async def start(self, why_not_ready: Callable[[], Awaitable[str | None]]) -> None:
        """
        Start the service and return when `why_not_ready` returns None.

        Raises Blocked with the exit status and the end of the log when it ends before that, or
        with the last reason when it is not ready in time.
        """
        setpriv = SETPRIV.find(os.environ)
        with self.log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *(setpriv, "--pdeathsig", "KILL", "--"),
                *("sh", "-c", _UNLESS_ORPHANED, "sh", str(os.getpid()), *self._command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for pytest, which stops the services in order.
                start_new_session=True,
            )

        async def ready_or_gone() -> str | None:
            return None if self._exit_status() is not None else await why_not_ready()

        waited = await wait_until(ready_or_gone, within=_READY_WITHIN_S)
        status = self._exit_status()
        if status is None and waited.came_true:
            return
        ending = (
            f"ended with status {status}" if status is not None else f"not ready: {waited.reason}"
        )
        tail = self.tail()
        text = f"{self.name} {ending}"
        self._recorder.record(ServiceProcess(run_clock.now(), text, service=self.name, tail=tail))
        await self.stop()
        *before, last = self._recorder.redact(tail).splitlines() or ["(its log is empty)"]
        raise Blocked(
            f"{self.name} did not start: {ending}. The last line of its log: {last}",
            remedy="\n".join(["The lines before it:", *before]),
        )

    async def kill(self) -> None:
        """
        Kill the service at once (SIGKILL), as in a crash.
        """
        child = self._running()
        child.kill()
        await child.wait()

    def signal(self, number: signal.Signals) -> None:
        """
        Send a signal to the service, for instance SIGSTOP to freeze it.
        """
        self._running().send_signal(number)

    async def stop(self, within: float = 2.0) -> None:
        """
        Stop the service with SIGTERM, or with SIGKILL after `within` seconds.
        """
        child = self._child
        if child is None or self._exit_status() is not None:
            return
        child.terminate()
        try:
            await asyncio.wait_for(child.wait(), within)
        except TimeoutError:
            # It may have ended just now.
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    def tail(self) -> str:
        """
        Return the end of the service's log.
        """
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES), os.SEEK_SET)
            return log.read().decode("utf-8", "backslashreplace")

    def _running(self) -> asyncio.subprocess.Process:
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._child

    def _exit_status(self) -> int | None:
        return self._child.returncode if self._child is not None else None
