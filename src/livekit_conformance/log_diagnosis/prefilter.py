"""
Find the few lines of a block that are worth parsing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from livekit_conformance.catalogue.cause import Sign
from livekit_conformance.log_diagnosis.literals import demanded, rarest

# The vectorised search (Teddy) supports only this many strings, and only leftmost matches.
# 1 GB and 40 strings: `bytes.find` of each 10.8 s, an automaton 2.2 s, Teddy 0.55 s.
_LOT = 64

# Levels that report a problem.
ALARMING = frozenset({"warn", "error", "panic", "fatal"})
_MARKS = tuple(
    mark.encode()
    for level in sorted(ALARMING)
    for mark in (
        f'"level":"{level}',
        f'"level": "{level}',
        f"\t{level.upper()}\t",
        # Inside Docker's JSON.
        f'\\"level\\":\\"{level}',
        rf"\t{level.upper()}\t",
    )
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    Line of a block, from `start` to before `end`.

    `known` means that it holds a string of a sign, `alarming` that it is a warning in a known
    dialect.
    """

    start: int
    end: int
    known: bool
    alarming: bool


class Prefilter:
    """
    Search for the literals of signs, for `also`, and for the markers of warnings.
    """

    def __init__(self, signs: Sequence[Sign], also: Iterable[str] = ()) -> None:
        self.strings = sorted({string for sign in signs for string in rarest(sign)})
        wanted = [*_MARKS, *(string.encode() for string in sorted({*self.strings, *also}))]
        self._searches = [
            (lot, BytesAhoCorasick(wanted[lot : lot + _LOT], matchkind=MatchKind.LeftmostFirst))
            for lot in range(0, len(wanted), _LOT)
        ]
        # For each string, the signs that require it, and the index of the condition.
        demands = [demanded(sign) for sign in signs]
        self._conditions = [len(demand) for demand in demands]
        asking: dict[bytes, list[tuple[int, int]]] = {}
        for number, demand in enumerate(demands):
            for condition, strings in enumerate(demand):
                for string in strings:
                    asking.setdefault(string.encode(), []).append((number, condition))
        self._asking = list(asking.values())
        self._every = BytesAhoCorasick(asking)

    def possible(self, line: bytes) -> list[int]:
        """
        Return the numbers of the signs that a line may match: it meets all their requirements.
        """
        met: dict[int, set[int]] = {}
        for index in {
            index for index, _, _ in self._every.find_matches_as_indexes(line, overlapping=True)
        }:
            for number, condition in self._asking[index]:
                met.setdefault(number, set()).add(condition)
        return [number for number, of in met.items() if len(of) == self._conditions[number]]

    def candidates(self, block: bytes) -> Iterator[Candidate]:
        """
        Yield the lines of a block that hold one of the strings or warn, in order.
        """
        marks = len(_MARKS)
        found = [
            (start, lot + index >= marks)
            for lot, search in self._searches
            for index, start, _ in search.find_matches_as_indexes(block)
        ]
        if len(self._searches) > 1:
            found.sort()
        start, end, known, alarming = 0, -1, False, False
        for place, is_known in found:
            if place >= end:
                if end >= 0:
                    yield Candidate(start, end, known, alarming)
                start = block.rfind(b"\n", 0, place) + 1
                end = block.find(b"\n", place)
                end = len(block) if end < 0 else end
                known = alarming = False
            known |= is_known
            alarming |= not is_known
        if end >= 0:
            yield Candidate(start, end, known, alarming)
