"""
Literal strings that a log line must contain to match a sign, for a fast search before parsing.

Only strings that appear unchanged in the line are used: one that JSON would escape is cut there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from livekit_conformance.catalogue.cause import Between, Condition, Sign

# Shorter strings occur in too many lines.
SHORTEST = 4

# Leading digits of a number in a range; more of them occur in too many lines.
_MOST_BEGINNINGS = 4
# Derived from the line, and written differently in each dialect.
_NOT_AS_WRITTEN = frozenset({"service", "level"})
# Derived from the lines before or after it: they are found otherwise.
DERIVED = frozenset({"after", "last"})
# `"` and `\` are escaped by every encoder, `<`, `>` and `&` by some.
_ESCAPED = re.compile(r'["\\<>&\x00-\x1f]|[^\x00-\x7f]')
_ESCAPE_OF_ONE = frozenset("\\.^$*+?{}[]|()/-\"' #&~=!<>:,@%")
# A quantifier in braces: `{2,}` requires the character, `{0,5}` does not.
_BRACES = re.compile(r"\{(\d*)(?:,\d*)?\}")


def demanded(sign: Sign) -> list[tuple[str, ...]]:
    """
    Return the requirements of a sign: of each tuple at least one string is in a matching line.
    """
    if not DERIVED.isdisjoint(sign.where):
        return []
    demands = (
        _of_condition(name, condition)
        for name, condition in sign.where.items()
        if name not in _NOT_AS_WRITTEN
    )
    return [strings for strings in demands if strings]


def rarest(sign: Sign) -> tuple[str, ...]:
    """
    Return the requirement whose shortest literal is longest (the most selective), or an empty one.
    """
    return _best(demanded(sign))


def _of_condition(name: str, condition: Condition) -> tuple[str, ...]:
    match condition:
        case str():
            return _usable(condition)
        case re.Pattern() if not condition.flags & (re.IGNORECASE | re.VERBOSE):
            return _Pattern(condition.pattern).alternatives()
        case bool():
            return ()
        case int() if condition > 0:
            return _of_number(name, (str(condition),))
        case Between(low, high) if low >= 1 and len(str(int(low))) == len(str(int(high))):
            return _of_number(name, range(int(str(low)[0]), int(str(high)[0]) + 1))
        case _:
            return ()


def _of_number(name: str, beginnings: Iterable[object]) -> tuple[str, ...]:
    """
    Return the field with the beginning of its number: as JSON, console, and JSON inside Docker's.
    """
    beginnings = list(beginnings)
    if len(beginnings) > _MOST_BEGINNINGS:
        return ()
    return tuple(
        f"{name}{quote}:{blank}{begin}"
        for begin in beginnings
        for quote in ('"', '\\"')
        for blank in ("", " ")
    )


def _best(choices: list[tuple[str, ...]]) -> tuple[str, ...]:
    return max(choices, key=_shortest, default=())


def _shortest(strings: tuple[str, ...]) -> int:
    return min(map(len, strings), default=0)


def _usable(text: str) -> tuple[str, ...]:
    longest = max(_ESCAPED.split(text), key=len)
    return (longest,) if len(longest) >= SHORTEST else ()


@dataclass
class _Pattern:
    """
    Parser of a regular expression that collects the literals which every match must contain.

    Unsupported syntax (classes, look-arounds, back-references) adds no requirement.
    """

    text: str
    at: int = 0

    def alternatives(self) -> tuple[str, ...]:
        """
        Return one literal of each branch of a group or pattern; none if a branch has none.
        """
        branches = [self._branch()]
        while self._next() == "|":
            self.at += 1
            branches.append(self._branch())
        return tuple(text for branch in branches for text in branch) if all(branches) else ()

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _branch(self) -> tuple[str, ...]:
        choices: list[tuple[str, ...]] = []
        run = ""
        for piece, alternatives in self._pieces():
            demanded = self._is_demanded()
            repeated = self._skip_repetition()
            if alternatives or not piece or not demanded:
                choices.append(_usable(run))
                run = ""
                if demanded and alternatives:
                    choices.append(alternatives)
            if piece and demanded:
                run += piece
                if repeated:
                    choices.append(_usable(run))
                    run = ""
        return _best([*choices, _usable(run)])

    def _pieces(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """
        Yield each atom: its character, or the requirement of a group, or neither.
        """
        while (char := self._next()) not in {"", "|", ")"}:
            self.at += 1
            match char:
                case "\\":
                    escaped = self._next()
                    self.at += 1
                    yield (escaped if escaped in _ESCAPE_OF_ONE else ""), ()
                case "(":
                    yield "", self._group()
                case "[":
                    self._skip_class()
                    yield "", ()
                case "." | "^" | "$":
                    yield "", ()
                case _:
                    yield char, ()

    def _group(self) -> tuple[str, ...]:
        plain = True
        if self._next() == "?":
            head = re.compile(r"\?(?::|P<\w+>|(P=|[^:P]))").match(self.text, self.at)
            plain = head is not None and head.group(1) is None
            self.at = head.end() if head else self.at
        inside = self.alternatives()
        self.at += 1
        return inside if plain else ()

    def _skip_class(self) -> None:
        # `]` is a literal when it comes first.
        closed = re.compile(r"\^?\]?(?:\\.|[^\]\\])*\]").match(self.text, self.at)
        self.at = closed.end() if closed else len(self.text)

    def _is_demanded(self) -> bool:
        braces = _BRACES.match(self.text, self.at)
        return self._next() not in {"?", "*"} and not (braces and not int(braces.group(1) or 0))

    def _skip_repetition(self) -> bool:
        repetition = re.compile(r"(?:[?*+]|\{\d*,?\d*\})[?+]?").match(self.text, self.at)
        if repetition is None or repetition.group() == "{}":
            return False
        self.at = repetition.end()
        return True
