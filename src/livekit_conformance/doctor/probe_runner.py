"""
Run probes: dependent ones in sequence, all others at the same time, each with a deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.findings import LinkFinding, has_problem, not_checked, problem

Probe = Callable[[], Awaitable[Sequence[LinkFinding]]]


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """
    One probe. `what` is its subject, as the beginning of a sentence.

    After a problem the following steps are skipped, unless the step `stops_nothing`.
    """

    link: Link
    what: Text
    probe: Probe
    stops_nothing: bool = False


@dataclass(slots=True)
class Strand:
    """
    Sequence of dependent steps, with the findings so far.
    """

    steps: Sequence[ProbeStep]
    findings: list[LinkFinding] = field(default_factory=list)
    taken: int = 0

    async def walk(self, *, each: float) -> None:
        """
        Run the steps in order, `each` within that many seconds.
        """
        for step in self.steps:
            found = await _found(step, each)
            self.findings += found
            self.taken += 1
            if has_problem(found) and not step.stops_nothing:
                self._leave_the_rest(
                    Text(
                        en=f"fix {step.what.en} first",
                        ru=f"сначала исправьте: {step.what.ru}",
                    )
                )
                return

    def cut_off(self, whole: float) -> None:
        """
        Add a finding for each step that was not finished when `whole` seconds were over.
        """
        self._leave_the_rest(
            Text(en=f"not finished within {whole:g} s", ru=f"не успели за {whole:g} с")
        )

    def _leave_the_rest(self, why: Text) -> None:
        self.findings += (
            not_checked(
                step.link,
                Text(en=f"{step.what.en}: {why.en}", ru=f"{step.what.ru}: {why.ru}"),
            )
            for step in self.steps[self.taken :]
        )
        self.taken = len(self.steps)


async def walk_all(strands: Iterable[Strand], *, each: float, whole: float) -> list[LinkFinding]:
    """
    Run all strands at once and return their findings.

    Strands that are not finished after `whole` seconds are cut off, with a finding per step. An
    error in a probe that is not the target's is raised.
    """
    strands = list(strands)
    tasks = [asyncio.create_task(strand.walk(each=each)) for strand in strands]
    try:
        await asyncio.wait(tasks, timeout=whole)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for strand, task in zip(strands, tasks, strict=True):
        if task.cancelled():
            strand.cut_off(whole)
        else:
            task.result()
    return [finding for strand in strands for finding in strand.findings]


async def _found(step: ProbeStep, within: float) -> Sequence[LinkFinding]:
    try:
        async with asyncio.timeout(within):
            return await step.probe()
    except TimeoutError:
        return [
            problem(
                step.link,
                Text(
                    en=f"{step.what.en}: no answer within {within:g} s",
                    ru=f"{step.what.ru}: нет ответа за {within:g} с",
                ),
                Text(
                    en="The service there hangs, or its packets are dropped on the way: check its "
                    "log, restart it, and check the firewall",
                    ru="Либо сервис завис, либо пакеты теряются по дороге: посмотрите его лог и "
                    "перезапустите его, проверьте межсетевой экран",
                ),
            )
        ]
