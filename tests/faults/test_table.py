"""
A bad network in front of the real services: each fault in each area is reported as such, in time,
and nothing else is blamed for it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from functools import partial

import pytest
import pytest_asyncio

from livekit_conformance.catalogue.clause import AREAS
from tests.concurrency import begun, selected
from tests.faults.fault import Kind
from tests.faults.faults import FAULTS
from tests.faults.places import Place
from tests.faults.play import Played, play, play_without_fault
from tests.faults.table import PLACES, SAID, VERDICTS
from tests.faults.verdicts import NOT_REACHED, SURVIVED, what_is_wrong

# Most of the time of a run is waiting.
_AT_ONCE = 4
_WHOLE = os.environ.get("FAULT_TABLE") == "whole"
# Each fault at one place, and some faults at every place: those with short runs. `make faults`
# plays all of them.
_SPREAD: Mapping[Kind, Place] = {
    Kind.REFUSE: Place.API,
    Kind.RESET: Place.SIP,
    Kind.BLACK_HOLE: Place.SIP,
    Kind.HANG_UP: Place.API,
    Kind.LATENCY: Place.WEBHOOK,
    Kind.TRICKLE: Place.WEBHOOK,
    Kind.CUT: Place.API,
    Kind.CORRUPT: Place.SIP,
    Kind.DROP: Place.SIP,
    Kind.DUPLICATE: Place.WEBHOOK,
    Kind.REORDER: Place.SIP,
    Kind.ANSWER: Place.API,
}
Where = tuple[Place, Kind]
# None: the run without a fault.
Runs = Mapping[Where | None, asyncio.Task[Played]]
_CELLS = [
    (kind, area) for kind in Kind for area in AREAS if _WHOLE or _SPREAD[kind] is PLACES[area]
]


@pytest_asyncio.fixture(scope="module")
async def runs(
    request: pytest.FixtureRequest,
    real_services: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Runs]:
    """
    Yield the run of each selected fault at each place a selected area needs, several at a time.
    """

    async def run(where: Where | None) -> Played:
        if where is None:
            return await play_without_fault(tmp_path_factory.mktemp("no-fault"))
        place, kind = where
        folder = tmp_path_factory.mktemp(f"{place}-{kind}")
        return await play(place, FAULTS[place][kind], folder)

    wanted = {where: partial(run, where) for where in _wanted(request)}
    async with begun(wanted, at_once=_AT_ONCE) as tasks:
        yield tasks


def _wanted(request: pytest.FixtureRequest) -> list[Where | None]:
    cells = [(PLACES[area], kind) for kind, area in selected(request, "kind", "area")]
    mine = [item for item in request.session.items if item.path == request.path]
    needs_none = any(item.name == _HEALTHY for item in mine)
    return [None, *cells] if needs_none else [*cells]


@pytest.mark.timeout(600)
async def test_without_a_fault_everything_is_green(runs: Runs) -> None:
    played = await runs[None]

    assert played.run.exit_status == 0, played.run.output
    assert played.acted == 0
    assert all(played.carried), "nothing went through a proxy"
    # This run has no fault, and is red in every cell: faults without effect would be noticed.
    for (kind, area), verdict in VERDICTS.items():
        said = SAID[PLACES[area], kind]
        wrong = list(what_is_wrong(area, verdict, said, played))
        assert any(NOT_REACHED in each for each in wrong)
        assert len(wrong) > 1 or said is SURVIVED


_HEALTHY = test_without_a_fault_everything_is_green.__name__


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "area"), _CELLS, ids=[f"{kind}-{area}" for kind, area in _CELLS])
async def test_a_fault_is_told_as_what_it_is(kind: Kind, area: str, runs: Runs) -> None:
    place = PLACES[area]
    played = await runs[place, kind]

    wrong = list(what_is_wrong(area, VERDICTS[kind, area], SAID[place, kind], played))
    assert wrong == [], played.run.output


def test_the_spread_has_every_fault_and_every_area() -> None:
    assert set(_SPREAD) == set(Kind)
    assert set(_SPREAD.values()) == set(Place) == set(PLACES.values())
    assert VERDICTS.keys() == {(kind, area) for kind in Kind for area in AREAS}
    assert SAID.keys() == {(place, kind) for place in Place for kind in Kind}
