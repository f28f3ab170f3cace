"""
Waits that end with a reason.
"""

import asyncio
import itertools

from livekit_conformance.waiting import under_way, wait_until


async def test_what_is_true_at_once_is_asked_once():
    async def why_not_yet():
        return None

    waited = await wait_until(why_not_yet, within=1.0)

    assert waited.came_true
    assert waited.polls == 1


async def test_a_missed_deadline_reports_the_last_reason():
    reasons = iter(range(1000))

    async def why_not_yet():
        return f"reason {next(reasons)}"

    waited = await wait_until(why_not_yet, within=0.1)

    assert not waited.came_true
    assert waited.reason == f"reason {waited.polls - 1}"
    assert str(waited).startswith("not seen within 0.") and str(waited).endswith(waited.reason)


async def test_a_question_that_hangs_is_cut_off():
    async def why_not_yet():
        await asyncio.Event().wait()

    waited = await wait_until(why_not_yet, within=0.1)

    assert not waited.came_true
    assert waited.polls == 0
    assert waited.seconds < 1.0


async def test_a_question_that_breaks_is_not_swallowed():
    async def why_not_yet():
        raise KeyError("broken")

    try:
        await wait_until(why_not_yet, within=1.0)
    except KeyError:
        return
    raise AssertionError("the error was swallowed")


async def test_the_pauses_grow_up_to_the_slowest() -> None:
    loop = asyncio.get_running_loop()
    asked: list[float] = []

    async def why_not_yet() -> str | None:
        asked.append(loop.time())
        return None if len(asked) == 6 else "not yet"

    await wait_until(why_not_yet, within=5.0, poll=0.01, slowest=0.04)

    pauses = [after - before for before, after in itertools.pairwise(asked)]
    for pause, wanted in zip(pauses, (0.01, 0.02, 0.04, 0.04, 0.04), strict=True):
        assert pause >= wanted * 0.99


async def test_waits_under_way_are_told_with_what_they_last_saw():
    told = []

    async def inner():
        told.append(under_way())

    async def why_not_yet():
        told.append(under_way())
        await wait_until(inner, within=2.0)
        return None if len(told) > 2 else "not yet"

    await wait_until(why_not_yet, within=5.0)

    seen = [[(wait.reason, wait.within) for wait in waits] for waits in told]
    assert seen == [
        [("no answer yet", 5.0)],
        [("no answer yet", 5.0), ("no answer yet", 2.0)],
        [("not yet", 5.0)],
        [("not yet", 5.0), ("no answer yet", 2.0)],
    ]
    assert under_way() == ()


async def test_a_wait_that_is_cancelled_is_under_way_no_more():
    async def why_not_yet():
        await asyncio.Event().wait()

    task = asyncio.create_task(wait_until(why_not_yet, within=60.0))
    await asyncio.sleep(0)
    assert len(under_way()) == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert under_way() == ()
