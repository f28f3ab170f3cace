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
        folders = [tmp_path_factory.mktemp("blind") for _ in _SAMPLE]
        plays = (
            play(by_id(name), folder, "full") for name, folder in zip(_SAMPLE, folders, strict=True)
        )
        return dict(zip(_SAMPLE, await asyncio.gather(*plays), strict=True))

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("name", _SAMPLE)
def test_a_fault_hurts_and_is_marked(name, answers):
    mark, hurts = _SAMPLE[name]

    assert answers[name].hurts == hurts
    assert answers[name].mark is mark, answers[name].said
