"""
When a run ends, however it ends, none of its services is left.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from livekit_conformance.waiting import wait_until
from tests.scenarios.harness import start_suites

SERVICES = ("redis-server", "livekit-server", "livekit-sip")


def services_of(parent: int) -> list[int]:
    """
    The services that this process has started and that still run.
    """
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in children if name_of(int(child)) in SERVICES]


def name_of(pid: int) -> str | None:
    """
    The name of a running program; None when it is gone.
    """
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None


@pytest.fixture
def interruptible() -> Iterator[None]:
    """
    SIGINT reaches the processes that we start, also where a shell started us in the background.

    Such a shell lets SIGINT be ignored, and children inherit that; a handler they do not inherit.
    """
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.parametrize("number", [None, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_however_a_run_ends_it_leaves_nothing(real_services, interruptible, tmp_path, number):
    reports = tmp_path / "reports"
    process = await start_suites("local", reports, environ={"TMPDIR": str(tmp_path)})
    services: list[int] = []

    async def all_up() -> str | None:
        services[:] = services_of(process.pid)
        return None if len(services) == len(SERVICES) else f"{len(services)} services are up"

    started = await wait_until(all_up, within=20)
    assert started.came_true, started
    if number is not None:
        os.kill(process.pid, number)
    output, _ = await asyncio.wait_for(process.communicate(), 60)

    async def nothing_left() -> str | None:
        left = [pid for pid in services if name_of(pid) in SERVICES]
        return f"{left} are alive" if left else None

    gone = await wait_until(nothing_left, within=5)
    assert gone.came_true, gone
    if number is signal.SIGKILL:
        return
    assert list(tmp_path.glob("livekit-conformance-*")) == []
    assert process.returncode == (0 if number is None else 2), output.decode()
    report = (reports / "latest" / "report.html").read_text()
    assert ("INCOMPLETE" in report) == (number is not None)


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
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        after = await target.inventory()

    assert made.came_true, f"{made}\n{output.decode()}"
    assert process.returncode == 2, output.decode()
    assert after == before, output.decode()
