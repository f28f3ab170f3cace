"""
Every check can fail: one small fault each, and exactly the declared checks turn red.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from itertools import chain

import pytest

from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.mock import Faults, Variations
from tests.mutants import configuration, tls, webhooks
from tests.mutants.mutant import WHOLE, Mutant, killed_clauses, red_checks
from tests.mutants.table import FILE, MUTANTS, text

# Time for a busy machine to cancel a call before it is answered.
UNHURRIED = {"answer_delay_s": 0.6}
VARIATIONS = tuple(f.name for f in fields(Variations))
# Those that do not touch each other; `make mutants` plays each alone.
TOGETHER = (
    ("http_headers", "sip_headers", "events_reordered", "logs_console"),
    ("http_slow", "sip_slow", "events_slow", "logs_chatty"),
    ("unknown_fields", "sip_compact", "events_extended", "logs_iso_time"),
    ("rooms_reversed", "older_wording", "sip_phrases", "events_early", "rtp_uneven", "keys_first"),
)
NEUTRAL = (
    Mutant("none", frozenset(), UNHURRIED),
    *(
        Mutant(
            "-".join(names),
            frozenset(),
            UNHURRIED | {"variations": Variations(**dict.fromkeys(names, True))},
        )
        for names in (zip(VARIATIONS, strict=True) if WHOLE else TOGETHER)
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


def test_every_harmless_variation_is_played():
    assert sorted(chain.from_iterable(TOGETHER)) == sorted(VARIATIONS)


def test_every_mutant_has_a_name_of_its_own():
    assert [name for name, count in Counter(m.id for m in MUTANTS).items() if count > 1] == []


def test_the_table_is_up_to_date():
    assert FILE.read_text() == text(), "run: make generated"
