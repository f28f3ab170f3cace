"""
Every check can fail: one small fault each, and exactly the declared checks turn red.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import pytest

from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.mock import Faults, Variations
from tests.mutants import configuration, tls, webhooks
from tests.mutants.mutant import Mutant, killed_clauses, red_checks
from tests.mutants.table import FILE, MUTANTS, text

# Time for a busy machine to cancel a call before it is answered.
UNHURRIED = {"answer_delay_s": 0.6}
NEUTRAL = (
    Mutant("none", frozenset(), UNHURRIED),
    *(
        Mutant(f.name, frozenset(), UNHURRIED | {"variations": Variations(**{f.name: True})})
        for f in fields(Variations)
    ),
    *webhooks.NEUTRAL,
    *configuration.NEUTRAL,
    *tls.NEUTRAL,
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
async def test_a_mutant_turns_exactly_the_declared_checks_red(mutant, runs):
    run = await runs[mutant.id]

    assert red_checks(run) == mutant.expected(run), run.output


@pytest.mark.parametrize("mutant", NEUTRAL, ids=lambda mutant: mutant.id)
async def test_what_is_harmless_turns_nothing_red(mutant, runs):
    run = await runs[mutant.id]

    assert run.exit_status == 0, run.output
    assert red_checks(run) == set()
    assert run.diagnoses == []


def test_every_clause_has_a_killer():
    assert {clause.id for clause in CLAUSES} - killed_clauses(MUTANTS).keys() == set()


def test_every_fault_of_the_mock_is_used():
    assert {f.name for f in fields(Faults)} - {mutant.id for mutant in MUTANTS} == set()


def test_every_mutant_has_a_name_of_its_own():
    assert [name for name, count in Counter(m.id for m in MUTANTS).items() if count > 1] == []


def test_the_table_is_up_to_date():
    assert FILE.read_text() == text(), "run: python -m tests.mutants.table"
