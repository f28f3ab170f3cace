"""
Follow the README on a fresh Debian; the `make fresh-machine` target. Run as root.

   python3 -m tests.fresh_machine                   # run, quick, test, local as an ordinary user
   python3 -m tests.fresh_machine --steps run --root --python-prefix ~/.pyenv/versions/3.13.0

Prints a table of the duration and the outcome of each step; the full output is in
`reports/fresh-machine/`. Status 1: a step did not end as expected.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tests.fresh_machine.machine import ORDINARY, ROOT, Machine, User, temporary_folder

CHECKOUT = Path(__file__).resolve().parents[2]
GIVE_UP = 3600.0
_ROW = "{:<12} {:<7} {:<8} {:>8} {:>7}  {:<10} {}"


@dataclass(frozen=True)
class Step:
    """
    A command of the README, with its expected status as an ordinary user and as root, and its time.
    """

    command: str
    as_user: int = 0
    as_root: int = 0
    within: float = GIVE_UP

    def expects(self, user: User) -> int:
        return self.as_user if user.uid else self.as_root


STEPS = {
    "run": [Step("make run", within=60)],
    "quick": [Step("make quick"), Step("make quick", within=60)],  # the first one installs
    "test": [Step("make test")],
    "local": [Step("make local", as_user=2)],  # no C compiler, no livekit-sip
}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def last_line(log: Path) -> str:
    """
    Return the last line that is not blank.
    """
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "(nothing)")


def follow(user: User, prefix: Path | None, steps: list[Step], logs: Path) -> Iterator[bool]:
    """
    Run the steps on a fresh machine, print their rows, and yield whether each ended as expected.
    """
    with temporary_folder() as folder:
        machine = Machine(folder, user, prefix)
        machine.prepare(CHECKOUT)
        asked = logs / f"{user.name}-python.log"
        machine.run("python3 -c 'import platform; print(platform.python_version())'", asked, 60)
        python = last_line(asked)
        for number, step in enumerate(steps, 1):
            log = logs / f"{user.name}-{python}-{number}-{step.command.replace(' ', '-')}.log"
            begun = time.monotonic()
            status = machine.run(step.command, log, GIVE_UP)
            seconds = time.monotonic() - begun
            wrong = (
                (status != step.expects(user) and "STATUS")
                or (seconds > step.within and "TOO SLOW")
                or ""
            )
            _say(
                _ROW.format(
                    step.command,
                    user.name,
                    python,
                    f"{seconds:.1f}",
                    status,
                    wrong or "expected",
                    last_line(log),
                )
            )
            yield not wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.fresh_machine", description="Follows the README on a fresh Debian."
    )
    parser.add_argument(
        "--steps",
        nargs="+",
        choices=STEPS,
        default=list(STEPS),
        help="in this order (default: all)",
    )
    parser.add_argument("--root", action="store_true", help="the same as root, on a second machine")
    parser.add_argument(
        "--python-prefix",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="`make run` with this Python, too",
    )
    parser.add_argument(
        "--logs", type=Path, default=CHECKOUT / "reports" / "fresh-machine", metavar="DIR"
    )
    options = parser.parse_args()
    missing = [
        program
        for program in ("debootstrap", "unshare", "chroot", "git", "tar")
        if not shutil.which(program)
    ]
    if os.geteuid() or missing:
        parser.error(
            f"install {', '.join(missing)}"
            if missing
            else "run it as root: debootstrap and mounts need that"
        )
    options.logs.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _end)

    head = subprocess.run(
        ("git", "-C", CHECKOUT, "log", "-1", "--format=%h %s"),
        capture_output=True,
        text=True,
        check=True,
    )
    _say(f"checkout: {head.stdout.strip()} (without what is not committed)\n")
    _say(_ROW.format("step", "as", "python", "seconds", "status", "", "its last line"))
    chosen = [step for name in options.steps for step in STEPS[name]]
    series = [(ORDINARY, None, chosen), *([(ROOT, None, chosen)] if options.root else [])]
    series += [
        (ORDINARY, prefix.resolve(strict=True), STEPS["run"]) for prefix in options.python_prefix
    ]
    as_expected = [
        step for user, prefix, steps in series for step in follow(user, prefix, steps, options.logs)
    ]
    _say(f"\n{sum(as_expected)} of {len(as_expected)} steps ended as expected; see {options.logs}")
    return 0 if all(as_expected) else 1


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
