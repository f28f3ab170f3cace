"""
Measure the cost of the plugin before the first check: collect suites/, and the same number of empty
tests with bare pytest, alternately. Measure the start of commands in the same way, against that of
pytest: `doctor` ends at a profile that does not exist. Prints the median ratios.

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
# Each with its exit status.
COMMANDS = {("--help",): 0, ("diagnose", os.devnull): 0, ("doctor", "--env=nowhere"): 4}
COLLECT = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")


def seconds(command: tuple[str, ...], folder: Path, status: int = 0) -> float:
    """
    Return the duration of the command; raise AssertionError if its exit status is another one.
    """
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRON, check=False, capture_output=True)
    took = time.perf_counter() - started
    assert done.returncode == status, done.stderr.decode()
    return took


def checks() -> int:
    """
    Return the number of checks in suites/.
    """
    ours = subprocess.run(
        (*COLLECT, "suites/"), cwd=ROOT, env=ENVIRON, check=True, capture_output=True, text=True
    )
    return sum("::" in line for line in ours.stdout.splitlines())


def ratio(ours: tuple[str, ...], other: tuple[str, ...], folder: Path, status: int = 0) -> float:
    """
    Return the median ratio of the durations of our command, with its exit status, and of another
    one in a folder.
    """
    # Discard the first pair, which warmed up the page cache.
    pairs = [(seconds(ours, ROOT, status), seconds(other, folder)) for _ in range(RUNS + 1)][1:]
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
    for command, status in COMMANDS.items():
        starting = ratio((*OURS, *command), PYTEST, ROOT, status)
        print(f"{' '.join(command)}: {starting:.2f} x the time of pytest --version")


if __name__ == "__main__":
    main()
