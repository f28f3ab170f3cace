"""
Measure the cost of the plugin before the first check: collect suites/, and the same number of empty
tests with bare pytest, alternately. Measure the start of commands in the same way, against that of
pytest. Prints the median ratios.

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
PYTEST = (sys.executable, "-m", "pytest", "--version")
OURS = (sys.executable, "-m", "livekit_conformance.cli")
COMMANDS = (("--help",), ("diagnose", os.devnull), ("doctor", "--help"))
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


def ratio(ours: tuple[str, ...], other: tuple[str, ...], folder: Path) -> float:
    """
    Return the median ratio of the durations of our command and of another one in a folder.
    """
    # Discard the first pair, which warmed up the page cache.
    pairs = [(seconds(ours, ROOT), seconds(other, folder)) for _ in range(RUNS + 1)][1:]
    return statistics.median(one / another for one, another in pairs)


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
        collecting = ratio((*COLLECT, "suites/"), (*COLLECT, str(peer)), peer)
    print(f"collecting suites/: {collecting:.2f} x the time of the same number of empty tests")
    for command in COMMANDS:
        starting = ratio((*OURS, *command), PYTEST, ROOT)
        print(f"{' '.join(command)}: {starting:.2f} x the time of pytest --version")


if __name__ == "__main__":
    main()
