"""
The judge of the table can fail: it reports each way in which a run may be wrong.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livekit_conformance.catalogue.chain import Link
from tests.faults.play import Played
from tests.faults.verdicts import SURVIVED, Said, what_is_wrong
from tests.scenarios.harness import Run

_SAID = Said(
    Link.SERVER,
    "server-does-not-answer",
    "no answer in time",
    also=frozenset({"redis-unreachable"}),
    follows=frozenset({Link.LOGS}),
)


def _check(**changes: Any) -> dict[str, Any]:
    healthy = {
        "id": "1.1-server-answers",
        "area": "connectivity",
        "verdict": "PASS",
        "message": None,
        "broken_link": None,
        "duration_s": 0.1,
    }
    return healthy | changes


_ROOT = _check(verdict="BLOCKED", message="no answer in time (5 s)", broken_link="server")


def _played(*checks: dict[str, Any], acted: int = 1, **changes: Any) -> Played:
    found: dict[str, Any] = {
        "first_broken": "server",
        "broken": ["server", "logs"],
        "causes": ["server-does-not-answer", "redis-unreachable"],
        "interrupted": None,
    }
    found |= changes
    results = {
        "run": {"interrupted": found["interrupted"]},
        "checks": list(checks),
        "chain": {"first_broken": found["first_broken"], "broken": found["broken"]},
        "diagnoses": [{"id": cause} for cause in found["causes"]],
    }
    return Played(Run(1, "", 1.0, Path(), results), acted, ())


def _wrong(played: Played, said: Said = _SAID, verdict: str = "BLOCKED") -> list[str]:
    return list(what_is_wrong("connectivity", verdict, said, played))


def test_a_cell_is_exact_when_all_of_it_is():
    assert _wrong(_played(_ROOT, _check(id="1.1-clock-agrees"))) == []


def test_a_fault_is_survived_when_nothing_is_troubled_or_blamed():
    healthy = _played(_check(), first_broken=None, broken=[], causes=[])

    assert _wrong(healthy, SURVIVED, "PASS") == []


@pytest.mark.parametrize(
    ("played", "words"),
    [
        (_played(_ROOT, acted=0), "NOT-REACHED"),
        (_played(_ROOT, interrupted="SIGTERM"), "did not finish"),
        (_played(_check(broken_link="server", message="no answer in time")), "verdict of"),
        (_played({**_ROOT, "area": "rooms"}), "verdict of connectivity is SKIPPED"),
        (_played(_ROOT, _check(verdict="FAIL")), "is FAIL, not BLOCKED"),
        (_played(_ROOT, _check(verdict="ERROR", area="sip")), "ERROR is a defect"),
        (_played(_ROOT, first_broken="tcp"), "first broken link is tcp"),
        (_played(_ROOT, causes=["redis-unreachable", _SAID.cause]), "first cause is"),
        (_played(_ROOT, causes=[]), "first cause is"),
        (_played({**_ROOT, "message": "refused"}), "says 'no answer in time'"),
        (_played(_ROOT, causes=[_SAID.cause, "sip-hangs"]), "wrong blame: the cause sip-hangs"),
        (_played(_ROOT, broken=["server", "agent"]), "wrong blame: the link agent"),
        (_played({**_ROOT, "duration_s": 6.1}), "took 6.1 s"),
    ],
)
def test_each_thing_that_is_not_exact_is_told(played: Played, words: str) -> None:
    wrong = _wrong(played)

    assert any(words in each for each in wrong), wrong


def test_another_fault_is_not_taken_for_this_one():
    others = (
        replace(_SAID, link=Link.TCP),
        replace(_SAID, cause="server-unreachable"),
        replace(_SAID, words="refused"),
        replace(_SAID, also=frozenset()),
        SURVIVED,
    )

    assert all(_wrong(_played(_ROOT), other) for other in others)
