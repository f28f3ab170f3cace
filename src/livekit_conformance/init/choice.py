"""
Choose the values of a profile from those found, and note contradictions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from livekit_conformance.init.fields import FIELDS, Field, FoundValue, why_unusable
from livekit_conformance.wording import Phrase


@dataclass(frozen=True, slots=True)
class Choice:
    """
    Key of the profile with its value; `found` is None if none was found.

    `others` are values of other places that contradict it, `unusable` the values that were
    rejected, with the reason.
    """

    field: Field
    found: FoundValue | None
    others: tuple[FoundValue, ...] = ()
    unusable: tuple[tuple[FoundValue, Phrase], ...] = ()

    @property
    def written(self) -> str:
        """
        The value as written in the profile; empty if the key is left out.
        """
        if self.found is None or self.field.kept:
            return self.field.template
        return self.found.written


def choose(found: Sequence[FoundValue]) -> list[Choice]:
    """
    Return a choice for each key; of several values, the first is taken.
    """
    return [_choice(each, [one for one in found if one.key == each.key]) for each in FIELDS]


def answered(choice: Choice, value: str) -> Choice:
    """
    Return the choice with a person's answer as its value.
    """
    return replace(choice, found=FoundValue(choice.field.key, value, "", None, value))


def _choice(field: Field, found: Sequence[FoundValue]) -> Choice:
    unusable = [
        (one, why)
        for one in found
        if one.written == one.value and (why := why_unusable(field.key, one.value))
    ]
    usable = [one for one in found if one not in [wrong for wrong, _ in unusable]]
    if not usable:
        return Choice(field, None, unusable=tuple(unusable))
    taken = usable[0]
    return Choice(field, taken, tuple(_others(taken, usable)), tuple(unusable))


def _others(taken: FoundValue, usable: Iterable[FoundValue]) -> Iterable[FoundValue]:
    """
    Return one value of each place that does not contain the taken value.
    """
    by_source: dict[str, list[FoundValue]] = {}
    for one in usable:
        by_source.setdefault(one.source, []).append(one)
    return [ones[0] for ones in by_source.values() if taken.value not in {o.value for o in ones}]
