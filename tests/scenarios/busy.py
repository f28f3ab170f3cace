"""
Play strangers' traffic beside runs on the real services: `make busy`, or with `--soak` all at once.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from tests.scenarios.harness import Run
from tests.scenarios.real_stack import Scene, scene
from tests.scenarios.strangers.kinds import KINDS, Kind
from tests.scenarios.strangers.traffic import BEGUN, Outcomes, traffic

_QUIET_RUNS = 3
_UNHAPPY = frozenset({"FAIL", "BLOCKED", "ERROR"})
_SOAK_S = 3600
# Seconds between two runs of a soak: sixty runs an hour.
_SOAK_EVERY_S = 60
_MOST_TIMES_QUIET = 2.0
# What a soak mixes: failing calls, rooms and requests, at rates that leave two cores some time. A
# call that an agent answers takes half a second of CPU, most of it for the agent's SDK.
SOAK = (
    replace(KINDS["no-ack"], per_s=0.2),
    KINDS["codecs"],
    KINDS["wrong-passwords"],
    KINDS["look-alikes"],
    KINDS["bad-requests"],
    KINDS["busy"],
    KINDS["yesterday"],
)


@dataclass(frozen=True)
class Busy:
    """
    A run beside traffic, and the outcomes of that traffic.
    """

    kinds: tuple[Kind, ...]
    run: Run
    outcomes: Outcomes

    @property
    def blamed(self) -> list[str]:
        """
        Return what the run blames on a healthy deployment, and the kinds that made no traffic.
        """
        unhappy = [f"{c['id']} {c['verdict']}" for c in self.run.checks if c["verdict"] in _UNHAPPY]
        missing = [
            f"no {kind.shows} among {dict(self.outcomes[kind.name])}"
            for kind in self.kinds
            if not self.outcomes[kind.name][kind.shows]
        ]
        status = [] if self.run.exit_status == 0 else [f"exit status {self.run.exit_status}"]
        return [*self.run.diagnoses, *unhappy, *status, *missing]


@asynccontextmanager
async def deployment(folder: Path) -> AsyncIterator[Scene]:
    """
    Run a stack whose operator, as in production, allows no disruption.
    """
    async with scene(folder) as healthy:
        yield healthy.peaceful()


async def beside(healthy: Scene, kinds: Iterable[Kind]) -> Busy:
    """
    Run the suites beside these kinds of traffic.
    """
    kinds = tuple(kinds)
    async with traffic(healthy.profile, *kinds) as outcomes:
        run = await healthy.run()
    return Busy(kinds, run, outcomes)


async def _quiet_s() -> float:
    folder = Path(mkdtemp(prefix="busy-quiet-"))
    async with deployment(folder) as healthy:
        runs = [await beside(healthy, ()) for _ in range(_QUIET_RUNS)]
    for quiet in runs:
        _print("(quiet)", quiet, statistics.median(each.run.seconds for each in runs))
    shutil.rmtree(folder)
    return statistics.median(quiet.run.seconds for quiet in runs)


def _print(name: str, busy: Busy, quiet_s: float) -> bool:
    """
    Print the line of one run; return whether it blamed nobody and took no longer than it may.
    """
    seconds = busy.run.seconds
    verdict = busy.run.results["run"]["verdict"]
    ratio = seconds / quiet_s
    wrong = busy.blamed + (["slow"] if ratio > _MOST_TIMES_QUIET else [])
    events = sum(outcomes[BEGUN] for outcomes in busy.outcomes.values())
    blames = "; ".join(wrong) or "-"
    sys.stdout.write(
        f"{name:<16} {verdict:<21} {seconds:6.1f} s {ratio:5.2f} {events:6} {blames}\n"
    )
    sys.stdout.flush()
    return not wrong


async def _table(names: Sequence[str], runs: int) -> bool:
    """
    Play each kind on a stack of its own and print a line for each run.
    """
    quiet_s = await _quiet_s()
    good: list[bool] = []
    for name in names:
        folder = Path(mkdtemp(prefix=f"busy-{name}-"))
        async with deployment(folder) as healthy:
            each = [
                _print(name, await beside(healthy, [KINDS[name]]), quiet_s) for _ in range(runs)
            ]
        good += each
        if all(each):
            shutil.rmtree(folder)
        else:
            sys.stdout.write(f"{'':<16} reports and logs: {folder}\n")
    sys.stdout.write(f"{good.count(True)} of {len(good)} runs blame nobody, in time\n")
    return all(good)


async def _soak(seconds: float, every: float) -> bool:
    """
    Run the suites every so many seconds beside mixed traffic.
    """
    quiet_s = await _quiet_s()
    good: list[bool] = []
    folder = Path(mkdtemp(prefix="busy-soak-"))
    ends = time.monotonic() + seconds
    async with deployment(folder) as healthy, traffic(healthy.profile, *SOAK) as outcomes:
        while (began := time.monotonic()) < ends:
            busy = Busy(SOAK, await healthy.run(), outcomes)
            _print(f"soak {len(good) + 1}", busy, quiet_s)
            good.append(not busy.blamed)
            await asyncio.sleep(max(0, began + every - time.monotonic()))
    sys.stdout.write(f"{good.count(True)} of {len(good)} runs blame nobody: {folder}\n")
    return all(good)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Print a table of kind, verdict, seconds, ratio to a quiet run, events, and what was blamed.
    """
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.scenarios.busy",
        description=__doc__,
        epilog="\n".join(f"{kind.name:<18} {kind.story}" for kind in KINDS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="kinds to play (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each kind (default: 3)")
    parser.add_argument(
        "--soak",
        type=float,
        nargs="?",
        const=_SOAK_S,
        metavar="SECONDS",
        help="mixed traffic and a run a minute (default: an hour)",
    )
    parser.add_argument(
        "--every",
        type=float,
        default=_SOAK_EVERY_S,
        metavar="SECONDS",
        help="between the starts of two runs of a soak (default: %(default)s)",
    )
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.kinds) - KINDS.keys():
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    playing = (
        _soak(chosen.soak, chosen.every)
        if chosen.soak
        else _table(chosen.kinds or [*KINDS], chosen.runs)
    )
    return 0 if asyncio.run(playing) else 1


if __name__ == "__main__":
    sys.exit(main())
