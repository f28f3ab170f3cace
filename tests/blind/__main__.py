"""
Play blind faults: `make blind N=100 SEED=1`, or one again: `python3 -m tests.blind --fault ID`.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import time
import traceback
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import TextIO

from tests.blind.fault import Fault
from tests.blind.marks import GOOD, Answer
from tests.blind.play import play
from tests.blind.space import by_id, chosen, space
from tests.blind.table import as_json, lines, summary

_AT_ONCE = 3


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(arguments: list[str]) -> int:
    """
    Play the chosen faults, print the table, and return 0 if all are answered well.
    """
    parser = argparse.ArgumentParser(prog="python3 -m tests.blind", description=__doc__)
    parser.add_argument("--count", type=int, default=10, help="how many faults")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first ones of the seed")
    parser.add_argument("--view", choices=("full", "bare"), default="full", help="of the profile")
    parser.add_argument("--select", help="only the checks of this marker, such as chain")
    parser.add_argument("--at-once", type=int, default=_AT_ONCE, help="faults at a time")
    parser.add_argument("--within", type=float, default=math.inf, help="begin none after so many s")
    parser.add_argument("--fault", action="append", default=[], help="play the one of this id")
    parser.add_argument("--keep", type=Path, help="folder for everything that the runs leave")
    parser.add_argument("--json", type=Path, help="file for one line of JSON for each fault")
    parser.add_argument("--list", action="store_true", help="print the faults; play none")
    options = parser.parse_args(arguments)
    wanted = chosen(options.seed, options.skip + options.count)[options.skip :]
    faults = [*map(by_id, options.fault)] or wanted
    if options.list:
        for fault in faults:
            _say(fault.id)
        _say(f"{sum(map(len, space().values()))} changes in all")
        return 0
    keep = options.keep or Path(mkdtemp(prefix="blind-"))
    slots = asyncio.Semaphore(options.at_once)
    until = time.monotonic() + options.within
    with ExitStack() as opened:
        output = opened.enter_context(options.json.open("a")) if options.json else None
        answers = await asyncio.gather(
            *(
                _one(fault, keep / f"{number:03}", options, slots, until, output)
                for number, fault in enumerate(faults, options.skip + 1)
            )
        )
    played = [answer for answer in answers if answer is not None]
    seed = "chosen by id" if options.fault else f"seed {options.seed}"
    _say(f"{len(played)} of {len(answers)} played; {seed}, {options.view} view, {keep}")
    _say(summary(played))
    return 0 if len(played) == len(answers) and all(one.mark in GOOD for one in played) else 1


async def _one(
    fault: Fault,
    folder: Path,
    options: argparse.Namespace,
    slots: asyncio.Semaphore,
    until: float,
    output: TextIO | None,
) -> Answer | None:
    async with slots:
        if time.monotonic() > until:
            return None
        _write(folder / "fault.txt", fault.id)
        try:
            selected = ("-m", options.select) if options.select else ()
            answer = await play(fault, folder, options.view, *selected)
        except Exception as error:  # noqa: BLE001 - the others go on
            _write(folder / "not-played.txt", "".join(traceback.format_exception(error)))
            _say(f"?  {fault.id}\n   not played: {type(error).__name__}: {error}")
            return None
        text = "\n".join(lines(answer))
        _write(folder / "answer.txt", text)
        _say(f"{text}  [{answer.seconds:.0f} s]")
        if output is not None:
            output.write(f"{as_json(answer)}\n")
            output.flush()
        return answer


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
