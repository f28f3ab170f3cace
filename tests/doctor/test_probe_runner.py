"""
Probes run concurrently, in order where one depends on another, and within their time limits.
"""

from __future__ import annotations

import asyncio

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkMark, ok, problem
from livekit_conformance.doctor.probe_runner import ProbeStep, Strand, walk_all
from livekit_conformance.wording import phrase
from tests.doctor.conftest import complete

FINE = phrase("server.ready")
BROKEN = phrase("bus.silent", endpoint="h:1", reason="")


def step(link, result=None, *, stops_nothing=False, before=None):
    async def probe():
        if before is not None:
            await before()
        return [result or ok(link, FINE)]

    what = phrase("subject.program", name=link.value)
    return ProbeStep(link, what, probe, stops_nothing=stops_nothing)


async def never():
    await asyncio.get_running_loop().create_future()


async def test_what_depends_on_something_broken_is_not_asked_and_says_so():
    asked = []

    async def ask():
        asked.append(1)

    strand = Strand(
        [
            step(Link.TLS, problem(Link.TLS, BROKEN)),
            step(Link.SERVER, before=ask),
            step(Link.API_KEY),
        ]
    )

    found = complete(await walk_all([strand], each=1, whole=1))

    assert asked == []
    assert [f.mark for f in found] == [
        LinkMark.PROBLEM,
        LinkMark.NOT_CHECKED,
        LinkMark.NOT_CHECKED,
    ]
    assert found[1].text.en == "the program server: fix the program tls first"
    assert found[1].text.ru == "программа server: сначала исправьте: программа tls"


async def test_some_problems_keep_nothing_from_being_asked():
    broken = step(Link.OUTBOUND, problem(Link.OUTBOUND, BROKEN), stops_nothing=True)

    found = await walk_all([Strand([broken, step(Link.LINE)])], each=1, whole=1)

    assert [f.mark for f in found] == [LinkMark.PROBLEM, LinkMark.OK]


async def test_strands_run_at_the_same_time():
    first, second = asyncio.Event(), asyncio.Event()

    async def meet(ours, theirs):
        ours.set()
        await theirs.wait()

    strands = [
        Strand([step(Link.TLS, before=lambda: meet(first, second))]),
        Strand([step(Link.BUS, before=lambda: meet(second, first))]),
    ]

    found = await walk_all(strands, each=5, whole=5)

    assert [f.mark for f in found] == [LinkMark.OK, LinkMark.OK]


async def test_a_probe_that_hangs_is_a_problem_after_its_deadline():
    strand = Strand([step(Link.BUS, before=never), step(Link.TRUNK)])

    found = complete(await walk_all([strand], each=0.01, whole=5))

    assert [f.mark for f in found] == [LinkMark.PROBLEM, LinkMark.NOT_CHECKED]
    assert found[0].text.en == "the program bus: no answer within 0.01 s"


async def test_what_is_not_finished_at_the_end_is_told_and_what_is_stays():
    strands = [
        Strand([step(Link.TLS), step(Link.SERVER, before=never), step(Link.API_KEY)]),
        Strand([step(Link.BUS)]),
    ]

    found = complete(await walk_all(strands, each=60, whole=0.05))

    assert [(f.link, f.mark) for f in found] == [
        (Link.TLS, LinkMark.OK),
        (Link.SERVER, LinkMark.NOT_CHECKED),
        (Link.API_KEY, LinkMark.NOT_CHECKED),
        (Link.BUS, LinkMark.OK),
    ]
    assert found[1].text.en == "the program server: not finished within 0.05 s"


async def test_a_defect_of_a_probe_is_raised():
    async def fail():
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await walk_all([Strand([step(Link.BUS, before=fail)])], each=1, whole=1)
