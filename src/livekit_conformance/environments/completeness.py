"""
Find values that a profile asks for and does not get.

A key that the profile leaves out is a choice: the checks that need it are skipped. A variable that
the profile refers to and that is empty, or a group of keys that is given only in part, is a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from livekit_conformance.catalogue.clause import Clause, Need
from livekit_conformance.environments.loader import Loaded
from livekit_conformance.environments.needs import ACCOUNT, is_given, keys_of
from livekit_conformance.environments.profile import Profile

# Further keys that belong to a need, besides those that provide it.
_COMPANIONS: Mapping[Need, tuple[str, ...]] = {Need.SIP: ("sip.caller",)}
# For each key, the keys without which it is of no use.
_GOES_WITH: Mapping[str, tuple[str, ...]] = {
    "sip.server": ("sip.number",),
    "sip.number": ("sip.server",),
    "sip.username": ("sip.server", "sip.number", "sip.password"),
    "sip.password": ("sip.server", "sip.number", "sip.username"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Key without a value, the variables that should have set it, and what is given beside it.
    """

    key: str
    variables: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.variables:
            return f"{self.key} must be given too"
        names = " and ".join(self.variables)
        if not self.beside:
            return f"{self.key}: variable {names} is empty"
        return f"{self.key}: {names} must be set too, because {' and '.join(self.beside)} is"


def gaps(profile: Profile, loaded: Loaded, selected: Iterable[Clause]) -> list[Gap]:
    """
    Return the gaps that affect at least one of the `selected` clauses.
    """
    needs = {need for clause in selected for need in clause.needs}
    keys = {key for need in needs for key in (*keys_of(need), *_COMPANIONS.get(need, ()))}
    return [
        *_empty(profile, loaded, keys),
        *_left_out_in_part(profile, loaded, keys),
        *_outbound_in_part(profile, needs),
    ]


def _empty(profile: Profile, loaded: Loaded, needed: set[str]) -> Iterator[Gap]:
    # If user name and password are both empty, that is on purpose: no digest authentication.
    no_digest = not any(is_given(profile, key) for key in ACCOUNT)
    for name, asking in loaded.empty.items():
        for key in asking:
            if key in needed and not (no_digest and key in ACCOUNT):
                yield Gap(key, (name,))


def _left_out_in_part(profile: Profile, loaded: Loaded, needed: set[str]) -> Iterator[Gap]:
    for key, absent in loaded.left_out.items():
        others = (other for other, companions in _GOES_WITH.items() if key in companions)
        beside = (*absent.given, *(other for other in others if is_given(profile, other)))
        if key in needed and beside:
            yield Gap(key, absent.unset, beside)


def _outbound_in_part(profile: Profile, needs: set[Need]) -> Iterator[Gap]:
    keys = keys_of(Need.OUTBOUND)
    lacking = [key for key in keys if not is_given(profile, key)]
    if Need.OUTBOUND in needs and len(lacking) < len(keys):
        yield from map(Gap, lacking)
