"""
No service is left when a run ends, however it ends.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from livekit_conformance.waiting import Waited, wait_until
from tests.scenarios.harness import start_suites
from tests.scenarios.whole_runs import looks_at

_ENDED_WITHIN_S = 60
# Other runs are going on beside it.
_WHOLE_RUN_WITHIN_S = 120
SERVICES = ("redis-server", "livekit-server", "livekit-sip")


def services_of(parent: int) -> list[int]:
    """
    Return the services that this process has started and that still run.
    """
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in children if name_of(int(child)) in SERVICES]


def name_of(pid: int) -> str | None:
    """
    Return the name of a running program, None when it is gone.
    """
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None


@pytest.fixture
def interruptible() -> Iterator[None]:
    """
    Let SIGINT reach our child processes, even when a shell started us in the background.

    Such a shell ignores SIGINT, and children inherit that; they do not inherit a handler.
    """
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@dataclass(frozen=True)
class Ended:
    """
    A finished run in its folder, its exit status, and whether its services are gone.
    """

    folder: Path
    exit_status: int | None
    output: str
    gone: Waited

    @property
    def left(self) -> list[Path]:
        """
        Folders of its services that still exist.
        """
        return list(self.folder.glob("livekit-conformance-*"))

    @property
    def report(self) -> str:
        """
        Text of its page.
        """
        return (self.folder / "reports" / "latest" / "report.html").read_text()


async def ended(folder: Path, number: signal.Signals | None) -> Ended:
    """
    Run the suites with their own services, and send a signal as soon as those are up.
    """
    within = _WHOLE_RUN_WITHIN_S if number is None else _ENDED_WITHIN_S
    environ = {"TMPDIR": str(folder)}
    process = await start_suites("local", folder / "reports", environ=environ)
    services: list[int] = []

    async def all_up() -> str | None:
        services[:] = services_of(process.pid)
        return None if len(services) == len(SERVICES) else f"{len(services)} services are up"

    started = await wait_until(all_up, within=20)
    assert started.came_true, started
    if number is not None:
        os.kill(process.pid, number)
    output, _ = await asyncio.wait_for(process.communicate(), within)

    async def nothing_left() -> str | None:
        left = [pid for pid in services if name_of(pid) in SERVICES]
        return f"{left} are alive" if left else None

    gone = await wait_until(nothing_left, within=5)
    return Ended(folder, process.returncode, output.decode(), gone)


async def undisturbed(folder: Path) -> Ended:
    """
    Run the suites to the end.
    """
    return await ended(folder, None)


@looks_at(undisturbed, takes_s=43)
def test_a_run_to_its_end_leaves_nothing(played):
    assert played.gone.came_true, played.gone
    assert played.left == []
    assert played.exit_status == 0, played.output
    assert "INCOMPLETE" not in played.report


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_interrupted_run_leaves_nothing(real_services, interruptible, tmp_path, number):
    run = await ended(tmp_path, number)

    assert run.gone.came_true, run.gone
    assert run.left == []
    assert run.exit_status == 2, run.output
    assert "INCOMPLETE" in run.report


async def test_a_killed_run_leaves_no_service(real_services, tmp_path):
    run = await ended(tmp_path, signal.SIGKILL)

    assert run.gone.came_true, run.gone


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_interrupted_run_leaves_no_room(scene, interruptible, number):
    async with scene() as target:
        before = await target.inventory()
        process = await target.start("-m", "rooms")

        async def a_room_of_ours() -> str | None:
            rooms = (await target.inventory())["rooms"]
            return None if any("-lkc-" in room for room in rooms) else f"rooms: {rooms}"

        made = await wait_until(a_room_of_ours, within=20)
        os.kill(process.pid, number)
        output, _ = await asyncio.wait_for(process.communicate(), _ENDED_WITHIN_S)
        after = await target.inventory()

    assert made.came_true, f"{made}\n{output.decode()}"
    assert process.returncode == 2, output.decode()
    assert after == before, output.decode()
