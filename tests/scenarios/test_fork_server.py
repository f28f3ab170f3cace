"""
Runs of the fork server: each ends by itself, whatever the others do.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tests.scenarios.fork_server import ForkedRun, start_pytest

WORDS = ("-q", "-p", "no:cacheprovider")


def waiting(folder: Path) -> Path:
    """
    Return the folder, with a test that passes when somebody writes to the FIFO `go` beside it.
    """
    folder.mkdir()
    os.mkfifo(folder / "go")
    (folder / "test_wait.py").write_text("def test_wait(): open('go').close()\n")
    return folder


async def end(run: ForkedRun, folder: Path) -> str:
    await asyncio.to_thread((folder / "go").write_text, "")
    output, _ = await asyncio.wait_for(run.communicate(), 30)
    return output.decode()


async def test_a_run_ends_before_one_that_began_later(tmp_path):
    one, other = waiting(tmp_path / "one"), waiting(tmp_path / "other")
    first = await start_pytest(WORDS, cwd=one, env=os.environ)
    second = await start_pytest(WORDS, cwd=other, env=os.environ)

    told = await end(first, one)

    assert (first.returncode, "1 passed" in told) == (0, True), told
    assert "1 passed" in await end(second, other)
