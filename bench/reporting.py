"""
Measure the cost of verdicts, journal, evidence and all reports: run 1,000 checks under the plugin
and the same 1,000 tests without it, alternately, with the same other plugins.

   .venv/bin/python bench/reporting.py

Each check records an exchange, as over HTTP, and waits for PAUSE seconds. The suite's own checks
take 240 ms on average against real services on the same machine (120 ms without the five that break
the stack), so reporting adds a tenth of the printed ratio to a real run.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from livekit_conformance.catalogue.clauses import CLAUSES

ROOT = Path(__file__).parents[1]
CHECKS = 1_000
PAUSE = float(os.environ.get("PAUSE", "0.026"))
RUNS = int(os.environ.get("RUNS", "3"))
MOST_MS = 5.0
MOST_RATIO = 1.10
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": ""}
COMMAND = (
    *(sys.executable, "-m", "pytest", "suites", "-q"),
    *("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:hypothesispytest"),
)
BODY = """\
import time

import pytest

{see}

@pytest.mark.clause("{clause}")
@pytest.mark.parametrize("n", range({count}))
def test_{name}(n, request):
    time.sleep({pause})
    see(request)
"""
OURS = """\
from livekit_conformance.reporting.run.session import RUN

HEADERS = {"Content-Type": "application/json", "Date": "Mon, 23 Nov 2026 04:00:00 GMT"}


def see(request):
    record = request.config.stash[RUN].recorder.record
    record(time.time(), "http", "POST /twirp/livekit.RoomService/ListRooms 200",
           url="http://127.0.0.1:7880/twirp/livekit.RoomService/ListRooms", method="POST",
           status=200, body='{"rooms": []}', headers=HEADERS, duration_s=0.002)
"""
BARE = "def see(request):\n    pass\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """
    Seconds of one run: wall-clock and CPU time.
    """

    wall: float
    cpu: float


def project(folder: Path, see: str) -> Path:
    """
    Write a project with the checks, which record by `see`, and return its folder.
    """
    suites = folder / "suites"
    suites.mkdir(parents=True)
    clauses = [clause.id for clause in CLAUSES][:100]
    for number, clause in enumerate(clauses):
        source = BODY.format(
            see=see, clause=clause, name=number, count=CHECKS // len(clauses), pause=PAUSE
        )
        suites.joinpath(f"test_{number}.py").write_text(source)
    return folder


def cost(folder: Path) -> Cost:
    """
    Return the cost of one run; raise CalledProcessError when it fails.
    """
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(COMMAND, cwd=folder, env=ENVIRON, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    shutil.rmtree(folder / "reports", ignore_errors=True)
    return Cost(time.perf_counter() - began, cpu)


def main() -> int:
    """
    Run both alternately and print the medians; return 1 when a limit is exceeded.
    """
    with tempfile.TemporaryDirectory() as scratch:
        ours, bare = project(Path(scratch) / "ours", OURS), project(Path(scratch) / "bare", BARE)
        plugin = 'pytest_plugins = ["livekit_conformance.reporting.plugin.hooks"]\n'
        ours.joinpath("conftest.py").write_text(plugin)
        ours.joinpath("pytest.ini").write_text("[pytest]\n")
        ours.joinpath("config").mkdir()
        shutil.copy(ROOT / "config" / "mock.yaml", ours / "config" / "mock.yaml")
        bare.joinpath("pytest.ini").write_text("[pytest]\nmarkers = clause\n")
        pairs = [(cost(ours), cost(bare)) for _ in range(RUNS)]
    wall = statistics.median((one.wall - other.wall) * 1000 / CHECKS for one, other in pairs)
    cpu = statistics.median((one.cpu - other.cpu) * 1000 / CHECKS for one, other in pairs)
    ratio = statistics.median(one.wall / other.wall for one, other in pairs)
    of_cpu = statistics.median(one.cpu / other.cpu for one, other in pairs)
    print(
        f"reporting adds {wall:.2f} ms a check (of processor time {cpu:.2f} ms), limit {MOST_MS}\n"
        f"checks of {PAUSE * 1000:g} ms: {ratio:.3f} x bare pytest, limit {MOST_RATIO} "
        f"(processor time {of_cpu:.2f} x)"
    )
    return int(wall >= MOST_MS or ratio >= MOST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
