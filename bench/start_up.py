"""
Measure the cost of the plugin before the first check: collect suites/, and the same number of empty
tests with bare pytest, alternately. Prints the median ratio.

   .venv/bin/python bench/start_up.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 7
# Let Python cache the compiled modules, as it does for an operator.
ENVIRON = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
COLLECT = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")


def seconds(command: tuple[str, ...], folder: Path) -> float:
    """
    Return the duration of the command; raise CalledProcessError when it fails.
    """
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=ENVIRON, check=True, capture_output=True)
    return time.perf_counter() - started


def checks() -> int:
    """
    Return the number of checks in suites/.
    """
    ours = subprocess.run(
        (*COLLECT, "suites/"), cwd=ROOT, env=ENVIRON, check=True, capture_output=True, text=True
    )
    return sum("::" in line for line in ours.stdout.splitlines())


def main() -> None:
    """
    Time both alternately and print the medians.
    """
    with tempfile.TemporaryDirectory() as scratch:
        peer = Path(scratch)
        peer.joinpath("test_peer.py").write_text(
            "import pytest\n"
            f"@pytest.mark.parametrize('n', range({checks()}))\n"
            "def test_empty(n): pass\n"
        )
        bare = (*COLLECT, str(peer))
        ours = (*COLLECT, "suites/")
        pairs = [(seconds(ours, ROOT), seconds(bare, peer)) for _ in range(RUNS + 1)][1:]
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"collecting suites/: {ratio:.2f} x the time of the same number of empty tests")


if __name__ == "__main__":
    main()
