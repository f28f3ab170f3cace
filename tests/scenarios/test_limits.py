"""
A run does not use more of a deployment than its profile allows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.environments.profile import Limits, Profile
from tests.scenarios.harness import Run
from tests.scenarios.load import recorded, unlike
from tests.scenarios.real_stack import Scene, scene
from tests.scenarios.whole_runs import looks_at

# As config/prod.yaml has them.
ALLOWED = frozenset({Effect.READ, Effect.CREATE_ROOMS})
LIMITS = Limits(requests_per_minute=60, rooms=2, calls=1)


def as_in_production(profile: Profile, limits: Limits) -> Profile:
    changes = {"allow": ALLOWED, "limits": limits, "logs": (), "redis": None}
    return profile.model_copy(update=changes)


@dataclass(frozen=True)
class Limited:
    """
    A run, its limits, and the times of its requests to livekit-server, in Unix seconds.
    """

    run: Run
    limits: Limits
    requests: list[float]


def times_of_requests(run: Run, profile: Profile) -> list[float]:
    """
    Return the times of the requests to livekit-server, in Unix seconds.
    """
    lines = map(json.loads, (run.folder / "journal.jsonl").read_text().split("\n")[:-1])
    seen = [line["observation"] for line in lines if line["type"] == "observation"]
    server = profile.livekit.url.replace("ws", "http", 1)
    return [
        one["at"]
        for one in seen
        if one["kind"] == "http" and one["details"]["url"].startswith(server)
    ]


async def limited(target: Scene, selected: str, limits: Limits) -> Limited:
    """
    Run the selected checks within the limits.
    """
    profile = as_in_production(target.profile, limits)
    run = await replace(target, profile=profile).run("-m", selected)
    return Limited(run, limits, times_of_requests(run, profile))


async def more_than_a_minute_allows(folder: Path) -> Limited:
    """
    Run checks that send more requests than the limits allow in a minute.
    """
    async with scene(folder) as target:
        limits = LIMITS.model_copy(update={"requests_per_minute": 40})
        return await limited(target, "rooms", limits)


async def test_a_smoke_run_fits_into_the_requests_of_a_minute(real_services, tmp_path):
    # Run by itself, because its duration is checked.
    async with scene(tmp_path) as target:
        played = await limited(target, "smoke", LIMITS)

    run = played.run
    assert run.results["run"]["verdict"] == "PARTIALLY CONFORMANT", run.output
    assert 40 <= len(played.requests) <= LIMITS.requests_per_minute
    assert unlike(recorded(run.folder, target.profile), "smoke") == {}
    # Half of it is Python's start; the machine may be busy.
    assert run.results["run"]["duration_s"] < 15, run.output


@looks_at(more_than_a_minute_allows, takes_s=12)
def test_a_longer_run_keeps_to_the_limits_and_takes_its_time(played):
    run, limits, requests = played.run, played.limits, played.requests
    # The requests of one minute come at once, the rest one by one; verdicts are unaffected.
    allowed = limits.requests_per_minute * (1 + (requests[-1] - requests[0]) / 60)
    assert limits.requests_per_minute < len(requests) <= allowed + 1
    assert {"FAIL", "BLOCKED", "ERROR"}.isdisjoint(run.verdicts.values()), run.output
