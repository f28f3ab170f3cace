"""
Two failures at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livekit_conformance.environments.profile import Profile
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.real_stack import Scene


def both(first: Scenario, second: Scenario) -> Scenario:
    """
    Return one scenario that combines two; a cause that either allows is allowed.

    Raises ValueError where both set the same knob.
    """

    async def act(broken: Scene) -> None:
        for one in (first, second):
            if one.act is not None:
                await one.act(broken)

    def profile(told: Profile) -> Profile:
        for one in (first, second):
            told = one.profile(told) if one.profile is not None else told
        return told

    return Scenario(
        f"{first.name}+{second.name}",
        f"{first.story} {second.story}",
        first.cause,
        first.link,
        server=_merged(first.server, second.server),
        sip=_merged(first.sip, second.sip),
        act=act,
        profile=profile,
        also=first.also | second.also | {second.cause},
    )


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    if shared := one.keys() & other.keys():
        raise ValueError(f"both change {', '.join(shared)}")
    return {**one, **other}
