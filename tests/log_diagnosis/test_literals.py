"""
Literals that a sign requires of a line; every line that matches a sign is found by them.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_conformance.catalogue.cause import AnyOf, Between, Given, Not, Sign
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.log_lines import ON_PURPOSE
from livekit_conformance.log_diagnosis.literals import DERIVED, SHORTEST, demanded, rarest
from tests.log_diagnosis.lines import WRAPPERS, cause, in_console, in_json, scan_lines, sign

NAMED: dict[int, tuple[Sign, str]] = {}
for known in CAUSES:
    for role in ("shows", "also", "proofs", "excludes"):
        for number, one in enumerate(getattr(known, role)):
            if one.kind == "log" and DERIVED.isdisjoint(one.where):
                NAMED.setdefault(id(one), (one, f"{known.id}-{role}-{number}"))
SIGNS = [pytest.param(one, id=name) for one, name in NAMED.values()]
# As in the services' lines: printable text, no longer than a line.
PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


@pytest.mark.parametrize(
    ("pattern", "strings"),
    [
        ("plain text", ("plain text",)),
        ("one thing|another", ("one thing", "another")),
        ("^(?:abcd|efgh)$", ("abcd", "efgh")),
        ("(?P<what>long one|other one) x", ("long one", "other one")),
        ("foo (bar|baz) quux", (" quux",)),
        ("to (in(ner|side) part) x", (" part",)),
        (r"giving up after \d+ attempt", ("giving up after ",)),
        (r"sip\.example\.org", ("sip.example.org",)),
        (r"\bword\b", ("word",)),
        ("ab?cdef", ("cdef",)),
        ("abcdx*", ("abcd",)),
        ("abcdex+fgh", ("abcdex",)),
        ("a{0,2}bcde", ("bcde",)),
        ("(maybe this)?need", ("need",)),
        ("(twice ){2}end", ("twice ",)),
        ("[abc]]defgh", ("]defgh",)),
        ("[^]x]after", ("after",)),
        ("(?=look)ahead", ("ahead",)),
        ("(?!never this)but", ()),
        (r'say "hello there"', ("hello there",)),
        ("звонок отклонён", ()),
        ("long enough|no", ()),
        (".*", ()),
    ],
)
def test_a_pattern_demands_its_longest_string(pattern, strings):
    assert rarest(sign(message=re.compile(pattern))) == strings


def test_the_rarest_condition_is_chosen():
    both = sign(message=re.compile("validation error|Cannot create"), error="short")

    assert demanded(both) == [("validation error", "Cannot create"), ("short",)]
    assert rarest(both) == ("validation error", "Cannot create")


@pytest.mark.parametrize(
    ("condition", "beginnings"),
    [(401, ("401",)), (Between(300, 499), ("3", "4")), (Between(5, 5.5), ("5",))],
)
def test_a_number_demands_how_it_begins(condition, beginnings):
    (strings,) = demanded(sign(status=condition))

    for written in ('"status":{}', '"status": {}', '\\"status\\":{}', '\\"status\\": {}'):
        for begin in beginnings:
            assert any(string in written.format(begin) for string in strings)
    assert not any(string in '"status":200,"statusCode":999' for string in strings)


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"status": True},
        {"status": 0},
        {"status": Between(99, 100)},
        {"status": Between(100, 999)},
        {"status": Between(0.5, 0.9)},
        {"level": "error"},
        {"message": Not("processing invite")},
        {"message": re.compile("in any case", re.IGNORECASE)},
    ],
)
def test_what_does_not_stand_in_the_line_as_it_is_demands_nothing(where):
    assert demanded(sign(**where)) == []


def test_every_sign_of_a_cause_can_be_searched_for():
    assert [name for each, name in NAMED.values() if not rarest(each)] == [], (
        "no string of these signs stands in each line that they describe, so `diagnose` would not "
        f"find it: give a message or error of {SHORTEST} characters or more, in its exact case"
    )


def fulfilling(condition):
    """
    Return a strategy for values of a field that satisfy a condition.
    """
    match condition:
        case re.Pattern():
            texts = st.from_regex(condition, alphabet=PRINTABLE)
            # Hypothesis also draws texts from the sources.
            return texts.filter(lambda text: "\n" not in text and ON_PURPOSE not in text)
        case Between(low, high):
            return st.integers(int(low), int(high))
        case Not():
            return st.just("")
        case Given():
            return st.just("a-value")
        case AnyOf(values):
            return st.sampled_from(sorted(values))
        case _:
            return st.just(condition)


@pytest.mark.parametrize("each", SIGNS)
@given(data=st.data())
@settings(max_examples=8)
def test_every_line_that_a_sign_describes_is_found(each: Sign, data: st.DataObject) -> None:
    values = {name: data.draw(fulfilling(value), name) for name, value in each.where.items()}
    values = {name: value for name, value in values.items() if value is not None}
    service, message = values.pop("service"), values.pop("message", "a message")
    encode = data.draw(st.sampled_from([in_json, in_console]))
    wrap = WRAPPERS[data.draw(st.sampled_from(sorted(WRAPPERS)))]
    level = values.pop("level", "error")
    if service not in {"livekit-sip", "livekit-server"}:
        service = "livekit-sip"
        each = Sign("log", {**each.where, "service": service})

    seen = scan_lines(
        wrap(encode(message, service=service, level=level, **values)), causes=[cause("it", each)]
    )

    assert seen.found["it"].lines == 1
