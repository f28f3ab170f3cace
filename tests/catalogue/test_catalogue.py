"""
Consistency of the catalogue: clauses, causes and checks refer to each other correctly.
"""

import re
from importlib import import_module
from pkgutil import iter_modules

from livekit_conformance import errors, judges
from livekit_conformance.catalogue.cause import Sign
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.chain import IMPLIED, Link
from livekit_conformance.catalogue.clause import AREAS, REQUIREMENTS
from livekit_conformance.catalogue.clauses import BY_ID, CLAUSES, families
from livekit_conformance.findings import Code


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


def test_no_sign_looks_at_the_text_of_a_check():
    of_checks = [sign for sign in _signs() if sign.kind == "check"]

    assert of_checks
    assert {name for sign in of_checks for name in sign.where} == {"id", "verdict"}
    assert not [sign for sign in _signs() if sign.kind == "finding" and "seen" in sign.where]


def test_what_a_sign_looks_for_is_a_finding_that_a_judge_makes():
    wanted = {str(sign.where["code"]) for sign in _signs() if sign.kind == "finding"}

    assert wanted
    assert wanted <= _CODES.keys()


def test_a_code_is_declared_once_and_names_its_area():
    assert {code: places for code, places in _CODES.items() if len(places) > 1} == {}
    for code in _CODES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*", code), code


def _signs() -> list[Sign]:
    parts = ("shows", "also", "proofs", "excludes")
    return [sign for cause in CAUSES for part in parts for sign in getattr(cause, part)]


def _declared() -> dict[str, list[str]]:
    """
    Return the codes with the modules in which a constant has them.
    """
    modules = [errors, *(import_module(name) for name in _JUDGES)]
    declared: dict[str, list[str]] = {}
    for module in modules:
        for code in vars(module).values():
            if isinstance(code, Code):
                declared.setdefault(code, []).append(module.__name__)
    return declared


_JUDGES = [f"{judges.__name__}.{each.name}" for each in iter_modules(judges.__path__)]
_CODES = _declared()
