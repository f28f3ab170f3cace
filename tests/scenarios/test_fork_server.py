"""
Runs of the fork server: each ends by itself, whatever the others do.
"""

from __future__ import annotations

import asyncio
import os

from tests.scenarios.fork_server import ForkedRun, start_pytest


async def start_one_that_waits(folder) -> ForkedRun:
    """
    Start a run whose only test passes when somebody has opened the FIFO `go` in its folder.
    """
    folder.mkdir()
    os.mkfifo(folder / "go")
    (folder / "test_wait.py").write_text("def test_wait(): open('go').close()\n")
    return await start_pytest(["-q", "-p", "no:cacheprovider"], cwd=folder, env=os.environ)


async def end(run: ForkedRun, folder) -> str:
    await asyncio.to_thread((folder / "go").write_text, "")
    output, _ = await asyncio.wait_for(run.communicate(), 30)
    return output.decode()


async def test_a_run_ends_before_one_that_began_later(tmp_path):
    one = await start_one_that_waits(tmp_path / "one")
    other = await start_one_that_waits(tmp_path / "other")

    told = await end(one, tmp_path / "one")

    assert (one.returncode, "1 passed" in told) == (0, True), told
    assert "1 passed" in await end(other, tmp_path / "other")
