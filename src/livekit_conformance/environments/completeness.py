"""
What a profile promises and does not give.

A value that the profile leaves out is a choice: the checks that need it are skipped. A variable
that it asks for and that is empty, or a group of keys that is given in part, is a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from livekit_conformance.catalogue.clause import Clause, Need
from livekit_conformance.environments.profile import Profile

# Keys that go with a need beside the one that it is named after.
_COMPANIONS: Mapping[Need, tuple[str, ...]] = {
    Need.SIP: ("sip.number", "sip.caller"),
    Need.SIP_CREDENTIALS: ("sip.password",),
    Need.OUTBOUND: ("sip.outbound.trunk_id", "sip.outbound.number", "sip.outbound.listen"),
}
# Empty on purpose when both are: no digest.
_ACCOUNT = ("sip.username", "sip.password")


def gaps(
    profile: Profile, empty: Mapping[str, Sequence[str]], selected: Iterable[Clause]
) -> list[str]:
    """
    The gaps that concern one of the `selected` clauses.

    `empty` has the variables that are set to nothing, each with the keys that ask for it.
    """
    needs = {need for clause in selected for need in clause.needs}
    keys = {key for need in needs for key in (need.value, *_COMPANIONS.get(need, ()))}
    return [*_empty(profile, empty, keys), *_in_part(profile, needs)]


def _empty(profile: Profile, empty: Mapping[str, Sequence[str]], needed: set[str]) -> Iterator[str]:
    no_digest = not profile.sip.username and not profile.sip.password.get_secret_value()
    for name, asking in empty.items():
        for key in asking:
            if key in needed and not (no_digest and key in _ACCOUNT):
                yield f"{key}: variable {name} is empty"


def _in_part(profile: Profile, needs: set[Need]) -> Iterator[str]:
    outbound = profile.sip.outbound
    values = {key: getattr(outbound, key) for key in ("trunk_id", "number", "listen")}
    lacking = [key for key, value in values.items() if not value]
    if Need.OUTBOUND in needs and 0 < len(lacking) < len(values):
        yield f"sip.outbound: {' and '.join(lacking)} must be given too"
