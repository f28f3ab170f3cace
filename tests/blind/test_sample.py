"""
A fixed sample of blind faults on real stacks: the right caller is hurt, and the mark is right.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.blind.marks import Mark
from tests.blind.play import play
from tests.blind.space import by_id

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("blind faults")]

_SAMPLE = {
    "harmless/trunk-renamed/made@application": (Mark.OK, ()),
    "inbound-trunk/auth_username/absent@stand-in": (Mark.NAMED, ("stranger let in",)),
    "inbound-trunk/numbers/another@stand-in": (Mark.NAMED, ("not answered",)),
}


@pytest.fixture(scope="module")
def answers(real_services, tmp_path_factory):
    """
    Play the sample at once: each fault waits most of its time.
    """

    async def all_of_them():
        async with asyncio.TaskGroup() as together:
            tasks = {
                name: together.create_task(
                    play(by_id(name), tmp_path_factory.mktemp("blind"), "full")
                )
                for name in _SAMPLE
            }
        return {name: task.result() for name, task in tasks.items()}

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("name", _SAMPLE)
def test_a_fault_hurts_and_is_marked(name, answers):
    mark, hurts = _SAMPLE[name]

    assert answers[name].hurts == hurts
    assert answers[name].mark is mark, answers[name].said
