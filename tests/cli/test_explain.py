"""
The command `explain` covers every id and word of a report, in both languages, in 80 columns.
"""

from __future__ import annotations

import re
from typing import get_args

import pytest

from livekit_conformance.catalogue import causes
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import REQUIREMENTS
from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.catalogue.hosting import fitting
from livekit_conformance.cli.main import main
from livekit_conformance.verdict import Reason, RunVerdict, Verdict
from livekit_conformance.wording import LANGUAGES

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
EVERYTHING = (
    *BY_ID,
    *causes.BY_ID,
    *Link,
    *Verdict,
    *Effect,
    *REQUIREMENTS,
    *get_args(Reason),
    *get_args(RunVerdict),
    "PARTIALLY CONFORMANT",
    "certain",
    "likely",
    "possible",
    "cause-unknown",
    "MUST",
    "SHOULD",
)


@pytest.fixture
def explain(capsys):
    def run(*arguments):
        status = main(["explain", *arguments])
        return status, capsys.readouterr()

    return run


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_explained_within_80_columns(explain, language):
    for name in EVERYTHING:
        status, said = explain(name, "--lang", language)

        assert (status, said.err) == (0, ""), name
        lines = said.out.splitlines()
        assert lines[0].startswith(f"{name}: ")
        assert len(lines) > 2
        assert max(map(len, lines)) <= 80, said.out
        assert bool(CYRILLIC.search(said.out)) == (language == "ru"), said.out


def test_a_clause_says_how_it_is_checked_what_it_needs_and_what_breaks_it(explain):
    _, said = explain("1.5-call-is-answered", "--lang=en")

    for part in (
        "clause, MUST, area sip, requirement 1.5",
        "with the effect place-calls: It places phone calls",
        "sip.server: HOST:5060",
        "agent: deployed",
        "is BLOCKED while one of these is broken: sip-socket",
    ):
        assert part in " ".join(said.out.split())


def test_a_check_is_explained_with_its_case(explain):
    _, said = explain("1.1-variables-are-set[SIP_NUMBER]", "--lang=en")

    words = " ".join(said.out.split())
    assert "[SIP_NUMBER] is the case that was checked" in words
    assert "each of the nine variables" in words


def test_a_cause_says_what_shows_it_and_how_to_mend_it(explain):
    cause = causes.BY_ID["sip-bus-has-no-server"]

    _, said = explain(cause.id, "--lang=en")

    words = " ".join(said.out.split())
    for part in (cause.title.en, cause.cause.en, fitting(cause.fix, cause.link).en):
        assert " ".join(part.split()) in words


def test_words_may_come_without_quotes_and_in_small_letters(explain):
    assert explain("not", "conformant", "--lang=en")[1].out.startswith("not conformant: verdict")
    assert explain("blocked", "--lang=en")[1].out.startswith("blocked: verdict of a check")


def test_a_requirement_lists_its_clauses(explain):
    _, said = explain("1.5", "--lang=en")

    assert said.out.startswith("1.5: requirement")
    assert "1.5-call-is-answered" in said.out


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("1.1-key-is-acepted", "1.1-key-is-accepted"),
        ("not-configurd", "not-configured"),
        ("1.5-call-is-answerd[x]", "1.5-call-is-answered"),
    ],
)
def test_an_unknown_name_is_refused_with_the_likely_one(explain, name, meant):
    status, said = explain(name, "--lang=en")

    assert status == 4
    assert said.out == ""
    assert f'did you mean "{meant}"?' in said.err
