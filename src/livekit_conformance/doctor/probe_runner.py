"""
Run probes: dependent ones in sequence, all others at the same time, each with a deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkFinding, has_problem, not_checked, problem
from livekit_conformance.wording import Phrase, phrase

Probe = Callable[[], Awaitable[Sequence[LinkFinding]]]


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """
    One probe. `what` is its subject, as the beginning of a sentence.

    After a problem the following steps are skipped, unless the step `stops_nothing`.
    """

    link: Link
    what: Phrase
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
                self._leave_the_rest("probe.blocked", first=step.what)
                return

    def cut_off(self, whole: float) -> None:
        """
        Add a finding for each step that was not finished when `whole` seconds were over.
        """
        self._leave_the_rest("probe.not-finished", whole=whole)

    def _leave_the_rest(self, code: str, /, **why: Phrase | float) -> None:
        self.findings += (
            not_checked(step.link, phrase(code, what=step.what, **why))
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
        return [problem(step.link, phrase("probe.no-answer", what=step.what, within=within))]
