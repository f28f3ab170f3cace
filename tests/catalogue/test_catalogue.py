"""
Consistency of the catalogue: clauses, causes and checks refer to each other correctly.
"""

import re

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import IMPLIED, Link
from livekit_conformance.catalogue.clause import AREAS, REQUIREMENTS
from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES, families


def test_clause_ids_are_unique_words_after_a_requirement():
    assert len(BY_ID) == len(CLAUSES)
    for clause in CLAUSES:
        assert re.fullmatch(r"1\.\d-[a-z]+(-[a-z]+)+", clause.id), clause.id
        assert clause.requirement in REQUIREMENTS
        assert clause.area in AREAS


# No clause is about these alone: checks of the links behind them detect a break.
_TOLD_BY_OTHERS = {before for links in IMPLIED.values() for before in links}


def test_statements_say_must_or_should_as_their_level():
    for clause in CLAUSES:
        assert clause.level in clause.statement, clause.id


def test_every_requirement_has_two_clauses_or_more():
    for requirement in REQUIREMENTS:
        assert sum(clause.requirement == requirement for clause in CLAUSES) >= 2


def test_a_crossed_link_is_proven_by_an_earlier_clause() -> None:
    proven: set[Link] = set()
    for clause in CLAUSES:
        # Checks of one clause may depend on each other.
        missing = set(clause.crosses) - proven - {clause.link} - _TOLD_BY_OTHERS
        assert not missing, f"{clause.id} crosses {missing}, which no earlier clause proves"
        proven.add(clause.link)


def test_what_a_call_needs_is_checked_before_the_families():
    order = [clause.id for clause in CLAUSES]
    first_family = min(order.index(clause.id) for clause in families.CLAUSES)

    needed = [clause.id for clause in CLAUSES if clause.in_chain or clause.is_smoke]

    assert [check for check in needed if order.index(check) > first_family] == []


def test_diagnoses_are_unique_and_explain_a_link_that_clauses_prove():
    assert len({cause.id for cause in CAUSES}) == len(CAUSES)
    for cause in CAUSES:
        assert cause.link in {clause.link for clause in CLAUSES} | _TOLD_BY_OTHERS
        assert cause.shows
        assert cause.fix
