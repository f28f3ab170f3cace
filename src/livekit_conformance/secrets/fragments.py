"""
Search for secrets in fragments: which part of a secret identifies it, and where a text has one.

A run learns new secrets all the time, as it makes tokens. So there are several automata, each with
at least twice the strings of the next one, and only small ones are built often.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from itertools import compress
from typing import Final

from ahocorasick_rs import AhoCorasick

# A fragment of this length identifies a secret, and is too long to occur in a text by chance.
WINDOW: Final = 12
# So does a shorter one, unless it could be a word, an address, a date or a time ...
SHORT_WINDOW: Final = 8
_J: Final = r" _./:,-"  # joins words, numbers, and parts of addresses and dates
WORD: Final = re.compile(
    rf"[A-Z]?[a-z{_J}]*|[A-Z{_J}]*|[0-9]*[{_J}][0-9{_J}]*|(?:19|20|1[78])[0-9]*"
)
NOTHING: Final = re.compile(r"(?!)")
# ... or, in files that nothing has been masked in, a name of a program or a hexadecimal id.
NAME_OR_ID: Final = re.compile(
    r"[A-Z]?[a-z\W_]*|[A-Z\W_]*|[0-9a-f\W_]*|[0-9A-F\W_]*"
    r"|(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}|[\W_])*[A-Z]?[a-z]*"
)
# Where a text was cut, any such fragment shows a secret, and a few characters of its ends do.
_CUTS: Final = ("..", "…")
_MARKS: Final = ".…"
_AT_CUT: Final = 4

Place = tuple[int, int]


def windows(form: str, chance: re.Pattern[str] = WORD) -> Iterator[str]:
    """
    Yield the fragments that identify one form of a secret; short ones do not if `chance` matches.
    """
    shorts = _shorts(form)
    identifies = [not chance.fullmatch(short) for short in shorts]
    yield from compress(shorts, identifies)
    inside = WINDOW - SHORT_WINDOW + 1
    for start in range(len(form) - WINDOW + 1):
        if not any(identifies[start : start + inside]):
            yield form[start : start + WINDOW]


def fragments(form: str, *, at_cut: int = _AT_CUT, chance: re.Pattern[str] = WORD) -> Iterator[str]:
    """
    Yield what shows one form of a secret: itself, its windows, and beside the mark of a cut its
    parts, and its ends of `at_cut` characters or more.
    """
    yield form
    yield from windows(form, chance)
    parts = [short for short in _shorts(form) if chance.fullmatch(short)]
    lengths = range(at_cut, min(SHORT_WINDOW, len(form)))
    for cut in _CUTS:
        yield from (part + cut for part in (*parts, *(form[:length] for length in lengths)))
        yield from (cut + part for part in (*parts, *(form[-length:] for length in lengths)))


def _shorts(form: str) -> list[str]:
    return [form[n : n + SHORT_WINDOW] for n in range(len(form) - SHORT_WINDOW + 1)]


class Fragments:
    """
    Set of strings to search texts for; it may grow while it is used.
    """

    def __init__(self, strings: Iterable[str] = ()) -> None:
        self._tiers: list[tuple[frozenset[str], AhoCorasick]] = []
        # Length of the shortest string; many texts of an observation are shorter.
        self._shortest = sys.maxsize
        self.add(strings)

    def add(self, strings: Iterable[str]) -> None:
        """
        Search for these strings, too.
        """
        fresh = frozenset(strings)
        if not fresh:
            return
        self._shortest = min(self._shortest, *map(len, fresh))
        while self._tiers and len(self._tiers[-1][0]) < 2 * len(fresh):
            fresh |= self._tiers.pop()[0]
        self._tiers.append((fresh, AhoCorasick(fresh, store_patterns=False)))

    def are_in(self, text: str) -> bool:
        """
        Return whether a text has one of the strings.
        """
        return len(text) >= self._shortest and any(
            automaton.find_matches_as_indexes(text) for _, automaton in self._tiers
        )

    def places(self, text: str) -> list[Place]:
        """
        Return start and end of each string in a text, without marks of cuts; they may overlap.
        """
        if len(text) < self._shortest:
            return []
        return [
            _without_marks(text, start, end)
            for _, automaton in self._tiers
            for _, start, end in automaton.find_matches_as_indexes(text, overlapping=True)
        ]


def _without_marks(text: str, start: int, end: int) -> Place:
    """
    Return a place without the mark of a cut at either end.
    """
    found = text[start:end]
    return end - len(found.lstrip(_MARKS)), start + len(found.rstrip(_MARKS))
