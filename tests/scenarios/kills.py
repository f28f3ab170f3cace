"""
Kill a service at a random moment of a run: `python3 -m tests.scenarios.kills --seed 1 --count 50`.

Each seed is one run of the suites against a stack of its own, which the run takes for somebody
else's; a failure is replayed by its seed. Prints one row per seed, and the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from typing import Literal

from livekit_conformance.observations import Observation, observation_from_json
from livekit_conformance.outages import Outage, Service, contacts_of, outages_of
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.verdict import Verdict
from livekit_conformance.waiting import wait_until
from tests.scenarios.harness import ROOT, fork_suites, write_profile
from tests.scenarios.real_stack import Scene, scene

Victim = Literal["redis-server", "livekit-server", "livekit-sip", "pytest", "agent"]
Kind = Literal["killed", "frozen", "restarted"]

SERVICES: tuple[Victim, ...] = ("redis-server", "livekit-server", "livekit-sip")
KINDS: tuple[Kind, ...] = ("killed", "frozen", "restarted")
# A quiet run takes this long from its first check to its last one, in seconds.
QUIET_S = 9.0
_RESTART_AFTER_S = 2.0
_BEGINS_WITHIN_S = 90
_ENDS_WITHIN_S = 500
_SWEPT_WITHIN_S = 60
# Most of the time of a run is waiting.
_AT_ONCE = 4
# Requests under way when it happens may still be answered.
_CLOCK_S = 0.3
_SERVICE_OF: Mapping[str, Service] = MappingProxyType(
    {"redis-server": "redis", "livekit-server": "livekit-server", "livekit-sip": "livekit-sip"}
)
# Causes of a service that died before the run had anything from it.
_NEVER_SEEN: Mapping[Service, frozenset[str]] = MappingProxyType(
    {
        "redis": frozenset({"redis-unreachable"}),
        "livekit-server": frozenset({"server-refuses-connections", "server-hangs"}),
        "livekit-sip": frozenset({"sip-not-running", "sip-hangs", "bus-has-no-sip-service"}),
    }
)
# In the name of each room that the suite creates.
_OF_OURS = "-lkc-"
_UNHAPPY = frozenset({Verdict.FAIL, Verdict.BLOCKED})
_OF_THE_AGENT = "agent-stand-in-ended"
_AGENT = b"livekit_conformance.drivers.agent.process"
# Every process of a run inherits it.
_MARK = "LIVEKIT_CONFORMANCE_KILL"


@dataclass(frozen=True, slots=True)
class Kill:
    """
    A process and its fate, `after_s` seconds after the check `since` began, or the first one.
    """

    seed: int
    victim: Victim
    kind: Kind
    after_s: float
    since: str = ""

    @classmethod
    def of(cls, seed: int) -> Kill:
        chosen = random.Random(seed)
        victim = chosen.choice((*SERVICES, "pytest", "agent"))
        kind = chosen.choice(KINDS) if victim in SERVICES else "killed"
        return cls(seed, victim, kind, round(chosen.uniform(0, QUIET_S), 2))

    @property
    def service(self) -> Service | None:
        """
        The service as causes call it; None if the victim is a process of the run itself.
        """
        return _SERVICE_OF.get(self.victim)

    @property
    def cause(self) -> str:
        """
        The id of the cause that the run must name first.
        """
        return _cause(self.service, is_over=self.kind == "restarted")

    def __str__(self) -> str:
        return f"{self.seed:>5} {self.victim:<15} {self.kind:<10} {self.after_s:>6.2f} s"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    A run with a kill: its result, its output, and everything wrong with them.

    `is_hit` is False if the victim did not run at its moment, such as the agent before a call.
    """

    kill: Kill
    at: float
    is_hit: bool
    result: Result
    output: str
    problems: tuple[str, ...]
    seconds: float

    @property
    def causes(self) -> tuple[str, ...]:
        """
        The ids of the causes in order.
        """
        return tuple(found.id for found in self.result.diagnoses)


async def play(kill: Kill, folder: Path) -> Outcome:
    """
    Run the suites against a stack of their own, and let the victim die at its moment.
    """
    started = time.monotonic()
    async with scene(folder) as stack:
        target = stack.peaceful()
        before = await target.inventory()
        mark = f"{kill.seed}-{os.getpid()}"
        target.stack.webhook_listener.close()
        env = write_profile(target.profile, folder / "profile.yaml")
        run = await fork_suites(env, folder / "reports", environ={_MARK: mark})
        async with asyncio.timeout(_ENDS_WITHIN_S), asyncio.TaskGroup() as both:
            said = both.create_task(run.communicate())
            await _begun(folder, kill.since)
            await asyncio.sleep(kill.after_s)
            at = time.time()
            of_the_run: dict[Victim, list[int]] = {"pytest": [run.pid], "agent": _agents(mark)}
            is_hit = of_the_run.get(kill.victim) != []
            await _let_it_die(kill, target, of_the_run)
        output, _ = said.result()
        left_alive = await wait_until(lambda: _all_ended(mark), within=5)
        await _heal(kill, target)
        swept, sweep_said = await _swept(target)
        left = _left(before, await target.inventory())
    result = journal.read(_journal(folder))
    text = output.decode()
    problems = [
        *_errors(result),
        *(("traceback in the output",) if "Traceback" in text else ()),
        *(f"traceback in {path.name}" for path in _reports(folder) if _has_traceback(path)),
        *((f"alive: {left_alive.reason}",) if not left_alive.came_true else ()),
        *((f"sweep ended with {swept}: {sweep_said}",) if swept else ()),
        *(f"left over: {each}" for each in left),
        *_wrong_causes(kill, at, result, _observations(folder)),
    ]
    return Outcome(kill, at, is_hit, result, text, tuple(problems), time.monotonic() - started)


async def _begun(folder: Path, check: str) -> None:
    start = f'{{"type": "start", "check": "{check}'.encode()

    async def why_not_yet() -> str | None:
        began = any(start in each.read_bytes() for each in _journals(folder))
        return None if began else f"no check {check} began"

    begun = await wait_until(why_not_yet, within=_BEGINS_WITHIN_S)
    assert begun.came_true, begun


async def _let_it_die(kill: Kill, target: Scene, of_the_run: Mapping[Victim, list[int]]) -> None:
    if kill.victim in of_the_run:
        for pid in of_the_run[kill.victim]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return
    victim = _process(kill, target)
    if kill.kind == "frozen":
        victim.signal(signal.SIGSTOP)
        return
    await victim.kill()
    if kill.kind == "restarted":
        await asyncio.sleep(_RESTART_AFTER_S)
        await target.stack.start(victim)


async def _heal(kill: Kill, target: Scene) -> None:
    if kill.victim not in SERVICES:
        return
    if kill.kind == "frozen":
        _process(kill, target).signal(signal.SIGCONT)
    elif kill.kind == "killed":
        await target.stack.start(_process(kill, target))

    async def why_not_ready() -> str | None:
        try:
            await target.inventory()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must end in time
            return str(error)
        return None

    ready = await wait_until(why_not_ready, within=20, poll=0.2, slowest=0.2)
    assert ready.came_true, ready


def _process(kill: Kill, target: Scene) -> Process:
    stack = target.stack
    return {each.name: each for each in (stack.redis, stack.server, stack.sip)}[kill.victim]


def _agents(mark: str) -> list[int]:
    """
    Return the processes of the run's agent stand-in.
    """
    return [pid for pid in _marked(mark) if _AGENT in _read(Path(f"/proc/{pid}/cmdline"))]


async def _all_ended(mark: str) -> str | None:
    alive = list(_marked(mark))
    return f"processes {alive}" if alive else None


def _marked(mark: str) -> Iterator[int]:
    wanted = f"{_MARK}={mark}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        if wanted in _read(environ).split(b"\0"):
            yield int(environ.parent.name)


def _read(path: Path) -> bytes:
    """
    Return the content of a file of /proc; nothing if its process has ended.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def _left(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """
    Return what the run has left.

    The rooms of calls are livekit-sip's: it ends them when it gives up the call.
    """
    return [
        f"{kind} {each}"
        for kind in after
        for each in {*after[kind]} - {*before[kind]}
        if kind != "rooms" or _OF_OURS in each
    ]


async def _swept(target: Scene) -> tuple[int, str]:
    """
    Sweep until nothing is left: livekit-server takes a dead node for alive for some seconds.
    """
    outcome = 1, "not swept"

    async def why_not_yet() -> str | None:
        nonlocal outcome
        outcome = await _sweep(target)
        return None if outcome[0] == 0 else outcome[1]

    await wait_until(why_not_yet, within=_SWEPT_WITHIN_S, poll=3, slowest=3)
    return outcome


async def _sweep(target: Scene) -> tuple[int, str]:
    env = write_profile(target.profile, target.folder / "profile.yaml")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livekit_conformance.cli", "sweep"),
        *("--env", env, "--reports", str(target.folder / "reports")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, said.decode()


def _journals(folder: Path) -> list[Path]:
    return list(folder.glob("reports/2*/journal.jsonl"))


def _journal(folder: Path) -> Path:
    (path,) = _journals(folder)
    return path


def _reports(folder: Path) -> Iterator[Path]:
    return (path for path in _journal(folder).parent.rglob("*") if path.is_file())


def _has_traceback(path: Path) -> bool:
    return b"Traceback (most recent" in path.read_bytes()


def _errors(result: Result) -> Iterator[str]:
    for record in result.checks:
        if record.verdict is Verdict.ERROR:
            yield f"ERROR {record.id}: {record.message}"


def _wrong_causes(kill: Kill, at: float, result: Result, seen: list[Observation]) -> Iterator[str]:
    """
    Yield what is wrong with the causes: the first one is the victim's, with the time of its death.
    """
    causes = [found.id for found in result.diagnoses]
    service = kill.service
    early = [each for each in contacts_of(seen) if each.at < at and each.answered and each.direct]
    if kill.victim == "agent":
        yield from (f"the cause is {cause}" for cause in causes if cause != _OF_THE_AGENT)
    elif service is None:
        yield from (f"a cause without a fault: {cause}" for cause in causes)
    elif not any(each.service == service for each in early):
        # The run cannot know that it was there before.
        if causes and causes[0] not in _NEVER_SEEN[service]:
            yield f"the first cause is {causes[0]}"
    elif causes or any(record.verdict in _UNHAPPY for record in result.checks):
        first = result.diagnoses[0] if causes else None
        outage = next((each for each in outages_of(seen) if each.service == service), None)
        if outage is None or not _fits(outage, kill, at):
            yield f"the outage was seen as {outage}, and it was at {at:.1f}"
        elif first is None or first.id != _cause(service, is_over=outage.is_over):
            yield f"the first cause is {causes[:1]}"
        elif first.evidence[0] != str(outage):
            yield f"the evidence is {first.evidence}"
        yield from (f"beside it: {each}" for each in causes[1:])


def _cause(service: Service | None, *, is_over: bool) -> str:
    return f"{service}-{'restarted' if is_over else 'stopped'}-during-the-run"


def _fits(outage: Outage, kill: Kill, at: float) -> bool:
    is_after = outage.failed is None or outage.failed.at >= at - _CLOCK_S
    return (
        outage.until <= at + _CLOCK_S
        and is_after
        and (kill.kind == "restarted" or not outage.is_over)
    )


def _observations(folder: Path) -> list[Observation]:
    lines = map(json.loads, _journal(folder).read_bytes().removesuffix(b"\n").split(b"\n"))
    told = (line["observation"] for line in lines if line["type"] == "observation")
    return list(filter(None, map(observation_from_json, told)))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds from there on")
    parser.add_argument("--at-once", type=int, default=_AT_ONCE, help="runs at a time")
    parser.add_argument("--keep", type=Path, help="folder for everything that the runs leave")
    options = parser.parse_args(arguments)
    keep = options.keep or Path(mkdtemp(prefix="kills-"))
    slots = asyncio.Semaphore(options.at_once)

    async def one(seed: int) -> Outcome | Exception:
        async with slots:
            kill = Kill.of(seed)
            folder = keep / str(seed)
            folder.mkdir(parents=True)
            try:
                outcome = await play(kill, folder)
            except Exception as error:  # noqa: BLE001 - the others go on
                say(f"{kill}  {type(error).__name__}: {error}")
                return error
            (folder / "output.txt").write_text(outcome.output)
            verdict = "RED" if outcome.problems else "ok" if outcome.is_hit else "missed"
            say(f"{kill} {outcome.seconds:>4.0f} s  {verdict}  {','.join(outcome.causes)}")
            for problem in outcome.problems:
                say(f"      {problem}")
            return outcome

    outcomes = await asyncio.gather(*map(one, range(options.seed, options.seed + options.count)))
    good = sum(isinstance(each, Outcome) and not each.problems for each in outcomes)
    missed = sum(isinstance(each, Outcome) and not each.is_hit for each in outcomes)
    say(
        f"{good} of {len(outcomes)} as they must be; {missed} had no victim; everything is in "
        f"{keep}"
    )
    return 0 if good == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
